/**
 * The only file that knows Optique, the command-line library: commands, help, shell completion and
 * the splitting of an argv into options. Values stay text here; build_request.ts judges them, so
 * that the command line and the environment have one judge.
 *
 * @module
 */

import { object, or } from "@optique/core/constructs";
import type { DocSection } from "@optique/core/doc";
import { runParserSync } from "@optique/core/facade";
import { formatMessage, lineBreak, type Message, text } from "@optique/core/message";
import { map, multiple } from "@optique/core/modifiers";
import type { Parser, Suggestion } from "@optique/core/parser";
import {
  argument,
  command,
  type CommandOptions,
  constant,
  flag,
  option,
} from "@optique/core/primitives";
import type { UsageTerm } from "@optique/core/usage";
import type { ValueParser } from "@optique/core/valueparser";
import {
  type ArgumentSpec,
  type CommandGroup,
  type CommandName,
  type CommandSpec,
  findCommand,
  findGroup,
  nextWords,
  usageWords,
  wordsOf,
} from "./command_table.ts";
import { completingShells } from "./library_words.ts";
import type { OptionSpec } from "./option_spec.ts";
import { optionsOf } from "./option_table.ts";
import { describeOption, optionNotes } from "./option_text.ts";
import {
  PROGRAM_BRIEF,
  PROGRAM_DESCRIPTION,
  PROGRAM_EXAMPLES,
  PROGRAM_FOOTER,
} from "./program_text.ts";
import { quoteProxy } from "./quote.ts";

/** The commands that are more than a text to print. */
export type TypedName = Exclude<CommandName, "man">;

