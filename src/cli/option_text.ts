/**
 * What help and man page say of an option: its sentences, and what holds when it is not given.
 *
 * @module
 */

import type { CommandName } from "./command_table.ts";
import { defaultOf, environmentName, type OptionSpec, readsEnvironment } from "./option_spec.ts";

/** The sentences. */
export function describeOption(spec: OptionSpec): string {
  const parts = [spec.help];
  if (spec.choices !== undefined) parts.push(`One of ${spec.choices.join(", ")}.`);
  if (spec.isRepeatable === true) parts.push("Can be repeated.");
  return parts.join(" ");
}

/** Default and environment variable for one command, e.g. `default 1340; BINDLINK_MTU`; may be empty. */
export function optionNotes(spec: OptionSpec, command: CommandName): string {
  const value = defaultOf(spec, command);
  const notes = value === undefined ? [] : [`default ${value}`];
  if (readsEnvironment(spec, command)) {
    notes.push(environmentName(spec.name) + (spec.metavar === null ? "=yes" : ""));
  }
  return notes.join("; ");
}
