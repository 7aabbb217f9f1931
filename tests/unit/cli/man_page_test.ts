import assert from "node:assert/strict";
import { COMMANDS } from "../../../src/cli/command_table.ts";
import { manPage } from "../../../src/cli/man_page.ts";
import { defaultOf, environmentName, readsEnvironment } from "../../../src/cli/option_spec.ts";
import { OPTIONS, optionsOf } from "../../../src/cli/option_table.ts";
import { VERSION } from "../../../src/version.ts";
import { readRoff } from "../../support/roff_reader.ts";
import { printed } from "./judge.ts";

const SOURCE = manPage("1.2.3");
const TEXT = readRoff(SOURCE);

/** What stands under a heading. */
function sectionOf(title: string): string {
  const parts = TEXT.split(/^\.SH /m);
  return parts.find((part) => part.startsWith(`${title}\n`)) ?? assert.fail(`no section ${title}`);
}

/** What stands under the heading of a command. */
function commandPart(name: string): string {
  const parts = sectionOf("COMMANDS").split(/^\.SS /m);
  const isHeading = (part: string): boolean =>
    part.split("\n")[0]?.replace(/( \[?[A-Z].*)?$/, "") === `bindlink ${name}`;
  return parts.find(isHeading) ?? assert.fail(`no command ${name}`);
}

Deno.test("manPage has the sections of a manual page in their order", () => {
  assert.deepEqual([...TEXT.matchAll(/^\.SH (.*)$/gm)].map(([, title]) => title), [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "COMMANDS",
    "OPTIONS",
    "ENVIRONMENT",
    "FILES",
    "EXIT STATUS",
    "EXAMPLES",
    "SEE ALSO",
  ]);
  // As whatis(1) wants it.
  assert.match(SOURCE, /^\.SH "NAME"\nbindlink \\- joins several .*[^.]$/m);
  assert.match(SOURCE, /^\.TH "BINDLINK" "1" "" "bindlink 1\.2\.3"/);
});

Deno.test("manPage has every command: brief, words, options by name, examples", () => {
  for (const command of COMMANDS) {
    const part = commandPart(command.name);
    assert.ok(sectionOf("SYNOPSIS").includes(`\nbindlink ${command.name}`), command.name);
    assert.ok(part.includes(command.brief), command.name);
    assert.ok(part.includes(command.description ?? ""), command.name);
    for (const { metavar, help } of command.words ?? []) {
      assert.ok(part.includes(`\n${metavar}\n${help}`), `${command.name} ${metavar}`);
    }
    for (const line of command.examples) assert.ok(part.includes(`\n${line}\n`), line);
    const listed = /^Options: (.*)\.$/m.exec(part)?.[1]?.split(", ") ?? [];
    assert.deepEqual(listed, optionsOf(command.name).map(({ name }) => `--${name}`));
  }
});

Deno.test("manPage has every option: value, help, choices, default, variable, commands", () => {
  const lines = sectionOf("OPTIONS").split("\n");
  for (const option of OPTIONS) {
    const term = `--${option.name}${option.metavar === null ? "" : ` ${option.metavar}`}`;
    const at = lines.indexOf(term);
    assert.ok(at > 0, term);
    const text = lines[at + 1] ?? "";
    assert.ok(text.startsWith(option.help), text);
    if (option.choices !== undefined) assert.ok(text.includes(option.choices.join(", ")), text);
    assert.ok(text.includes(`Taken by ${option.commands.join(", ")}.`), text);
    for (const command of option.commands) {
      const value = defaultOf(option, command);
      const after = readsEnvironment(option, command) ? "; BINDLINK_" : "]";
      if (value !== undefined) assert.ok(text.includes(`default ${value}${after}`), text);
      if (!readsEnvironment(option, command)) continue;
      assert.match(text, new RegExp(`[ [:]${environmentName(option.name)}(=yes)?\\]`));
    }
  }
});

Deno.test("manPage names the files and exit codes that came with configuration files and reload", () => {
  assert.match(sectionOf("FILES"), /\/etc\/bindlink\/master\.toml, \/etc\/bindlink\/slave\.toml/);
  assert.match(sectionOf("FILES"), /~\/\.config\/bindlink/);
  assert.match(sectionOf("ENVIRONMENT"), /XDG_CONFIG_HOME/);
  assert.match(sectionOf("EXIT STATUS"), /129/);
});

Deno.test("bindlink man prints the page of this version", async () => {
  const result = await printed("man");
  assert.deepEqual([result.stream, result.exitCode], ["stdout", 0]);
  assert.equal(result.text, manPage(VERSION));
});
