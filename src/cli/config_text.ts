/**
 * Writes options as a configuration file.
 *
 * @module
 */

import type { Role } from "./command_table.ts";
import { fileOptionsOf } from "./config_file.ts";
import { type GivenOptions, saysYes } from "./given_options.ts";
import type { OptionKey, OptionSpec } from "./option_spec.ts";

/**
 * A file with all that was given, as it was given.
 * @param overrides values that stand for others.
 */
export function configText(
  given: GivenOptions,
  role: Role,
  overrides: Readonly<Partial<Record<OptionKey, string>>>,
): string {
  const lines = fileOptionsOf(role).flatMap((option) => {
    const override = overrides[option.name];
    const values = override === undefined ? given.find(option.name)?.values : [override];
    return values === undefined ? [] : [`${option.name} = ${optionToml(option, values)}`];
  });
  return [
    `# Options of bindlink ${role}: "bindlink ${role} --help" lists them all.`,
    ...lines,
    "",
  ].join("\n");
}

/** An option's values as TOML. */
export function optionToml(option: OptionSpec, values: readonly string[]): string {
  if (option.metavar === null) return String(saysYes(values[0] ?? ""));
  if (option.isRepeatable !== true) return tomlText(values[0] ?? "");
  return `[${values.map(tomlText).join(", ")}]`;
}

/** A basic string (TOML 1.0, "String"): JSON's escapes are among its own; DEL needs one, too. */
function tomlText(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}