/** A command as it was typed. */
export interface TypedCommand {
  readonly kind: "command";
  readonly name: TypedName;
  /** The words besides the options, e.g. a slave's name. */
  readonly words: readonly string[];
  /** Values as typed, by option name (a flag's is `yes`); without those that were not given. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** What an argv asks for. */
export type ParsedArgv =
  | TypedCommand
  /** Text to show: a help page, a completion script. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "version" }
  | { readonly kind: "man" }
  | { readonly kind: "error"; readonly message: string };

/** How help is to look. */
export interface HelpStyle {
  readonly hasColors: boolean;
  /** Width of the terminal in characters; 0 when it is none, which gets 80. */
  readonly columns: number;
}

/** Narrowest and widest help, in characters: an example that is cut in two cannot be copied. */
const MIN_COLUMNS = 80;
const MAX_COLUMNS = 100;

/** Parses a rewritten and checked argv. Never throws on any argv. */
export function parseArgv(argv: readonly string[], style: HelpStyle): ParsedArgv {
  const parser = commandsBehind([]);
  const lines: string[] = [];
  const shown = (): ParsedArgv => ({ kind: "text", text: lines.join("\n") + "\n" });
  return runParserSync<typeof parser, ParsedArgv, ParsedArgv>(parser, "bindlink", argv, {
    help: {
      command: true,
      option: { names: ["-h", "--help"] },
      // The library leaves the blank at which it has cut a line.
      onShow: (): ParsedArgv => ({
        kind: "text",
        text: `${lines.join("\n").replace(/ +$/gm, "")}\n`,
      }),
    },
    // The value is never shown: the caller prints its own text, which has several lines.
    version: {
      value: "-",
      option: { names: ["-V", "--version"] },
      onShow: (): ParsedArgv => ({ kind: "version" }),
    },
    completion: {
      command: { names: ["completion", "completions"] },
      shells: completingShells(argv),
      onShow: shown,
    },
    aboveError: "none",
    colors: style.hasColors,
    maxWidth: Math.max(MIN_COLUMNS, Math.min(MAX_COLUMNS, style.columns)),
    termWidth: "auto",
    usageLine: ROOT_USAGE,
    sectionOrder: keepOrder,
    brief: [text(PROGRAM_BRIEF)],
    description: [text(PROGRAM_DESCRIPTION)],
    examples: commandLines(PROGRAM_EXAMPLES),
    footer: [text(PROGRAM_FOOTER)],
    stdout: (shownText) => void lines.push(shownText),
    stderr: () => {},
    onError: (_exitCode, message): ParsedArgv => ({ kind: "error", message: oneLine(message) }),
  });
}

const ROOT_USAGE: readonly UsageTerm[] = [
  { type: "literal", value: "COMMAND" },
  { type: "literal", value: "[OPTION]..." },
];

/** Optique's own tuple of states is of no use here. */
type AnyParser<Value> = Parser<"sync", Value, unknown>;

/** All commands that begin with these words: they and the groups among them, as the table has them. */
function commandsBehind(begun: readonly string[]): AnyParser<ParsedArgv> {
  const parsers = nextWords(begun).map((word) => {
    const name = [...begun, word].join(" ");
    const spec = findCommand(name);
    if (spec !== undefined) return commandParser(spec);
    const group = findGroup(name);
    if (group === undefined) throw new Error(`Invariant: no group ${name}`);
    return groupParser(group);
  });
  return or(...parsers);
}

function groupParser(group: CommandGroup): AnyParser<ParsedArgv> {
  const words = wordsOf(group.name);
  return command(words.at(-1) ?? "", commandsBehind(words), {
    brief: [text(group.brief)],
    description: [text(group.brief)],
    footer: commandLines(["Examples:", ...group.examples.map((line) => `  ${line}`)]),
    usageLine: ROOT_USAGE,
  });
}

function commandParser(spec: CommandSpec): AnyParser<ParsedArgv> {
  const { name } = spec;
  const word = wordsOf(name).at(-1) ?? "";
  if (name === "man") return command(word, constant({ kind: "man" } as const), textsOf(spec));
  const fields: Record<string, AnyParser<readonly string[]>> = {};
  for (const option of optionsOf(name)) fields[option.name] = optionParser(option, name);
  const values = map(
    object({ words: wordsParser(spec), options: object(fields) }),
    ({ words, options }): TypedCommand => ({
      kind: "command",
      name,
      words,
      values: new Map(Object.entries(options).filter(([, given]) => given.length > 0)),
    }),
  );
  return command(word, values, textsOf(spec));
}

/** What a command's help says besides words and options. */
function textsOf(spec: CommandSpec): CommandOptions {
  return {
    brief: [text(spec.brief)],
    ...(spec.description === undefined
      ? {}
      : { description: [text(`${spec.brief} ${spec.description}`)] }),
    footer: commandLines(["Examples:", ...spec.examples.map((line) => `  ${line}`)]),
    usageLine: usageOf(spec),
  };
}

function usageOf(spec: CommandSpec): readonly UsageTerm[] {
  const words = [...usageWords(spec)];
  if (optionsOf(spec.name).length > 0) words.push("[OPTION]...");
  return words.map((value) => ({ type: "literal", value }));
}

/** The words besides options. check_argv.ts has counted already. */
function wordsParser({ words = [] }: CommandSpec): AnyParser<readonly string[]> {
  const [first, second] = words;
  if (first === undefined) return constant([]);
  if (second === undefined) return wordParser(first);
  const both = object({ one: wordParser(first), others: wordParser(second) });
  return map(both, ({ one, others }) => [...one, ...others]);
}

function wordParser(spec: ArgumentSpec): AnyParser<readonly string[]> {
  const value = textValue(spec.metavar, spec.choices ?? []);
  const word = argument(value, { description: [text(spec.help)] });
  return multiple(word, spec.isRepeatable === true ? {} : { max: 1 });
}

function optionParser(spec: OptionSpec, command: CommandName): AnyParser<readonly string[]> {
  const description = [text(describe(spec, command))];
  // check_argv.ts has counted already; this is the limit for shells' completion.
  const times = spec.isRepeatable === true ? {} : { max: 1 };
  if (spec.metavar === null) {
    const isSet = map(flag(`--${spec.name}`, { description }), () => "yes");
    return multiple(isSet, times);
  }
  const value = textValue(spec.metavar, spec.choices ?? []);
  return multiple(option(`--${spec.name}`, value, { description }), times);
}

/** Takes any text; knows the choices and what is a path, for the completion of shells. */
function textValue(metavar: string, choices: readonly string[]): ValueParser<"sync", string> {
  return {
    mode: "sync",
    metavar: metavar as ValueParser<"sync", string>["metavar"],
    placeholder: "",
    parse: (input) => ({ success: true, value: input }),
    format: (value) => value,
    *suggest(prefix: string): Iterable<Suggestion> {
      for (const choice of choices) {
        if (choice.startsWith(prefix)) yield { kind: "literal", text: choice };
      }
      if (metavar === "FILE") yield { kind: "file", type: "file", pattern: prefix };
      if (metavar === "DIR") yield { kind: "file", type: "directory", pattern: prefix };
    },
  };
}

function describe(spec: OptionSpec, command: CommandName): string {
  const notes = optionNotes(spec, command);
  return describeOption(spec) + (notes === "" ? "" : ` [${notes}]`);
}

function commandLines(lines: readonly string[]): Message {
  return lines.flatMap((line, i) => i === 0 ? [text(line)] : [lineBreak(), text(line)]);
}

/** What the library quotes of the argv goes through our own quoting, since it may hold a password. */
function oneLine(message: Message): string {
  const safe = message.map((term) => {
    if (term.type === "value") return text(quoteProxy(term.value));
    return term.type === "optionName" ? text(quoteProxy(term.optionName)) : term;
  });
  return formatMessage(safe, { colors: false, quotes: true }).replace(/\s*\n\s*/g, " ");
}

/** The order of the table is the order of the help. */
function keepOrder(_a: DocSection, _b: DocSection): number {
  return 0;
}
