/**
 * Finds a run's configuration file and adds what it says to what was given.
 *
 * @module
 */

import { UsageError } from "../usage_error.ts";
import type { Role } from "./command_table.ts";
import type { ConfigPlace, ConfigReading } from "./config_file.ts";
import type { GivenOptions } from "./given_options.ts";
import type { CommandLineInputs, ConfigText } from "./inputs.ts";
import { LINK_NAMING, LINK_OPTIONS } from "./link_options.ts";
import type { OptionKey } from "./option_spec.ts";
import { looksLikeToken, quotePath } from "./quote.ts";

/** A file that was read. */
interface FoundConfig {
  readonly path: string;
  readonly content: ConfigText;
}

/**
 * Adds the file's options where nobody gave them; links that are named elsewhere stand in for all of the file's.
 * @returns what is to be warned of, in sentences. @throws {UsageError} the file's first mistake.
 */
export async function addConfigFile(
  given: GivenOptions,
  role: Role,
  inputs: CommandLineInputs,
): Promise<readonly string[]> {
  const found = findConfig(given, role, inputs);
  return found === null ? [] : await addFound(given, role, found);
}

/** As {@link addConfigFile}, from one place; a file that is not there says nothing. @throws {UsageError} */
export async function addConfigAt(
  given: GivenOptions,
  { path, role }: ConfigPlace,
  inputs: CommandLineInputs,
): Promise<readonly string[]> {
  const content = inputs.readConfigFile(path);
  return content === null ? [] : await addFound(given, role, { path, content });
}

async function addFound(
  given: GivenOptions,
  role: Role,
  found: FoundConfig,
): Promise<readonly string[]> {
  const reading = await readWhole(found, role);
  const namesLinks = LINK_NAMING.some((name) => given.find(name) !== undefined);
  given.addFile(reading.options, namesLinks ? LINK_OPTIONS : []);
  return secretWarnings(found.path, found.content, reading);
}

/** For commands that need one thing of a master's file. @throws {UsageError} the file's first mistake. */
export async function addFromMasterFile(
  given: GivenOptions,
  name: OptionKey,
  inputs: CommandLineInputs,
): Promise<void> {
  if (given.find(name) !== undefined) return;
  const found = findConfig(given, "master", inputs);
  if (found === null) return;
  const { options } = await readWhole(found, "master");
  given.addFile(options.filter((option) => option.name === name), []);
}

/**
 * For commands to a running daemon: takes its state directory from the usual files of these ends. What else is in a file,
 * right or wrong, is not these commands' business. @throws {UsageError} when the files disagree.
 */
export async function addStateDirOfFiles(
  given: GivenOptions,
  roles: readonly Role[],
  inputs: CommandLineInputs,
): Promise<void> {
  for (const role of roles) {
    const before = given.findOne("state-dir");
    if (before !== undefined && before.origin !== "file") return;
    const found = findConfig(given, role, inputs);
    if (found === null) continue;
    const { readConfig } = await import("./config_file.ts");
    const { options } = readConfig(found.content.text, { path: found.path, role });
    const stateDir = options.find(({ name }) => name === "state-dir");
    if (stateDir === undefined) continue;
    const [value] = stateDir.values;
    if (before !== undefined && value?.text !== before.value) {
      throw new UsageError(
        `${before.subject} and ${value?.subject} differ: say which daemon is meant, with ` +
          "--daemon master or a slave's tun device, or with --state-dir",
      );
    }
    given.addFile([stateDir], []);
  }
}

/** A file with a secret that others can read. */
export function secretWarnings(
  path: string,
  { isReadableByOthers }: ConfigText,
  { holdsSecret }: ConfigReading,
): readonly string[] {
  if (!holdsSecret || !isReadableByOthers) return [];
  return [
    `${quotePath(path)} holds a secret, and all users of this machine can read it: ` +
    `type chmod o= ${quotePath(path)}`,
  ];
}

async function readWhole({ path, content }: FoundConfig, role: Role): Promise<ConfigReading> {
  // Only here: most runs have no file, and need no parser.
  const { readConfig } = await import("./config_file.ts");
  const reading = readConfig(content.text, { path, role });
  const [first, ...others] = reading.problems;
  if (first === undefined) return reading;
  const more = others.length === 0
    ? ""
    : ` (and ${others.length} more: bindlink config check ${quotePath(path)})`;
  throw new UsageError(first + more);
}

function findConfig(
  given: GivenOptions,
  role: Role,
  inputs: CommandLineInputs,
): FoundConfig | null {
  const named = given.findOne("config");
  if (named === undefined) {
    const path = inputs.defaultConfigFile(role);
    const content = path === null ? null : inputs.readConfigFile(path);
    return path === null || content === null ? null : { path, content };
  }
  if (looksLikeToken(named.value)) {
    throw new UsageError(`${named.subject}: this is a token, not a file: give it as --token`);
  }
  return { path: named.value, content: readNamedConfig(named.value, named.subject, inputs) };
}

/** A file that must be there. @throws Error with the system's own as its cause. */
export function readNamedConfig(
  path: string,
  subject: string,
  inputs: CommandLineInputs,
): ConfigText {
  let content: ConfigText | null;
  try {
    content = inputs.readConfigFile(path);
  } catch (cause) {
    throw new Error(`Cannot read ${subject} ${quotePath(path)}`, { cause });
  }
  if (content !== null) return content;
  throw new Error(`Cannot read ${subject} ${quotePath(path)}: there is no such file`);
}
