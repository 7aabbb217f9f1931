/**
 * The only file that knows the TOML parser: a text becomes a flat list of keys, each with its line, or a mistake
 * with its line. What the keys mean is not known here.
 *
 * @module
 */

import { type AST, ParseError, parseTOML } from "toml-eslint-parser";

/** One value as text, and where it stands. */
export interface TomlItem {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** A key with its value. */
export interface TomlEntry {
  /** The tables it is in, and its own name. */
  readonly path: readonly string[];
  readonly line: number;
  /** What was written; `other` is a date, a list of lists and the like. */
  readonly kind: "text" | "number" | "boolean" | "list" | "other";
  /** One of a text, number or boolean; those of a list; none of other kinds. */
  readonly items: readonly TomlItem[];
}

/** A table that was opened. */
export interface TomlTable {
  readonly path: readonly string[];
  readonly line: number;
  /** Whether it was written as `[[...]]`. */
  readonly isArray: boolean;
}

/** A text that is TOML. */
export interface TomlDocument {
  /** In the order of the text. */
  readonly entries: readonly TomlEntry[];
  readonly tables: readonly TomlTable[];
}

/** A text that is none. */
export interface TomlMistake {
  readonly line: number;
  readonly problem: string;
}

/** Reads a text. Never throws on any text. */
export function readToml(text: string): TomlDocument | TomlMistake {
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return describeMistake(error, text);
  }
  const entries: TomlEntry[] = [];
  const tables: TomlTable[] = [];
  for (const node of program.body[0].body) {
    if (node.type === "TOMLKeyValue") {
      collect(node, [], { entries, tables });
      continue;
    }
    const path = node.key.keys.map(nameOf);
    tables.push({ path, line: node.loc.start.line, isArray: node.kind === "array" });
    for (const inner of node.body) collect(inner, path, { entries, tables });
  }
  return { entries, tables };
}

/** The parser's own words are about the grammar; most often quotes are missing. */
function describeMistake(error: ParseError, text: string): TomlMistake {
  // What is found missing only at the line's end is told of the line after it.
  const lines = text.split("\n");
  const isAtBegin = error.column === 0 && error.lineNumber > 1 &&
    !/twice|multiple/.test(error.message);
  const line = isAtBegin ? error.lineNumber - 1 : error.lineNumber;
  if (/multiple times/.test(error.message)) {
    return { line, problem: "this key or table is there twice: leave one out" };
  }
  const unquoted = /^\s*([\w.-]+)\s*=\s*[^\s"'[{]/.test(lines[line - 1] ?? "");
  const advice = unquoted ? '; text needs quotes, as in cap = "5mbit"' : "";
  return { line, problem: `this is not TOML: ${uncapitalized(error.message)}${advice}` };
}

function uncapitalized(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function collect(
  node: AST.TOMLKeyValue,
  tablePath: readonly string[],
  found: { readonly entries: TomlEntry[]; readonly tables: TomlTable[] },
): void {
  const path = [...tablePath, ...node.key.keys.map(nameOf)];
  const line = node.key.loc.start.line;
  const { value } = node;
  if (value.type === "TOMLInlineTable") {
    found.tables.push({ path, line, isArray: false });
    for (const inner of value.body) collect(inner, path, found);
    return;
  }
  if (value.type === "TOMLValue") {
    const item = itemOf(value);
    const kind = item === null ? "other" : kindOf(value);
    found.entries.push({ path, line, kind, items: item === null ? [] : [item] });
    return;
  }
  const items = value.elements.map((it) => it.type === "TOMLValue" ? itemOf(it) : null);
  const known = items.filter((it) => it !== null);
  const isPlain = known.length === items.length;
  found.entries.push({ path, line, kind: isPlain ? "list" : "other", items: isPlain ? known : [] });
}

/** A value as text; null: it is no option's kind of value. */
function itemOf(value: AST.TOMLValue): TomlItem | null {
  const { line } = value.loc.start;
  switch (value.kind) {
    case "string":
      return { text: value.value, line };
    case "integer":
      return { text: String(value.bigint), line };
    case "float":
      return { text: value.number, line };
    case "boolean":
      return { text: value.value ? "yes" : "no", line };
    default:
      return null;
  }
}

function kindOf(value: AST.TOMLValue): "text" | "number" | "boolean" {
  if (value.kind === "string") return "text";
  return value.kind === "boolean" ? "boolean" : "number";
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}
