/**
 * Completion in real shells, and the man page in the programs that show it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { COMMANDS, nextWords } from "../../src/cli/command_table.ts";
import { optionsOf } from "../../src/cli/option_table.ts";
import { manPage } from "../../src/cli/man_page.ts";
import { LINK_MODES } from "../../src/multiplexer/link_settings.ts";
import { CompletingShell, type ShellName } from "../support/completing_shell.ts";
import { findProgram } from "../support/requirements.ts";
import { TempDir } from "../support/temp_dir.ts";

const SHELLS: readonly ShellName[] = ["bash", "zsh", "fish"];

for (const name of SHELLS) {
  Deno.test({
    name: `completion in ${name}: commands, options, values, files`,
    ignore: findProgram(name) === null,
    fn: async () => {
      using temp = new TempDir();
      const folder = temp.path;
      const shell = new CompletingShell(name, folder);
      const script = await shell.writeScript();
      const check = await new Deno.Command(name, { args: ["-n", script], stderr: "piped" })
        .output();
      assert.ok(check.success, new TextDecoder().decode(check.stderr));
      await Deno.writeTextFile(`${folder}/laptop.token`, "");
      const [commands, slave, modes, link, files] = await Promise.all([
        shell.complete("bindlink "),
        shell.complete("bindlink slave --"),
        shell.complete("bindlink slave --mode "),
        shell.complete("bindlink link s"),
        shell.complete("bindlink join --token-file lap"),
      ]);
      const words = (all: readonly string[]): string[] => all.filter((it) => !it.startsWith("-"));
      assert.deepEqual(words(commands), [...nextWords([]), "completion", "help"].sort());
      const known = optionsOf("slave").map((option) => `--${option.name}`);
      for (const option of known) assert.ok(slave.includes(option), `${option}: ${slave}`);
      assert.deepEqual(modes, [...LINK_MODES].sort());
      assert.deepEqual(link, ["set"]);
      assert.deepEqual(files, ["laptop.token"]);
    },
  });
}

for (
  const [program, args] of [
    ["groff", ["-ww", "-man", "-Tutf8"]],
    ["man", ["-l", "--warnings"]],
  ] as const
) {
  Deno.test({
    name: `the man page: ${program} shows it without a warning`,
    ignore: findProgram(program) === null,
    fn: async () => {
      using temp = new TempDir();
      const folder = temp.path;
      const path = `${folder}/bindlink.1`;
      await Deno.writeTextFile(path, manPage("1.2.3"));
      const { success, stdout, stderr } = await new Deno.Command(program, {
        args: [...args, path],
        env: { MANWIDTH: "80", MANPAGER: "cat", LC_ALL: "C.UTF-8" },
      }).output();
      assert.equal(new TextDecoder().decode(stderr), "");
      assert.ok(success);
      // Overstruck letters are bold or underlined; escapes are colors.
      // deno-lint-ignore no-control-regex
      const text = new TextDecoder().decode(stdout).replace(/.\x08|\x1b\[[0-9;]*m/g, "");
      for (const { name } of COMMANDS) assert.match(text, new RegExp(`^ +bindlink ${name}`, "m"));
      for (const { name } of optionsOf("slave")) {
        assert.match(text, new RegExp(`^ +--${name}\\b`, "m"));
      }
    },
  });
}
