/**
 * Turns a command line as the original daemon took it into one that this program takes: Go's flags
 * (`-listen_port=4000`, `--listen_port 4000`), underscores in names, and no subcommand, since the
 * original was a master when it had a port to listen on. Pure: array in, array out.
 *
 * One thing differs on purpose: the original served metrics on all interfaces, here
 * `--http_listen_port :8080` means 127.0.0.1:8080.
 *
 * @module
 */

import { findOption, type Role } from "./option_table.ts";

/** Flags of the original whose name changed; the others only change `_` to `-`. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ["listen-port", "listen"],
  ["http-listen-port", "metrics"],
]);

/** Options without a value, which Go accepts with one dash too. */
const BARE_OPTIONS: readonly string[] = ["help", "version"];

/** An option as it was written, or a word that is none. */
type Token =
  | { readonly kind: "option"; readonly name: string; readonly value: string | null }
  | { readonly kind: "word"; readonly text: string };

/**
 * Rewrites an argv. What it does not know stays as it is, for the parser to judge.
 *
 * @example
 * ```ts
 * import { rewriteArgv } from "./original_spelling.ts";
 *
 * const argv = rewriteArgv(["-listen_port=4000"]);
 * if (argv.join(" ") !== "master --listen=4000") throw new Error(argv.join(" "));
 * ```
 */
export function rewriteArgv(argv: readonly string[]): string[] {
  const hasNoCommand = argv[0]?.startsWith("-") === true;
  // What a shell's completion passes on is half a command line: not ours to judge.
  if (!hasNoCommand && argv[0] !== "master" && argv[0] !== "slave") return [...argv];
  const tokens = tokenize(argv);
  if (!hasNoCommand) return tokens.flatMap(spell);
  const meant = tokens.filter((token) => !isOff(token));
  const role = impliedRole(meant);
  return role === null ? tokens.flatMap(spell) : [role, ...meant.flatMap(spell)];
}

function tokenize(argv: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let i = 0; i < argv.length; i++) {
    const text = argv[i] ?? "";
    if (text === "--") return [...tokens, ...argv.slice(i).map(word)];
    const match = /^--?([A-Za-z][\w-]+)(?:=(.*))?$/s.exec(text);
    const name = match === null ? null : canonicalName(match[1] ?? "");
    if (match === null || name === null) {
      tokens.push(word(text));
      continue;
    }
    let value = match[2] ?? null;
    const next = argv[i + 1];
    const takesNext = value === null && !BARE_OPTIONS.includes(name) && next !== undefined &&
      !next.startsWith("--");
    if (takesNext) {
      value = next;
      i++;
    }
    tokens.push({ kind: "option", name, value });
  }
  return tokens;
}

/** The name as this program has it, or null when it is no option of either program. */
function canonicalName(written: string): string | null {
  const dashed = written.replaceAll("_", "-");
  const name = RENAMED.get(dashed) ?? dashed;
  return findOption(name) !== undefined || BARE_OPTIONS.includes(name) ? name : null;
}

/** The original took `--listen_port 0` and `--proxies ""` as "not given". */
function isOff(token: Token): boolean {
  if (token.kind === "word") return false;
  return token.value === "" || (token.name === "listen" && token.value === "0");
}

/** As in the original: who listens is the master. */
function impliedRole(tokens: readonly Token[]): Role | null {
  const has = (name: string): boolean =>
    tokens.some((token) => token.kind === "option" && token.name === name);
  if (has("listen")) return "master";
  return has("proxies") || has("targets") || has("proxy-target") ? "slave" : null;
}

function spell(token: Token): string[] {
  if (token.kind === "word") return [token.text];
  return [token.value === null ? `--${token.name}` : `--${token.name}=${token.value}`];
}

function word(text: string): Token {
  return { kind: "word", text };
}
