/**
 * The tables `[links.NAME]` of a slave's configuration file become entries of `--proxies`, `--targets` and
 * `--interfaces`, so that the command line's judges read them. What can be told of a single key is told here, with its
 * line.
 *
 * @module
 */

import { isLinkName } from "../linkmap/link_spec.ts";
import { UsageError } from "../usage_error.ts";
import type { Role } from "./command_table.ts";
import type { ConfigValue } from "./config_file.ts";
import { LINK_SETTINGS, parseNewSettings } from "./link_setting_words.ts";
import { quoteProxy, quoteValue } from "./quote.ts";
import { mostSimilar } from "./similar_word.ts";
import type { TomlDocument, TomlEntry } from "./toml_document.ts";

/** What can say where a link goes, and the option that it stands for. */
const ENDS = { proxy: "proxies", target: "targets", interface: "interfaces" } as const;

/** What a proxy wants to know, besides. */
const CREDENTIALS: readonly string[] = ["user", "password"];

type LinkOption = typeof ENDS[keyof typeof ENDS];

/** All keys of a link. */
const KEYS: readonly string[] = [
  ...Object.keys(ENDS),
  ...CREDENTIALS,
  ...Object.keys(LINK_SETTINGS),
];

/** What the tables say. */
export interface LinkTables {
  readonly values: readonly { readonly option: LinkOption; readonly value: ConfigValue }[];
  readonly problems: readonly string[];
}

/** One table. */
interface Table {
  readonly name: string;
  readonly line: number;
  readonly entries: TomlEntry[];
}

/** Reads all tables of a document; at a master every table is a mistake. @param file as errors show it. */
export function readLinkTables(document: TomlDocument, file: string, role: Role): LinkTables {
  const problems: string[] = [];
  const tables = new Map<string, Table>();
  const open = (path: readonly string[], line: number): Table | null => {
    const problem = role === "master" && path[0] === "links"
      ? 'links are options of "bindlink slave", not of "bindlink master"'
      : problemOfTable(path);
    const name = path[1];
    if (problem !== null) problems.push(`${file}:${line}: ${problem}`);
    if (problem !== null || name === undefined) return null;
    const table = tables.get(name) ?? { name, line, entries: [] };
    tables.set(name, table);
    return table;
  };
  const wrong = new Set<string>();
  for (const { path, line, isArray } of document.tables) {
    if (path.length === 1 && path[0] === "links" && !isArray && role === "slave") continue;
    if (isArray) {
      problems.push(`${file}:${line}: type the name of a link in single brackets: [links.phone1]`);
    } else if (open(path, line) !== null) continue;
    wrong.add(path.join("\n"));
  }
  for (const entry of document.entries) {
    const tablePath = entry.path.slice(0, -1);
    if (tablePath.length === 0 || wrong.has(tablePath.join("\n"))) continue;
    open(tablePath, entry.line)?.entries.push(entry);
  }
  const values = [...tables.values()].flatMap((table) => {
    const read = new LinkTable(table, file).read();
    problems.push(...read.problems);
    return read.value === null ? [] : [read.value];
  });
  return { values, problems };
}

function problemOfTable(path: readonly string[]): string | null {
  const [first = "", name, ...more] = path;
  if (first !== "links") {
    const hint = mostSimilar(first.toLowerCase(), ["links"]) === null
      ? "the only tables are [links.NAME]; options stand before them, without a table"
      : "did you mean [links.NAME]?";
    return `unknown table ${quoteProxy(first)}: ${hint}`;
  }
  if (name === undefined) return "a link needs a name: type [links.phone1] above its keys";
  if (more.length > 0) {
    return `links.${[name, ...more].map(quoteName).join(".")}: no setting of a link is a table; ` +
      'a name that holds a dot stands in quotes: [links."a.b"]';
  }
  if (isLinkName(name)) return null;
  return `links.${quoteName(name)}: a link's name is 1 to 32 letters, digits, - _ or .`;
}

function quoteName(name: string): string {
  return /^[\w-]+$/.test(name) ? name : quoteProxy(name);
}

/** Reads one table. */
class LinkTable {
  readonly #table: Table;
  readonly #file: string;
  readonly #problems: string[] = [];
  readonly #settings: string[] = [];
  readonly #texts = new Map<string, { readonly text: string; readonly line: number }>();

  constructor(table: Table, file: string) {
    this.#table = table;
    this.#file = file;
  }

