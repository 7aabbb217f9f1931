/**
 * What `--auto` and its patterns say, as options of the daemon.
 *
 * @module
 */

import type { SlaveOptions } from "../daemon_options.ts";
import { UsageError } from "../usage_error.ts";
import type { GivenOptions } from "./given_options.ts";
import type { OptionKey } from "./option_spec.ts";
import { quoteValue } from "./quote.ts";

/** Which interfaces become links by themselves. @throws {UsageError} */
export function buildAuto(given: GivenOptions): Pick<SlaveOptions, "auto"> {
  const include = patternsOf(given, "auto-include");
  const exclude = patternsOf(given, "auto-exclude");
  if (given.flag("auto")) return { auto: { include, exclude } };
  const idle = given.find("auto-include") ?? given.find("auto-exclude");
  // Unless it is typed, it may be left over from another run.
  if (idle?.origin !== "command line") return {};
  throw new UsageError(`${idle.subject} needs --auto: add it, or leave ${idle.subject} out`);
}

/** The characters are those that names of interfaces have, and a pattern's own; so no pattern is malformed. */
function patternsOf(given: GivenOptions, name: OptionKey): readonly string[] {
  const option = given.find(name);
  for (const pattern of option?.values ?? []) {
    if (/^[^\s/:\\()!+@{}[\]]+$/.test(pattern)) continue;
    throw new UsageError(
      `${option!.subject} ${
        quoteValue(pattern)
      }: no pattern for names of interfaces: type a name ` +
        "with * for any characters and ? for one, e.g. 'usb*'",
    );
  }
  return option?.values ?? [];
}
