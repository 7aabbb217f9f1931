/**
 * `bindlink install-service`: executable, user, configuration file, token and unit are put where they belong, then
 * systemd starts it.
 *
 * @module
 */

import type { CommandRequest, ServiceInstallation } from "../command_request.ts";
import {
  SERVICE_STATE_DIR,
  SERVICE_USER,
  unitName,
  type UnitSpec,
  unitText,
} from "../service/unit_text.ts";
import { type CommandIo, printNote, printResult } from "./command_io.ts";
import { type ServiceHost, systemHost } from "./service_host.ts";

/** Where an executable is put that a service could not reach: its own place may be hidden from it, or vanish. */
const PROGRAM_PATH = "/usr/local/bin/bindlink";

/** Where units of this machine are; systemd.unit(5). */
const UNIT_DIR = "/etc/systemd/system";

/** Installs and starts it, or shows what that would be. @throws Error: not root, no systemd, systemd's own words. */
export async function runInstallService(
  { installation, isDryRun, warnings }: Extract<CommandRequest, { kind: "install-service" }>,
  io: CommandIo,
  host: ServiceHost = systemHost(),
): Promise<void> {
  for (const warning of warnings) printNote(io, `warning: ${warning}\n`);
  const unit = unitText(unitSpec(installation, host));
  if (isDryRun) {
    printResult(io, unit);
    printNote(io, `${describeSteps(installation, host).join("\n")}\n`);
    return;
  }
  requireSystemd(host, "install-service");
  await install(installation, unit, { io, host });
  const name = unitName(installation.role);
  await host.run(["systemctl", "daemon-reload"]);
  await host.run(["systemctl", "enable", name]);
  try {
    await host.run(["systemctl", "restart", name]);
  } catch (cause) {
    throw new Error(
      `The service is installed, but did not start: journalctl -n 20 -u ${name} shows why; then ` +
        `type systemctl restart ${name}`,
      { cause },
    );
  }
  printNote(
    io,
    `Running as the service ${name}, now and after each boot\n` +
      `Options: ${installation.configPath}; after a change, systemctl reload ${name}\n` +
      `See: systemctl status ${name}; journalctl -fu ${name}\n`,
  );
}

/** @throws Error that says what to do. */
export function requireSystemd(host: ServiceHost, command: string): void {
  if (!host.hasSystemd) {
    throw new Error(
      `Cannot ${command}: systemd does not run this machine; have its own service manager run ` +
        '"bindlink master" or "bindlink slave"',
    );
  }
  if (!host.isRoot) throw new Error(`Cannot ${command}: run it as root, with sudo`);
}

/** Puts the parts where they belong. */
async function install(
  { role, configPath, configText, tokenText, key }: ServiceInstallation,
  unit: string,
  { io, host }: { readonly io: CommandIo; readonly host: ServiceHost },
): Promise<void> {
  if (host.program === null) {
    throw new Error(
      "Cannot install-service: this runs from source; make the executable with: deno task compile",
    );
  }
  const program = servicePath(host.program);
  if (program !== host.program) {
    host.copyProgram(host.program, program);
    printNote(io, `Copied this executable to ${program}\n`);
  }
  // Nothing happens when the user is there.
  await host.run(["systemd-sysusers", "--inline", `u ${SERVICE_USER} - "bindlink tunnel"`]);
  const gid = Number(await host.run(["id", "-g", SERVICE_USER]));
  const before = host.readFile(configPath);
  if (configText !== null && before !== null && before !== configText) {
    host.writeFile(`${configPath}.old`, before, { mode: 0o640, gid });
    printNote(io, `The configuration file of before is now ${configPath}.old\n`);
  }
  if (configText !== null || before === null) {
    const text = configText ??
      `# Options of bindlink ${role}: "bindlink ${role} --help" lists them.\n`;
    host.writeFile(configPath, text, { mode: 0o640, gid });
  } else {
    // One that holds a secret is often root's alone.
    host.letGroupRead(configPath, gid);
  }
  const stored = tokenText === null ? [] : host.storeToken(tokenText);
  for (const warning of stored) printNote(io, `warning: ${warning}\n`);
  if (key !== null) host.writeFile(key.path, key.text, { mode: 0o600, gid: null });
  host.writeFile(`${UNIT_DIR}/${unitName(role)}`, unit, { mode: 0o644, gid: 0 });
}

function unitSpec(installation: ServiceInstallation, host: ServiceHost): UnitSpec {
  return {
    ...installation,
    program: servicePath(host.program ?? PROGRAM_PATH),
    needsRawSocket: installation.bindsToInterfaces && isBefore57(host.kernelRelease),
  };
}

/** SO_BINDTODEVICE needs no privilege since Linux 5.7; socket(7). */
function isBefore57(kernelRelease: string): boolean {
  const [major = 0, minor = 0] = kernelRelease.split(".").map(Number);
  return major < 5 || (major === 5 && minor < 7);
}

/** An executable where a package or an administrator put it stays there. */
function servicePath(program: string): string {
  return /^\/(usr|opt|bin|sbin|nix|gnu)\//.test(program) ? program : PROGRAM_PATH;
}

function describeSteps(
  { role, configPath, configText, tokenText, key }: ServiceInstallation,
  host: ServiceHost,
): readonly string[] {
  const isCopied = host.program !== null && servicePath(host.program) !== host.program;
  return [
    "Not done, since this is a dry run:",
    ...(isCopied ? [`- copy this executable to ${PROGRAM_PATH}`] : []),
    `- make the system user ${SERVICE_USER}`,
    configText === null
      ? `- leave ${configPath} as it is, or make an empty one`
      : `- write the options to ${configPath}, for root and ${SERVICE_USER} to read`,
    ...(tokenText === null ? [] : [`- store the token in ${SERVICE_STATE_DIR}`]),
    ...(key === null ? [] : [`- store the secret key in ${key.path}`]),
    `- write the unit above to ${UNIT_DIR}/${unitName(role)}, and start it, now and at each boot`,
  ];
}
