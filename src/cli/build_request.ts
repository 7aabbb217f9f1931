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
import { buildControl } from "./build_control.ts";
import { buildDoctor } from "./build_doctor.ts";
import { buildJoin } from "./build_join.ts";
import { buildMaster } from "./build_master.ts";
import { buildSlave } from "./build_slave.ts";
import { stateDirOf } from "./common_options.ts";
import { GivenOptions } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import type { TypedCommand } from "./parser.ts";
import { parseHostPort } from "./values.ts";

/** A run of the daemon, or a command that ends by itself. */
export type Request =
  | { readonly kind: "run"; readonly options: DaemonOptions }
  | { readonly kind: "command"; readonly request: CommandRequest };

/**
 * Builds the request.
 * @param environment reads an environment variable; an empty one counts as not set.
 * @throws {UsageError} and errors of the inputs.
 */
export function buildRequest(
  typed: TypedCommand,
  environment: (name: string) => string | undefined,
  inputs: CommandLineInputs,
): Request {
  const given = new GivenOptions(typed.name, typed.values, environment);
  const word = typed.words[0] ?? null;
  switch (typed.name) {
    case "master":
      return { kind: "run", options: buildMaster(given, inputs) };
    case "slave":
      return { kind: "run", options: buildSlave(given, word, inputs) };
    case "join":
      return { kind: "command", request: buildJoin(given, word, inputs) };
    case "doctor":
      return { kind: "command", request: buildDoctor(given, word, inputs) };
    case "keygen":
    case "pubkey":
      return { kind: "command", request: { kind: typed.name } };
    case "invite":
    case "slaves":
    case "revoke":
      return { kind: "command", request: buildAdmin(typed.name, given, word, inputs) };
    default:
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
