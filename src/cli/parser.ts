/**
 * The only file that knows Optique, the command-line library: commands, help, shell completion and
 * the splitting of an argv into options. Values stay text here; build_options.ts judges them, so
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
import { command, constant, option } from "@optique/core/primitives";
import type { UsageTerm } from "@optique/core/usage";
import type { ValueParser } from "@optique/core/valueparser";
import { environmentName, optionsOf, type OptionSpec, type Role } from "./option_table.ts";
import { quoteProxy } from "./quote.ts";

/** What an argv asks for. */
export type ParsedArgv =
  | {
    readonly kind: "run";
    readonly role: Role;
    /** Values as typed, by option name; without those that were not given. */
    readonly values: ReadonlyMap<string, readonly string[]>;
  }
  /** Text to show: a help page, a completion script. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "version" }
  | { readonly kind: "error"; readonly message: string };

/** How help is to look. */
export interface HelpStyle {
  readonly hasColors: boolean;
  /** Width of the terminal in characters; 0 when it is none. */
  readonly columns: number;
}

/** Narrowest and widest help, in characters. */
const MIN_COLUMNS = 60;
const MAX_COLUMNS = 100;

/** Parses a rewritten and checked argv. Never throws on any argv. */
export function parseArgv(argv: readonly string[], style: HelpStyle): ParsedArgv {
  const parser = or(roleCommand("master"), roleCommand("slave"));
  const lines: string[] = [];
  const shown = (): ParsedArgv => ({ kind: "text", text: lines.join("\n") + "\n" });
  return runParserSync<typeof parser, ParsedArgv, ParsedArgv>(parser, "bindlink", argv, {
    help: {
      command: true,
      option: { names: ["-h", "--help"] },
      onShow: shown,
    },
    // The value is never shown: the caller prints its own text, which has several lines.
    version: {
      value: "-",
      option: { names: ["-V", "--version"] },
      onShow: (): ParsedArgv => ({ kind: "version" }),
    },
    completion: { command: true, onShow: shown },
    aboveError: "none",
    colors: style.hasColors,
    maxWidth: Math.max(MIN_COLUMNS, Math.min(MAX_COLUMNS, style.columns || MAX_COLUMNS)),
    termWidth: "auto",
    usageLine: ROOT_USAGE,
    sectionOrder: keepOrder,
    brief: [text("bindlink joins several bad uplinks into one tunnel.")],
    description: [text(
      "A master runs on a well-connected server, a slave where the internet is bad. Traffic that " +
        "enters one side's tun device leaves the other side's.",
    )],
    examples: commandLines([
      "# on the server",
      "bindlink master --listen 4321",
      "# at home, with the SOCKS5 servers of two phones",
      "bindlink slave --proxies 192.168.43.1:1080,192.168.44.1:1080 --proxy-target 203.0.113.5:4321",
      "ping 10.10.10.1",
      "# completion for bash; also zsh, fish",
      'eval "$(bindlink completion bash)"',
    ]),
    footer: [text(
      'Every option has an environment variable, which "bindlink master --help" and ' +
        '"bindlink slave --help" name; the command line wins.',
    )],
    stdout: (shownText) => void lines.push(shownText),
    stderr: () => {},
    onError: (_exitCode, message): ParsedArgv => ({ kind: "error", message: oneLine(message) }),
  });
}

const ROOT_USAGE: readonly UsageTerm[] = [
  { type: "literal", value: "master|slave" },
  { type: "literal", value: "[OPTION VALUE]..." },
];

const BRIEFS: Readonly<Record<Role, string>> = {
  master: "Run the end with a good uplink: listens for the slave's links.",
  slave: "Run the end with bad uplinks: opens links to the master.",
};

const EXAMPLES: Readonly<Record<Role, readonly string[]>> = {
  master: [
    "bindlink master",
    "bindlink master --listen [2001:db8::5]:4321 --address 10.20.0.1/30 --address fd00::1/64",
    "# carry an SSH service to a machine without a tun device",
    "bindlink master --connect-tcp 127.0.0.1:22",
  ],
  slave: [
    "bindlink slave --proxies 192.168.43.1:1080 --proxy-target 203.0.113.5:4321",
    "# two ways to the master without a proxy",
    "bindlink slave --targets 203.0.113.5:4321,[2001:db8::5]:4321",
    "# a password stays out of the process list",
    "BINDLINK_PROXIES=socks5://me:s3cret@192.168.43.1:1080 bindlink slave --proxy-target " +
    "203.0.113.5:4321",
  ],
};

type RoleValues = Extract<ParsedArgv, { kind: "run" }>;

function roleCommand(role: Role): Parser<"sync", RoleValues, unknown> {
  const fields: Record<string, Parser<"sync", readonly string[], unknown>> = {};
  for (const spec of optionsOf(role)) {
    fields[spec.name] = multiple(
      option(`--${spec.name}`, textValue(spec), { description: [text(describe(spec, role))] }),
      // check_argv.ts has counted already; this is the limit for shells' completion.
      spec.isRepeatable ? {} : { max: 1 },
    );
  }
  const values = map(
    object({ role: constant(role), options: object(fields) }),
    ({ options }): RoleValues => ({
      kind: "run",
      role,
      values: new Map(Object.entries(options).filter(([, given]) => given.length > 0)),
    }),
  );
  return command(role, values, {
    brief: [text(BRIEFS[role])],
    footer: commandLines(["Examples:", ...EXAMPLES[role].map((line) => `  ${line}`)]),
    usageLine: [{ type: "literal", value: "[OPTION VALUE]..." }],
  });
}

/** Takes any text; knows the choices, for the completion of shells. */
function textValue(spec: OptionSpec): ValueParser<"sync", string> {
  return {
    mode: "sync",
    metavar: spec.metavar as ValueParser<"sync", string>["metavar"],
    placeholder: "",
    parse: (input) => ({ success: true, value: input }),
    format: (value) => value,
    *suggest(prefix: string): Iterable<Suggestion> {
      for (const choice of spec.choices ?? []) {
        if (choice.startsWith(prefix)) yield { kind: "literal", text: choice };
      }
    },
  };
}

function describe(spec: OptionSpec, role: Role): string {
  const parts = [spec.help];
  if (spec.choices !== undefined && spec.choices.length > 1) {
    parts.push(`One of ${spec.choices.join(", ")}.`);
  }
  if (spec.isRepeatable) parts.push("Can be repeated.");
  const notes = spec.defaults === null ? [] : [`default ${spec.defaults[role]}`];
  return `${parts.join(" ")} [${[...notes, environmentName(spec.name)].join("; ")}]`;
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
