/**
 * The options that only `bindlink record` has.
 *
 * @module
 */

import type { DaemonRequest } from "../command_request.ts";
import type { GivenOptions } from "./given_options.ts";
import type { OptionSpec } from "./option_spec.ts";
import { parseMilliseconds, parseSeconds } from "./values.ts";

/** A month: whoever wants more can begin again. */
const MAX_SECONDS = 31 * 86_400;

/** The estimators follow a link over about a tenth of a second: more often, nothing new is seen. */
const INTERVAL_MS = { min: 100, max: 60_000 };

/** In the order of the help. */
export const RECORD_OPTIONS: readonly OptionSpec[] = [
  {
    name: "for",
    metavar: "SECONDS",
    commands: ["record"],
    help: "End after this time. Not given: at Ctrl-C.",
  },
  {
    name: "every",
    metavar: "MS",
    commands: ["record"],
    help:
      "Time from one line of a link to the next, 100 to 60000 ms. An hour of one link is about " +
      "3 MB with 100, and 0.3 MB with 1000.",
    defaults: { master: "100", slave: "100" },
  },
  {
    name: "hide-names",
    metavar: null,
    commands: ["record"],
    help: "Number the links instead of naming them.",
  },
  {
    name: "force",
    metavar: null,
    commands: ["record"],
    help: "Replace the file if it is there.",
  },
];

/** What is to be recorded, and where to. @throws {UsageError} */
export function readRecordOptions(
  given: GivenOptions,
  path: string,
): Omit<Extract<DaemonRequest, { kind: "record" }>, "kind" | "daemon"> {
  const seconds = given.findOne("for");
  const every = given.one("every");
  return {
    path,
    seconds: seconds === undefined
      ? null
      : parseSeconds(seconds.value, seconds.subject, { min: 1, max: MAX_SECONDS }),
    intervalMs: parseMilliseconds(every.value, every.subject, INTERVAL_MS),
    hidesNames: given.flag("hide-names"),
    isForced: given.flag("force"),
  };
}