  /** The entry of an option that the table stands for; null: it has mistakes. */
  read(): {
    readonly value: LinkTables["values"][number] | null;
    readonly problems: readonly string[];
  } {
    for (const entry of this.#table.entries) this.#readKey(entry);
    const value = this.#problems.length === 0 ? this.#craft() : null;
    return { value: this.#problems.length === 0 ? value : null, problems: this.#problems };
  }

  #readKey(entry: TomlEntry): void {
    const key = entry.path.at(-1) ?? "";
    const item = entry.items[0];
    if (!KEYS.includes(key)) return this.#complain(entry.line, unknownKey(key));
    const spelling = LINK_SETTINGS[key as keyof typeof LINK_SETTINGS];
    const isFlag = spelling === key;
    if (isFlag) {
      if (entry.kind !== "boolean") this.#complain(entry.line, `type ${key} = true, or false`);
      else if (item?.text === "yes") this.#settings.push(key);
      return;
    }
    if ((entry.kind !== "text" && entry.kind !== "number") || item === undefined) {
      return this.#complain(entry.line, `${key}: this takes one text in quotes`);
    }
    if (item.text.trim() === "") {
      return this.#complain(entry.line, `${key} is empty: give a value or leave it out`);
    }
    if (spelling === undefined) return void this.#texts.set(key, { ...item, line: entry.line });
    const word = `${key}=${item.text}`;
    try {
      parseNewSettings([word], this.#subject(entry.line));
      this.#settings.push(word);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#problems.push(error.message);
    }
  }

  /** Where the link goes, as `--proxies` and its like have it. */
  #craft(): LinkTables["values"][number] | null {
    const { name, line } = this.#table;
    const ends = Object.entries(ENDS).filter(([key]) => this.#texts.has(key));
    const [end, other] = ends;
    if (end === undefined) {
      this.#complain(line, "it goes nowhere: add proxy, target or interface");
      return null;
    }
    if (other !== undefined) {
      const advice = end[0] === "proxy" && other[0] === "target"
        ? "; the master as proxies reach it is proxy-target, for all of them"
        : "";
      this.#complain(
        this.#texts.get(other[0])?.line ?? line,
        `${end[0]} and ${other[0]} exclude each other: leave one out${advice}`,
      );
      return null;
    }
    const { text, line: endLine } = this.#texts.get(end[0]) ?? { text: "", line };
    if (text.includes(";")) {
      const advice = end[0] === "proxy" ? "; in a password write ; as %3B" : "";
      this.#complain(
        endLine,
        `${end[0]}: a setting is a key of its own, as metered = true${advice}`,
      );
      return null;
    }
    const endpoint = end[0] === "proxy" ? this.#withCredentials(text) : this.#bare(text, end[0]);
    if (endpoint === null) return null;
    const subject = `${this.#file}:${endLine}: links.${quoteName(name)}.${end[0]}`;
    const value = {
      text: [`${name}=${endpoint}`, ...this.#settings].join(";"),
      subject,
      rank: line,
    };
    return { option: end[1], value };
  }

  #bare(text: string, end: string): string | null {
    const needless = CREDENTIALS.find((key) => this.#texts.has(key));
    if (needless === undefined) return text;
    this.#complain(
      this.#texts.get(needless)?.line ?? 0,
      `${needless} goes with proxy, not with ${end}`,
    );
    return null;
  }

  #withCredentials(proxy: string): string | null {
    const user = this.#texts.get("user");
    const password = this.#texts.get("password");
    const one = user ?? password;
    if (one === undefined) return proxy;
    if (user === undefined || password === undefined) {
      this.#complain(one.line, `user and password go together: add ${user ? "password" : "user"}`);
      return null;
    }
    if (proxy.includes("@")) {
      this.#complain(one.line, "user and password stand in proxy already: leave these out");
      return null;
    }
    const [, scheme = "socks5://", end = ""] = /^([A-Za-z][\w+.-]*:\/\/)?(.*)$/s.exec(proxy) ?? [];
    const userinfo = `${encodeURIComponent(user.text)}:${encodeURIComponent(password.text)}`;
    return `${scheme}${userinfo}@${end}`;
  }

  #complain(line: number, problem: string): void {
    this.#problems.push(`${this.#subject(line)}: ${problem}`);
  }

  #subject(line: number): string {
    return `${this.#file}:${line}: links.${quoteName(this.#table.name)}`;
  }
}

/** Its value is not shown: it may be a password. */
function unknownKey(key: string): string {
  const similar = mostSimilar(key.toLowerCase(), KEYS);
  const hint = similar === null ? `type one of ${KEYS.join(", ")}` : `did you mean ${similar}?`;
  return `unknown key ${quoteValue(key)}: ${hint}`;
}
