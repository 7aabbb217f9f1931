/**
 * What `bindlink install-service` was asked for. Options are judged as the service will judge them, and go into its
 * configuration file; a token goes where `join` stores one, a secret key into the state directory: nothing secret into
 * the unit, which everybody can read.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";
import type { DaemonOptions } from "../daemon_options.ts";
import { SERVICE_CONFIG_DIR, SERVICE_STATE_DIR } from "../service/unit_text.ts";
import { UsageError } from "../usage_error.ts";
import { buildMaster } from "./build_master.ts";
import { buildSlave } from "./build_slave.ts";
import { type Role, roleOf } from "./command_table.ts";
import { judgeWithoutToken } from "./config_check.ts";
import { addConfigAt } from "./config_source.ts";
import { configText } from "./config_text.ts";
import type { GivenOptions } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import type { TypedCommand } from "./parser.ts";
import { quotePath } from "./quote.ts";
import { findGivenToken } from "./token_source.ts";

/** Where the service keeps a slave's own secret key. */
const SERVICE_KEY_PATH = `${SERVICE_STATE_DIR}/slave.key`;

/** Ports from here up are everyone's: ip(7), `ip_unprivileged_port_start`. */
const FIRST_UNPRIVILEGED_PORT = 1024;

/** The request. @throws {UsageError} */
export async function buildInstallService(
  typed: TypedCommand,
  given: GivenOptions,
  systemInputs: CommandLineInputs,
): Promise<CommandRequest> {
  const inputs = { ...systemInputs, defaultStateDir: (): string => SERVICE_STATE_DIR };
  const role = roleOf(typed.name);
  const isDryRun = given.flag("dry-run");
  const configPath = `${SERVICE_CONFIG_DIR}/${role}.toml`;
  const found = findGivenToken({ given, argument: typed.words[0] ?? null, inputs });
  given.forget(["token", "token-file", "dry-run"]);
  const keyText = readKey(given, inputs);
  const hasOptions = given.names().length > 0;
  // What the file says already stays, where nothing else is said now.
  const warnings = await addConfigAt(given, { path: configPath, role }, inputs);
  refuseStateDir(given);
  // Before it is judged: that adds what is stored elsewhere, and forgets what does not apply.
  const overrides = keyText === null ? {} : { "key-file": SERVICE_KEY_PATH };
  const text = hasOptions ? configText(given, role, overrides) : null;
  const tokenText = found?.text ?? null;
  const options = judge(given, { role, tokenText, isDryRun }, inputs);
  return {
    kind: "install-service",
    isDryRun,
    warnings,
    installation: {
      role,
      configPath,
      configText: text,
      tokenText,
      key: keyText === null ? null : { path: SERVICE_KEY_PATH, text: keyText },
      needsTun: options.tundev.kind === "tun",
      needsLowPort: listensLow(options),
      setsMark: options.mark !== undefined,
      bindsToInterfaces: options.role === "slave" &&
        (options.links.some(({ device }) => device !== undefined) ||
          options.protocol === "secure" && options.auto !== undefined),
      setsForwarding: "isExit" in options && options.isExit === true,
    },
  };
}

function readKey(given: GivenOptions, inputs: CommandLineInputs): string | null {
  const keyFile = given.findOne("key-file");
  if (keyFile === undefined) return null;
  try {
    return inputs.readFile(keyFile.value);
  } catch (cause) {
    throw new Error(`Cannot read ${keyFile.subject} ${quotePath(keyFile.value)}`, { cause });
  }
}

function refuseStateDir(given: GivenOptions): void {
  const stateDir = given.findOne("state-dir");
  if (stateDir === undefined || stateDir.value === SERVICE_STATE_DIR) return;
  throw new UsageError(
    `${stateDir.subject} ${quotePath(stateDir.value)}: the service keeps its state in ` +
      `${SERVICE_STATE_DIR}: leave it out`,
  );
}

/** What the service would run with. Without a token that can be read, a dry run judges all else. */
function judge(
  given: GivenOptions,
  { role, tokenText, isDryRun }: {
    readonly role: Role;
    readonly tokenText: string | null;
    readonly isDryRun: boolean;
  },
  inputs: CommandLineInputs,
): DaemonOptions {
  if (role === "master") return buildMaster(given, inputs);
  if (isDryRun && tokenText === null) return judgeWithoutToken(given, inputs);
  return buildSlave(given, tokenText, inputs);
}

function listensLow(options: DaemonOptions): boolean {
  const ports = [
    options.role === "master" ? options.listen.port : null,
    options.tundev.kind === "listen-tcp" ? options.tundev.listen.port : null,
    options.metrics?.port ?? null,
    options.protocol === "secure" ? options.web?.port ?? null : null,
  ];
  return ports.some((port) => port !== null && port < FIRST_UNPRIVILEGED_PORT);
}
