/**
 * `bindlink config check FILE`: all that is wrong with a file, by the judges that a run would have.
 *
 * @module
 */

import type { DaemonOptions } from "../daemon_options.ts";
import type { JoinToken } from "../peer/join_token.ts";
import { KEY_BYTES } from "../peer/key_pair.ts";
import { UsageError } from "../usage_error.ts";
import { buildMaster } from "./build_master.ts";
import { buildSecureSlave, buildSlave } from "./build_slave.ts";
import { chooseProtocol, keepOneTundev } from "./common_options.ts";
import { guessRole, readConfig } from "./config_file.ts";
import { readNamedConfig, secretWarnings } from "./config_source.ts";
import { GivenOptions } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import { quotePath } from "./quote.ts";
import { findGivenToken } from "./token_source.ts";

/** What to print. */
export interface CheckResult {
  readonly isRight: boolean;
  /** Lines for people. */
  readonly text: string;
}

/** Checks a file. Environment and command line do not count. @throws Error when a file cannot be read. */
export function checkConfig(path: string, inputs: CommandLineInputs): CheckResult {
  const content = readNamedConfig(path, "FILE", inputs);
  const role = guessRole(content.text, path);
  const reading = readConfig(content.text, { path, role });
  const problems = [...reading.problems];
  if (problems.length === 0) {
    const given = new GivenOptions(role, new Map(), () => undefined);
    given.addFile(reading.options, []);
    try {
      if (role === "master") buildMaster(given, inputs);
      else judgeWithoutToken(given, inputs);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error.message);
    }
  }
  const warnings = secretWarnings(path, content, reading).map((it) => `warning: ${it}`);
  const verdict = problems.length === 0
    ? [`${quotePath(path)} is right, for "bindlink ${role}"`]
    : problems.map((it) => `error: ${it}`);
  return { isRight: problems.length === 0, text: `${[...warnings, ...verdict].join("\n")}\n` };
}

/** A slave's options, also when its token is elsewhere: then with a token of no one's. @throws {UsageError} */
export function judgeWithoutToken(given: GivenOptions, inputs: CommandLineInputs): DaemonOptions {
  const isLegacy = given.one("protocol").value === "legacy";
  if (isLegacy || findGivenToken({ given, argument: null, inputs }) !== null) {
    return buildSlave(given, null, inputs);
  }
  chooseProtocol(given, "slave");
  const keyFile = given.find("key-file");
  const token: JoinToken = {
    masterKey: new Uint8Array(KEY_BYTES),
    seed: keyFile === undefined ? new Uint8Array(KEY_BYTES) : null,
    endpoints: [{ host: "192.0.2.1", port: 4321 }],
  };
  keepOneTundev(given);
  return buildSecureSlave(given, { text: "", token, subject: "The token" }, inputs);
}
