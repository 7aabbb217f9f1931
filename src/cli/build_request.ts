/**
 * The one judge of what was asked: values of the command line and of the environment become a typed
 * request, or a {@link UsageError} that says what to type. Loaded only when a command is to be run,
 * since tokens and keys need cryptography, which help and version do not.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";
import type { DaemonOptions } from "../daemon_options.ts";
import { decodeKey } from "../state/key_text.ts";
import { UsageError } from "../usage_error.ts";
import { buildControl, rolesAsked } from "./build_control.ts";
import { buildDoctor } from "./build_doctor.ts";
import { buildJoin } from "./build_join.ts";
import { buildMaster } from "./build_master.ts";
import { buildSlave } from "./build_slave.ts";
import { roleOf } from "./command_table.ts";
import { stateDirOf } from "./common_options.ts";
import { addConfigFile, addFromMasterFile, addStateDirOfFiles } from "./config_source.ts";
import { GivenOptions } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import type { TypedCommand } from "./parser.ts";
import { parseHostPort } from "./values.ts";

/** A run of the daemon, a command that ends by itself, or a text to print. */
export type Request =
  | {
    readonly kind: "run";
    readonly options: DaemonOptions;
    /** What to warn of, in sentences. */
    readonly warnings: readonly string[];
  }
  | { readonly kind: "command"; readonly request: CommandRequest }
  | {
    readonly kind: "print";
    readonly stream: "stdout" | "stderr";
    readonly text: string;
    readonly exitCode: number;
  };

/**
 * Builds the request.
 * @param environment reads an environment variable; an empty one counts as not set.
 * @throws {UsageError} and errors of the inputs.
 */
export async function buildRequest(
  typed: TypedCommand,
  environment: (name: string) => string | undefined,
  inputs: CommandLineInputs,
): Promise<Request> {
  const given = new GivenOptions(typed.name, typed.values, environment);
  const word = typed.words[0] ?? null;
  switch (typed.name) {
    case "master": {
      const warnings = await addConfigFile(given, "master", inputs);
      return { kind: "run", options: buildMaster(given, inputs), warnings };
    }
    case "slave": {
      const warnings = await addConfigFile(given, "slave", inputs);
      return { kind: "run", options: buildSlave(given, word, inputs), warnings };
    }
    case "config check":
    case "config show master":
    case "config show slave": {
      // Only here: nothing else needs it.
      const { buildConfigText } = await import("./build_config_text.ts");
      return await buildConfigText(typed, given, inputs);
    }
    case "install-service master":
    case "install-service slave": {
      const { buildInstallService } = await import("./build_service.ts");
      return { kind: "command", request: await buildInstallService(typed, given, inputs) };
    }
    case "uninstall-service master":
    case "uninstall-service slave":
      return {
        kind: "command",
        request: { kind: "uninstall-service", role: roleOf(typed.name) },
      };
    case "join":
      return { kind: "command", request: buildJoin(given, word, inputs) };
    case "doctor":
      return { kind: "command", request: await buildDoctor(given, word, inputs) };
    case "keygen":
    case "pubkey":
      return { kind: "command", request: { kind: typed.name } };
    case "invite":
    case "slaves":
    case "revoke":
      await addFromMasterFile(given, "state-dir", inputs);
      return { kind: "command", request: buildAdmin(typed.name, given, word, inputs) };
    default:
      await addStateDirOfFiles(given, rolesAsked(typed.name, given), inputs);
      return {
        kind: "command",
        request: buildControl(typed.name, given, typed.words, inputs),
      };
  }
}

/** The commands for a master's slaves. */
function buildAdmin(
  kind: "invite" | "slaves" | "revoke",
  given: GivenOptions,
  argument: string | null,
  inputs: CommandLineInputs,
): CommandRequest {
  const stateDir = stateDirOf(given, inputs);
  const name = argument ?? "";
  if (kind === "revoke") return { kind, stateDir, name };
  if (kind === "slaves") return { kind, stateDir, isJson: given.flag("json") };
  const endpoints = given.find("endpoint");
  return {
    kind,
    stateDir,
    name,
    endpoints: (endpoints?.values ?? []).map((value) =>
      parseHostPort(value, endpoints?.subject ?? "")
    ),
    publicKey: parsePublicKey(given),
    showsQr: given.flag("qr"),
  };
}

function parsePublicKey(given: GivenOptions): Uint8Array<ArrayBuffer> | null {
  const named = given.findOne("public-key");
  if (named === undefined) return null;
  const key = decodeKey(named.value);
  if (key !== null) return key;
  // Not quoted: it may be the secret key, mistyped.
  throw new UsageError(
    `${named.subject}: this is no key: type the 44 characters that "bindlink pubkey" prints`,
  );
}
