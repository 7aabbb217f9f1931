/**
 * A configuration file's keys become options of the one table: each value keeps its place in the file, for errors.
 * Mistakes are collected, so that a check can tell of all. Values are judged later, where those of the command line
 * are.
 *
 * @module
 */

import { dirname, resolve } from "node:path";

import { type Role, roleOf } from "./command_table.ts";
import { readLinkTables } from "./config_links.ts";
import { type OptionKey, type OptionSpec, SECRET_OPTIONS } from "./option_spec.ts";
import { findOption, optionsOf } from "./option_table.ts";
import { looksLikeToken, quoteProxy, quoteValue } from "./quote.ts";
import { mostSimilar } from "./similar_word.ts";
import { readToml, type TomlEntry } from "./toml_document.ts";

/** One value of an option, and its place. */
export interface ConfigValue {
  readonly text: string;
  /** File, line and key, e.g. `slave.toml:3: mtu`. */
  readonly subject: string;
  /** Orders values of several options as the file does. */
  readonly rank: number;
}

/** An option that a file gives. */
export interface ConfigOption {
  readonly name: OptionKey;
  readonly values: readonly ConfigValue[];
}

/** What a file says. */
export interface ConfigReading {
  readonly options: readonly ConfigOption[];
  /** Sentences that name file, line and key. Empty: it is fine so far. */
  readonly problems: readonly string[];
  /** Whether it holds a token or a proxy's password. */
  readonly holdsSecret: boolean;
}

/** Which file it is, and whose. */
export interface ConfigPlace {
  readonly path: string;
  readonly role: Role;
}

/** Paths in a file are meant from where the file is. */
const PATH_OPTIONS: readonly OptionKey[] = ["token-file", "key-file", "state-dir"];

/** Never in a file: it would name another file. */
const NOT_IN_FILE: readonly OptionKey[] = ["config"];

/** The options that a file can hold. */
export function fileOptionsOf(role: Role): readonly OptionSpec[] {
  return optionsOf(role).filter(({ name }) => !NOT_IN_FILE.includes(name));
}

/** Reads a file's text. Never throws on any text. */
export function readConfig(text: string, place: ConfigPlace): ConfigReading {
  const shownPath = showPath(place.path);
  const document = readToml(text);
  if ("problem" in document) {
    const problem = `${shownPath}:${document.line}: ${document.problem}`;
    return { options: [], problems: [problem], holdsSecret: false };
  }
  const problems: string[] = [];
  const options = new Map<OptionKey, ConfigValue[]>();
  const add = (name: OptionKey, values: readonly ConfigValue[]): void => {
    options.set(name, [...(options.get(name) ?? []), ...values]);
  };
  for (const entry of document.entries) {
    const [key = "", ...more] = entry.path;
    if (more.length > 0) continue;
    const subject = `${shownPath}:${entry.line}: ${key}`;
    const option = fileOptionsOf(place.role).find(({ name }) => name === key);
    const problem = option === undefined
      ? unknownKey(key, place.role)
      : problemOf(entry, option, quoteKey(key));
    if (problem !== null) problems.push(`${shownPath}:${entry.line}: ${problem}`);
    else if (option !== undefined) add(option.name, valuesOf(entry, option, { subject, place }));
  }
  const links = readLinkTables(document, shownPath, place.role);
  for (const { option, value } of links.values) add(option, [value]);
  return {
    options: [...options].map(([name, values]) => ({
      name,
      values: values.sort((a, b) => a.rank - b.rank),
    })),
    problems: [...problems, ...links.problems],
    holdsSecret: SECRET_OPTIONS.some((name) => options.has(name)) ||
      (options.get("proxies") ?? []).some(({ text }) => text.includes("@")),
  };
}

/** Whose file it is: the first key that only one end has tells; else its name; else a slave's. */
export function guessRole(text: string, path: string): Role {
  const document = readToml(text);
  if (!("problem" in document)) {
    for (const { path: [key = ""] } of [...document.entries, ...document.tables]) {
      if (key === "links") return "slave";
      const owners = (findOption(key)?.commands ?? []).filter((it) =>
        it === "master" || it === "slave"
      );
      if (owners.length === 1 && owners[0] !== undefined) return roleOf(owners[0]);
    }
  }
  return /master[^/]*$/.test(path) ? "master" : "slave";
}

/** A path as errors show it. */
export function showPath(path: string): string {
  return /^[\w./@+~-]+$/.test(path) && !looksLikeToken(path.replace(/^.*\//, ""))
    ? path
    : quoteValue(path);
}

function valuesOf(
  { kind, items }: TomlEntry,
  option: OptionSpec,
  { subject, place }: { readonly subject: string; readonly place: ConfigPlace },
): readonly ConfigValue[] {
  const isPath = PATH_OPTIONS.includes(option.name);
  return items.flatMap(({ text, line }, i) => {
    // A list needs no commas in its pieces; a text has them, as on the command line.
    const pieces = option.isRepeatable === true && kind === "text"
      ? text.split(",").map((piece) => piece.trim()).filter((piece) => piece !== "")
      : [text];
    return pieces.map((piece): ConfigValue => ({
      text: isPath && piece !== "-" && piece !== "" ? resolve(dirname(place.path), piece) : piece,
      subject,
      rank: line + i / (items.length + 1),
    }));
  });
}

/** What is wrong with the kind of value; null: nothing. */
function problemOf({ kind, items }: TomlEntry, option: OptionSpec, key: string): string | null {
  if (kind === "other") return `${key}: this is neither text nor a number`;
  if (option.metavar === null) {
    return kind === "boolean" ? null : `${key}: type ${key} = true, or false`;
  }
  if (kind === "boolean" && option.valueWhenAlone !== undefined) return null;
  const example = option.choices?.[0] ?? option.metavar;
  if (kind === "boolean") {
    return `${key} ${items[0]?.text === "yes"}: type text in quotes: ${key} = "${example}"`;
  }
  if (kind === "list" && option.isRepeatable !== true) {
    return `${key}: this takes one value, no list: type ${key} = "${example}"`;
  }
  if (items.length === 0 || items.some(({ text }) => text.trim() === "")) {
    return `${key} is empty: give a value or leave it out`;
  }
  return null;
}

/** What is wrong with a key that is no option of that end. Its value is not shown: it may be a secret. */
function unknownKey(key: string, role: Role): string {
  const option = findOption(key);
  if (option !== undefined) {
    if (NOT_IN_FILE.includes(option.name)) return `${key}: a file cannot name another one`;
    const owners = option.commands.map((owner) => `"bindlink ${owner}"`).join(", ");
    return `${key} is an option of ${owners}, not of "bindlink ${role}"`;
  }
  const known = fileOptionsOf(role).map(({ name }) => name);
  const similar = mostSimilar(key.replaceAll("_", "-").toLowerCase(), known);
  const hint = similar === null
    ? `"bindlink ${role} --help" lists the options`
    : `did you mean ${similar}?`;
  return `unknown key ${quoteProxy(key)}: ${hint}`;
}

function quoteKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : quoteProxy(key);
}
