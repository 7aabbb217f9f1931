/**
 * The commands that make an end a service of the machine, as data: a part of the command table.
 *
 * @module
 */

import type { CommandGroup, CommandSpec, Role } from "./command_table.ts";
import { TOKEN_ARGUMENT } from "./token_argument.ts";

/** Their names. */
export type ServiceCommandName = `install-service ${Role}` | `uninstall-service ${Role}`;

/** Words with commands of their own behind them. */
export const SERVICE_GROUPS: readonly CommandGroup[] = [
  {
    name: "install-service",
    brief: "Make a master or a slave a systemd service that starts at boot.",
    examples: [
      "bindlink install-service master",
      "bindlink install-service slave - --proxies 192.168.43.1:1080,192.168.44.1:1080",
    ],
  },
  {
    name: "uninstall-service",
    brief: "Stop such a service, and remove it.",
    examples: ["bindlink uninstall-service master", "bindlink uninstall-service slave"],
  },
];

const INSTALL_DESCRIPTION =
  "It runs as the user bindlink, with few privileges. Options go into its configuration file in " +
  "/etc/bindlink, where those of before stay; a token goes to /var/lib/bindlink. Run as root.";

/** The commands, in the order of the help. */
export const SERVICE_COMMANDS: readonly CommandSpec[] = [
  {
    name: "install-service master",
    brief: "Make the master a systemd service, and start it.",
    description: INSTALL_DESCRIPTION,
    examples: ["bindlink install-service master", "bindlink install-service master --dry-run"],
  },
  {
    name: "install-service slave",
    brief: "Make the slave a systemd service, and start it.",
    description: INSTALL_DESCRIPTION,
    words: [TOKEN_ARGUMENT],
    examples: [
      "# - reads the token from stdin",
      "bindlink install-service slave - --proxies 192.168.43.1:1080,192.168.44.1:1080",
      "# with what bindlink join has stored, or /etc/bindlink/slave.toml says",
      "bindlink install-service slave",
    ],
  },
  uninstall("master"),
  uninstall("slave"),
];

function uninstall(role: Role): CommandSpec {
  return {
    name: `uninstall-service ${role}`,
    brief: `Stop the ${role}'s systemd service, and remove it.`,
    description: "Configuration file, keys and user stay.",
    examples: [`bindlink uninstall-service ${role}`],
  };
}
