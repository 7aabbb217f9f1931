/**
 * What `bindlink join` was asked to store, checked exactly as `bindlink slave` will check it.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";
import { UsageError } from "../usage_error.ts";
import { buildSecureSlave } from "./build_slave.ts";
import { keepOneTundev } from "./common_options.ts";
import type { GivenOptions } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import type { OptionKey } from "./option_spec.ts";
import { optionsOf } from "./option_table.ts";
import { findGivenToken } from "./token_source.ts";

/** What says where the token comes from and where it goes: no options of the stored slave. */
const NOT_STORED: readonly OptionKey[] = ["token", "token-file", "state-dir"];

/** A request to store token and options. @throws {UsageError} */
export function buildJoin(
  given: GivenOptions,
  argument: string | null,
  inputs: CommandLineInputs,
): CommandRequest {
  keepOneTundev(given);
  const found = findGivenToken({ given, argument, inputs });
  if (found === null) {
    throw new UsageError(
      '"bindlink join" needs a token: type bindlink join - and paste it; make one on the master ' +
        "with: bindlink invite NAME --endpoint HOST:PORT",
    );
  }
  const { stateDir } = buildSecureSlave(given, found, inputs);
  const names = optionsOf("join").map(({ name }) => name).filter((it) => !NOT_STORED.includes(it));
  const options = { ...given.toStored(names) };
  const keyFile = given.findOne("key-file");
  if (keyFile !== undefined) options["key-file"] = [inputs.absolutePath(keyFile.value)];
  return { kind: "join", stateDir, join: { token: found.text, options } };
}
