/**
 * Turns a command line as the original daemon took it into one that this program takes: Go's flags
 * (`-listen_port=4000`, `--listen_port 4000`), underscores in names, and no subcommand, since the
 * original was a master when it had a port to listen on. An option whose value may be left out gets it here. Pure.
 *
 * A command line without a subcommand is the original's, so it speaks the original's protocol: it
 * gets `--protocol=legacy`, at which the daemon warns. It has no token, and its other end may still
 * be the original. Not so when anything says otherwise: a protocol that is named, or an option that
 * only the secure protocol has, typed or in the environment; a script is never moved to the open
 * protocol against its word.
 *
 * One thing differs on purpose: the original served metrics on all interfaces, here
 * `--http_listen_port :8080` means 127.0.0.1:8080.
 *
 * @module
 */

import { commandOf, type Role } from "./command_table.ts";
import { environmentName } from "./option_spec.ts";
import { findOption, optionsOf } from "./option_table.ts";
import { looksLikeToken } from "./quote.ts";

/** Flags of the original whose name changed; the others only change `_` to `-`. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ["listen-port", "listen"],
  ["http-listen-port", "metrics"],
]);

/** Options of every command, without a value; Go accepts them with one dash too. */
const BARE_OPTIONS: readonly string[] = ["help", "version"];

/** An option as it was written, or a word that is none. */
type Token =
  | { readonly kind: "option"; readonly name: string; readonly value: string | null }
  | { readonly kind: "word"; readonly text: string };

/**
 * Rewrites an argv. What it does not know stays as it is, for the parser to judge.
 * @param environment reads an environment variable; an empty one counts as not set.
 *
 * @example
 * ```ts
 * import { rewriteArgv } from "./original_spelling.ts";
 *
 * const argv = rewriteArgv(["-listen_port=4000"], () => undefined);
 * if (argv.join(" ") !== "master --protocol=legacy --listen=4000") throw new Error(argv.join(" "));
 * ```
 */
export function rewriteArgv(
  argv: readonly string[],
  environment: (name: string) => string | undefined,
): string[] {
  const first = argv[0] ?? "";
  const hasNoCommand = first.startsWith("-");
  // What a shell's completion passes on is half a command line: not ours to judge.
  if (!hasNoCommand && commandOf(argv) === undefined) return [...argv];
  const tokens = tokenize(argv);
  if (!hasNoCommand) return tokens.flatMap(spell);
  const meant = tokens.filter((token) => !isOff(token));
  const role = impliedRole(meant);
  if (role === null) return tokens.flatMap(spell);
  const protocol = saysProtocol(role, meant, environment) ? [] : ["--protocol=legacy"];
  return [role, ...protocol, ...meant.flatMap(spell)];
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
    const takesNext = value === null && !isBare(name) && next !== undefined &&
      !next.startsWith("--") && !mayStandAlone(name, next);
    if (takesNext) {
      value = next;
      i++;
    }
    tokens.push({ kind: "option", name, value });
  }
  return tokens;
}

/** Whether an option takes no value. */
function isBare(name: string): boolean {
  return BARE_OPTIONS.includes(name) || findOption(name)?.metavar === null;
}

/** Whether an option whose value may be left out has none: what follows is something else. */
function mayStandAlone(name: string, next: string): boolean {
  return findOption(name)?.valueWhenAlone !== undefined &&
    (next.startsWith("-") || looksLikeToken(next));
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
  if (hasOption(tokens, "listen")) return "master";
  const isSlave = ["proxies", "targets", "proxy-target"].some((name) => hasOption(tokens, name));
  return isSlave ? "slave" : null;
}

/** Whether somebody names a protocol, a token, or an option that only the secure one has. */
function saysProtocol(
  role: Role,
  tokens: readonly Token[],
  environment: (name: string) => string | undefined,
): boolean {
  if (tokens.some((token) => token.kind === "word" && looksLikeToken(token.text))) return true;
  return optionsOf(role).some(({ name, protocol }) =>
    (name === "protocol" || protocol === "secure") &&
    (hasOption(tokens, name) || (environment(environmentName(name)) ?? "") !== "")
  );
}

function hasOption(tokens: readonly Token[], name: string): boolean {
  return tokens.some((token) => token.kind === "option" && token.name === name);
}

function spell(token: Token): string[] {
  if (token.kind === "word") return [token.text];
  const value = token.value ?? findOption(token.name)?.valueWhenAlone;
  return [value === undefined ? `--${token.name}` : `--${token.name}=${value}`];
}

function word(text: string): Token {
  return { kind: "word", text };
}
