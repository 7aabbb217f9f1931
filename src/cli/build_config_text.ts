/**
 * What `bindlink config` prints.
 *
 * @module
 */

import { UsageError } from "../usage_error.ts";
import type { Request } from "./build_request.ts";
import { addStoredJoin } from "./build_slave.ts";
import { roleOf } from "./command_table.ts";
import { chooseProtocol, keepOneTundev, stateDirOf } from "./common_options.ts";
import { checkConfig } from "./config_check.ts";
import { showConfig } from "./config_show.ts";
import { addConfigFile } from "./config_source.ts";
import type { GivenOptions } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import type { TypedCommand } from "./parser.ts";
import { looksLikeToken } from "./quote.ts";

/** A text to print. @throws {UsageError} */
export async function buildConfigText(
  typed: TypedCommand,
  given: GivenOptions,
  inputs: CommandLineInputs,
): Promise<Extract<Request, { kind: "print" }>> {
  if (typed.name === "config check") {
    const path = typed.words[0] ?? "";
    if (looksLikeToken(path)) throw new UsageError("FILE: this is a token, not a file");
    const { isRight, text } = checkConfig(path, inputs);
    return isRight ? print("stdout", text, 0) : print("stderr", text, 2);
  }
  const role = roleOf(typed.name);
  await addConfigFile(given, role, inputs);
  keepOneTundev(given);
  const isSecure = chooseProtocol(given, role) === "secure";
  const hasToken = given.find("token") !== undefined || given.find("token-file") !== undefined;
  if (role === "slave" && isSecure && !hasToken) addStoredJoin(given, inputs);
  const text = showConfig(given, {
    role,
    fallbacks: new Map([["state-dir", stateDirOf(given, inputs)]]),
  });
  return print("stdout", text, 0);
}

function print(
  stream: "stdout" | "stderr",
  text: string,
  exitCode: number,
): Extract<Request, { kind: "print" }> {
  return { kind: "print", stream, text, exitCode };
}
