/**
 * `bindlink man`: the manual page bindlink(1), made from the tables of commands and options. Pure.
 *
 * @module
 */

import { type CommandName, COMMANDS, type CommandSpec, usageWords } from "./command_table.ts";
import type { OptionSpec } from "./option_spec.ts";
import { OPTIONS, optionsOf } from "./option_table.ts";
import { describeOption, optionNotes } from "./option_text.ts";
import {
  PROGRAM_BRIEF,
  PROGRAM_DESCRIPTION,
  PROGRAM_EXAMPLES,
  PROGRAM_FOOTER,
} from "./program_text.ts";
import { RoffPage } from "./roff.ts";

/** What the environment says besides options: name, meaning. */
const OTHER_VARIABLES: readonly (readonly [string, string])[] = [
  ["STATE_DIRECTORY", "systemd's: the state directory when --state-dir is not given."],
  [
    "CONFIGURATION_DIRECTORY",
    "systemd's: where the configuration file is looked for when --config is not given.",
  ],
  ["XDG_CONFIG_HOME", "Of users other than root: the configuration file is in bindlink in it."],
  ["XDG_STATE_HOME", "Of users other than root: the state directory is bindlink in it."],
  ["NO_COLOR", "When it is not empty: no colors in help and log."],
];

/** The files that are read and written: path, meaning. */
const FILES: readonly (readonly [string, string])[] = [
  ["/etc/bindlink/master.toml, /etc/bindlink/slave.toml", "Configuration files of root."],
  ["~/.config/bindlink", "Where those of others are."],
  ["/var/lib/bindlink", "State directory of root."],
  ["~/.local/state/bindlink", "State directory of others."],
  [
    "STATE/master.json",
    "A master's key and its slaves. With a lost key all slaves need new tokens.",
  ],
  ["STATE/slave.json", 'What "bindlink join" stored: token and options.'],
  [
    "STATE/master-changes.json, STATE/slave-changes.json",
    "What a running daemon has changed of this machine, for the next start to undo after a crash.",
  ],
  ["/dev/net/tun", "Where the tun device is made."],
];

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ["0", "Done, or ended by SIGINT or SIGTERM; for doctor: no fault was found."],
  ["1", "Something it cannot do without is missing; for doctor: a fault was found."],
  ["2", "Wrong options."],
  ["129", "The terminal of a running master or slave was closed."],
  ["130, 143", "A second SIGINT or SIGTERM cut the shutdown short."],
];

/** Other pages: name, section. */
const SEE_ALSO: readonly (readonly [string, number])[] = [
  ["ip", 8],
  ["nft", 8],
  ["ping", 8],
  ["setcap", 8],
  ["systemd", 1],
];

/** The whole page in roff. @param version e.g. `0.1.0` */
export function manPage(version: string): string {
  const page = new RoffPage("bindlink", 1, `bindlink ${version}`);
  page.section("NAME");
  page.nameLine("bindlink", PROGRAM_BRIEF.replace(/^bindlink /, "").replace(/\.$/, ""));
  page.section("SYNOPSIS");
  page.synopsis([
    ...COMMANDS.map((command) => [`bindlink ${command.name}`, shapeOf(command)] as const),
    ["bindlink help", "[COMMAND]"],
    ["bindlink completion", "bash|zsh|fish"],
  ]);
  page.section("DESCRIPTION");
  page.paragraph(PROGRAM_DESCRIPTION);
  page.paragraph(PROGRAM_FOOTER);
  page.section("COMMANDS");
  for (const command of COMMANDS) writeCommand(page, command);
  page.subsection("bindlink help [COMMAND]");
  page.paragraph("Show the help of the program, or of a command, as --help does.");
  page.subsection("bindlink completion bash|zsh|fish");
  page.paragraph("Print a script that completes commands, options and their values in that shell.");
  page.section("OPTIONS");
  for (const option of OPTIONS) writeOption(page, option);
  page.entry("-h, --help", "", "Show help; of any command.");
  page.entry("-V, --version", "", "Show the version; of any command.");
  page.section("ENVIRONMENT");
  page.paragraph(
    "Each option has a variable, named above in brackets: BINDLINK_ and the option's name in " +
      'capitals, - as _. An empty one counts as not set. The command line wins. "bindlink link add" ' +
      "takes the links from the command line only.",
  );
  for (const [name, text] of OTHER_VARIABLES) page.entry(name, "", text);
  page.section("FILES");
  for (const [path, text] of FILES) page.entry(path, "", text);
  page.section("EXIT STATUS");
  for (const [code, text] of EXIT_CODES) page.entry(code, "", text);
  page.section("EXAMPLES");
  page.code(PROGRAM_EXAMPLES);
  page.section("SEE ALSO");
  page.paragraph(SEE_ALSO.map(([name, section]) => `${name}(${section})`).join(", "));
  return page.toString();
}

/** What follows a command's name. */
function shapeOf(command: CommandSpec): string {
  const words = [...usageWords(command)];
  if (optionsOf(command.name).length > 0) words.push("[OPTION]...");
  return words.join(" ");
}

function writeCommand(page: RoffPage, command: CommandSpec): void {
  page.subsection(`bindlink ${command.name} ${shapeOf(command)}`.trimEnd());
  page.paragraph([command.brief, command.description ?? ""].join(" ").trimEnd());
  for (const { metavar, help } of command.words ?? []) page.entry("", metavar, help);
  const options = optionsOf(command.name).map(({ name }) => `--${name}`);
  if (options.length > 0) page.paragraph(`Options: ${options.join(", ")}.`);
  page.code(command.examples);
}

function writeOption(page: RoffPage, option: OptionSpec): void {
  const owners = option.commands.join(", ");
  const text = `${describeOption(option)} Taken by ${owners}. ${notesOf(option)}`;
  page.entry(`--${option.name}`, option.metavar ?? "", text.trimEnd());
}

/** Default and variable, once where they are the same for all of the option's commands. */
function notesOf(option: OptionSpec): string {
  const byNotes = new Map<string, CommandName[]>();
  for (const command of option.commands) {
    const notes = optionNotes(option, command);
    if (notes !== "") byNotes.set(notes, [...byNotes.get(notes) ?? [], command]);
  }
  const isSame = byNotes.size === 1;
  return [...byNotes].map(([notes, commands]) =>
    isSame ? `[${notes}]` : `[${commands.join(", ")}: ${notes}]`
  ).join(" ");
}
