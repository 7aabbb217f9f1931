/**
 * Looks over a rewritten argv before it is parsed, for what a user most often gets wrong: a mistyped
 * command or option, an option of another command, a missing value. The parser library has no
 * suggestions for options, and its messages quote whole arguments, which may hold a password.
 *
 * @module
 */

import { UsageError } from "../usage_error.ts";
import {
  type ArgumentSpec,
  commandOf,
  type CommandSpec,
  groupWordsOf,
  nextWords,
  usageWords,
  wordsOf,
} from "./command_table.ts";
import type { OptionSpec } from "./option_spec.ts";
import { findOption, optionsOf } from "./option_table.ts";
import { looksLikeToken, quoteProxy } from "./quote.ts";
import { mostSimilar } from "./similar_word.ts";

/** Words that the parser library brings. */
const OTHER_COMMANDS: readonly string[] = ["help", "completion", "completions"];
const HELP_OPTIONS: readonly string[] = ["-h", "--help"];
const VERSION_OPTIONS: readonly string[] = ["-V", "--version"];

/**
 * Checks an argv and returns the one to parse: the same, or only the request for help or version
 * when there is one among mistakes. @throws {UsageError}
 */
export function checkArgv(argv: readonly string[]): readonly string[] {
  const first = argv[0] ?? "";
  if (HELP_OPTIONS.includes(first)) return ["--help"];
  if (VERSION_OPTIONS.includes(first)) return ["--version"];
  if (first.startsWith("-")) {
    throw new UsageError(
      `Cannot tell which end this is: type "bindlink master" or "bindlink slave" before the options`,
    );
  }
  if (OTHER_COMMANDS.includes(first)) return argv;
  const wantsHelp = argv.some((text) => HELP_OPTIONS.includes(text));
  const command = commandOf(argv);
  if (command === undefined) {
    const group = groupWordsOf(argv);
    if (wantsHelp && group.length > 0) return [...group, "--help"];
    throw unknownCommand(group, argv[group.length]);
  }
  const path = wordsOf(command.name);
  if (wantsHelp) return [...path, "--help"];
  if (argv.some((text) => VERSION_OPTIONS.includes(text))) return ["--version"];
  checkWords(command, argv, path.length);
  return argv;
}

/** @param from where the command's own words and options begin */
function checkWords(command: CommandSpec, argv: readonly string[], from: number): void {
  const { words = [] } = command;
  const seen = new Set<string>();
  let given = 0;
  for (let i = from; i < argv.length; i++) {
    const text = argv[i] ?? "";
    const match = /^--([^=]+)(=.*)?$/s.exec(text);
    if (match === null) {
      const word = words[given] ?? (words.at(-1)?.isRepeatable ? words.at(-1) : undefined);
      if (word === undefined || !isArgument(text, word, command)) {
        throw unexpectedWord(text, command, argv);
      }
      given++;
      continue;
    }
    const option = knownOption(match[1] ?? "", command);
    if (seen.has(option.name) && option.isRepeatable !== true) {
      throw new UsageError(`--${option.name} is given twice: leave one out`);
    }
    seen.add(option.name);
    if (option.metavar === null) {
      if (match[2] === undefined) continue;
      throw new UsageError(`--${option.name} takes no value: type --${option.name} alone`);
    }
    if (match[2] !== undefined) continue;
    const value = argv[++i];
    if (value === undefined || value.startsWith("--")) {
      throw new UsageError(
        `--${option.name} needs a value: type --${option.name} ${option.metavar}`,
      );
    }
  }
  const missing = words[given];
  if (missing?.isRequired === true) {
    throw new UsageError(
      `"bindlink ${command.name}" needs a ${missing.metavar}: ` +
        `type bindlink ${command.name} ${usageWords(command).join(" ")}`,
    );
  }
}

/** A word that is no option and that the command may take. */
function isArgument(text: string, word: ArgumentSpec, command: CommandSpec): boolean {
  if (text === "-") return word.metavar === "TOKEN";
  if (text.startsWith("-")) return false;
  // Where a token may stand, a stray word is rather a mistyped option; but "join" is for little else.
  return word.metavar !== "TOKEN" || command.name === "join" || looksLikeToken(text);
}

function unexpectedWord(text: string, command: CommandSpec, argv: readonly string[]): UsageError {
  const advice = `"bindlink ${command.name} --help" lists what it takes`;
  const what = text.startsWith("-") && text.length > 1 ? "option" : "argument";
  const mayBeTokens = command.words?.[0]?.metavar === "TOKEN" &&
    (command.name === "join" || argv.some((word) => /bindlink\d/i.test(word)));
  return new UsageError(
    mayBeTokens && what === "argument"
      // It may be the other half of a token that a blank cut in two.
      ? `Unexpected argument besides the token: type the token in one piece; ${advice}`
      : `Unexpected ${what} ${quoteProxy(text)}: ${advice}`,
  );
}

function knownOption(name: string, command: CommandSpec): OptionSpec {
  const option = findOption(name);
  if (option === undefined) {
    const known = optionsOf(command.name).map((option) => option.name);
    const similar = mostSimilar(name, known);
    throw new UsageError(
      `Unknown option ${quoteProxy(`--${name}`)}: ` +
        (similar === null
          ? `"bindlink ${command.name} --help" lists the options`
          : `did you mean --${similar}?`),
    );
  }
  if (!optionsOf(command.name).includes(option)) {
    const owners = option.commands.map((owner) => `"bindlink ${owner}"`).join(", ");
    throw new UsageError(
      `--${option.name} is an option of ${owners}, not of "bindlink ${command.name}"`,
    );
  }
  return option;
}

/** @param group words that are right, if any. @param word what follows them; undefined: nothing does */
function unknownCommand(group: readonly string[], word: string | undefined): UsageError {
  const begun = ["bindlink", ...group].join(" ");
  const isInGroup = group.length > 0;
  const known = isInGroup ? nextWords(group) : [...nextWords([]), ...OTHER_COMMANDS];
  if (word === undefined || (isInGroup && word.startsWith("-"))) {
    return new UsageError(`"${begun}" needs a command: type ${begun} ${known.join("|")}`);
  }
  if (!isInGroup && looksLikeToken(word)) {
    return new UsageError(
      "A command is missing before the token: type bindlink slave TOKEN, or bindlink join TOKEN",
    );
  }
  const similar = mostSimilar(word, known);
  if (!isInGroup) {
    const hint = similar === null
      ? '"bindlink --help" lists the commands'
      : `did you mean ${similar}?`;
    return new UsageError(`Unknown command ${quoteProxy(word)}: ${hint}`);
  }
  const hint = similar === null
    ? `type one of ${known.join(", ")}`
    : `did you mean ${begun} ${similar}?`;
  return new UsageError(`Unknown command "${begun}" ${quoteProxy(word)}: ${hint}`);
}
