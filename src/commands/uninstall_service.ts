/**
 * `bindlink uninstall-service`: stops a service and removes its unit. Keys and options stay: they cannot be had again.
 *
 * @module
 */

import {
  SERVICE_CONFIG_DIR,
  SERVICE_STATE_DIR,
  SERVICE_USER,
  unitName,
} from "../service/unit_text.ts";
import { type CommandIo, printNote } from "./command_io.ts";
import { requireSystemd } from "./install_service.ts";
import { type ServiceHost, systemHost } from "./service_host.ts";

/** Removes it. @throws Error: not root, no systemd, no such service. */
export async function runUninstallService(
  role: "master" | "slave",
  io: CommandIo,
  host: ServiceHost = systemHost(),
): Promise<void> {
  requireSystemd(host, "uninstall-service");
  const name = unitName(role);
  const path = `/etc/systemd/system/${name}`;
  if (host.readFile(path) === null) {
    throw new Error(`There is no service to remove: ${path} does not exist`);
  }
  await host.run(["systemctl", "disable", "--now", name]);
  host.removeFile(path);
  await host.run(["systemctl", "daemon-reload"]);
  printNote(
    io,
    `Removed the service ${name}\n` +
      `Left: ${SERVICE_CONFIG_DIR}, ${SERVICE_STATE_DIR} with keys and token, the user ` +
      `${SERVICE_USER}. To remove them, too: ` +
      `rm -r ${SERVICE_CONFIG_DIR} ${SERVICE_STATE_DIR}; userdel ${SERVICE_USER}\n`,
  );
}
