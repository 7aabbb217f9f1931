/**
 * Looks over a rewritten argv before it is parsed, for what a user most often gets wrong: a mistyped
 * command or option, an option of the other end, a missing value. The parser library has no
 * suggestions for options, and its messages quote whole arguments, which may hold a password.
 *
 * @module
 */

import { UsageError } from "../usage_error.ts";
import { findOption, optionsOf, type OptionSpec, type Role } from "./option_table.ts";
import { quoteProxy } from "./quote.ts";

const COMMANDS: readonly string[] = ["master", "slave", "help", "completion"];
const HELP_OPTIONS: readonly string[] = ["-h", "--help"];
const VERSION_OPTIONS: readonly string[] = ["-V", "--version"];

/**
 * Checks an argv and returns the one to parse: the same, or only the request for help or version
 * when there is one among mistakes. @throws {UsageError}
 */
export function checkArgv(argv: readonly string[]): readonly string[] {
  const command = argv[0] ?? "";
  if (HELP_OPTIONS.includes(command)) return ["--help"];
  if (VERSION_OPTIONS.includes(command)) return ["--version"];
  if (command.startsWith("-")) {
    throw new UsageError(
      `Cannot tell which end this is: type "bindlink master" or "bindlink slave" before the options`,
    );
  }
  if (!COMMANDS.includes(command)) throw unknownCommand(command);
  if (command !== "master" && command !== "slave") return argv;
  return checkOptions(command, argv);
}

function checkOptions(role: Role, argv: readonly string[]): readonly string[] {
  if (argv.some((text) => HELP_OPTIONS.includes(text))) return [role, "--help"];
  if (argv.some((text) => VERSION_OPTIONS.includes(text))) return ["--version"];
  const seen = new Set<string>();
  for (let i = 1; i < argv.length; i++) {
    const text = argv[i] ?? "";
    const match = /^--([^=]+)(=.*)?$/s.exec(text);
    if (match === null) {
      const what = text.startsWith("-") && text.length > 1 ? "option" : "argument";
      throw new UsageError(
        `Unexpected ${what} ${quoteProxy(text)}: "bindlink ${role} --help" lists what it takes`,
      );
    }
    const option = knownOption(match[1] ?? "", role);
    if (seen.has(option.name) && !option.isRepeatable) {
      throw new UsageError(`--${option.name} is given twice: leave one out`);
    }
    seen.add(option.name);
    if (match[2] !== undefined) continue;
    const value = argv[++i];
    if (value === undefined || value.startsWith("--")) {
      throw new UsageError(
        `--${option.name} needs a value: type --${option.name} ${option.metavar}`,
      );
    }
  }
  return argv;
}

function knownOption(name: string, role: Role): OptionSpec {
  const option = findOption(name);
  if (option === undefined) {
    const known = optionsOf(role).map((option) => option.name);
    const similar = mostSimilar(name, known);
    throw new UsageError(
      `Unknown option ${quoteProxy(`--${name}`)}: ` +
        (similar === null
          ? `"bindlink ${role} --help" lists the options`
          : `did you mean --${similar}?`),
    );
  }
  if (option.role !== null && option.role !== role) {
    throw new UsageError(`--${name} is an option of "bindlink ${option.role}", not of "${role}"`);
  }
  return option;
}

function unknownCommand(command: string): UsageError {
  const similar = mostSimilar(command, COMMANDS);
  const hint = similar === null ? "type master or slave" : `did you mean ${similar}?`;
  return new UsageError(`Unknown command ${quoteProxy(command)}: ${hint}`);
}

/** The candidate within a third of the word's length in edits, or of which the word is a beginning. */
function mostSimilar(word: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let bestEdits = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const isBeginning = word.length >= 3 && candidate.startsWith(word);
    const edits = isBeginning ? 1 : editDistance(word.slice(0, 64), candidate);
    if (edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
