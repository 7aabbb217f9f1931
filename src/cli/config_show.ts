/**
 * `bindlink config show master|slave`: what a run would go by, as a configuration file whose comments say where each
 * value comes from.
 *
 * @module
 */

import { hideToken, quoteProxy } from "./quote.ts";
import { fileOptionsOf } from "./config_file.ts";
import type { Role } from "./command_table.ts";
import type { GivenOptions } from "./given_options.ts";
import { defaultOf, type OptionKey, type OptionSpec, SECRET_OPTIONS } from "./option_spec.ts";
import { splitLink } from "./link_value.ts";
import { optionToml } from "./config_text.ts";

/** Where a value comes from that nobody gave. */
export interface ShownSetting {
  readonly role: Role;
  /** What holds where the table has no default. */
  readonly fallbacks: ReadonlyMap<OptionKey, string>;
}

/** Shows options. Values are as they were given, not judged; tokens and passwords are hidden. */
export function showConfig(given: GivenOptions, { role, fallbacks }: ShownSetting): string {
  const lines = fileOptionsOf(role).flatMap((option) => {
    const found = given.find(option.name);
    const fallback = fallbacks.get(option.name) ?? defaultOf(option, role);
    // A default that only the other protocol has would be refused in a file.
    const isOther = option.protocol !== undefined && found === undefined &&
      option.protocol !== given.one("protocol").value;
    const values = found?.values ?? (fallback === undefined || isOther ? null : [fallback]);
    if (values === null) return [];
    const source = found === undefined ? "default" : found.places?.[0]?.subject ?? found.subject;
    return [`${option.name} = ${showValues(option, values)}  # ${source}`];
  });
  return `${lines.join("\n")}\n`;
}

function showValues(option: OptionSpec, values: readonly string[]): string {
  if (SECRET_OPTIONS.includes(option.name)) return optionToml(option, ["***"]);
  const shown = option.name === "proxies" ? values.map(hidePassword) : values;
  // Values are not judged: a token may stand where something else belongs.
  return optionToml(option, option.metavar === null ? shown : shown.map(hideToken));
}

/** A proxy without credentials; `HOST:PORT:USER:PASSWORD`, as lists of proxies have it, is none. */
const HOST_AND_PORT = /^(?:[a-z][a-z0-9]*:\/\/)?(?:\[[^[\]]*\]|[^:[\]/]*):\d{1,5}$/i;

/** A proxy without its credentials, name and settings kept. */
function hidePassword(value: string): string {
  try {
    const { name, endpoint, settings } = splitLink(value, "");
    if (!value.includes("@") && HOST_AND_PORT.test(endpoint)) return value;
    const hidden: string = JSON.parse(quoteProxy(endpoint));
    return [name === null ? hidden : `${name}=${hidden}`, ...settings].join(";");
  } catch {
    return "***";
  }
}
