/**
 * Completion of what the parser library brings itself, `help` and `completion`: it completes neither.
 *
 * @module
 */

import { bash, fish, nu, pwsh, type ShellCompletion, zsh } from "@optique/core/completion";
import type { Suggestion } from "@optique/core/parser";
import { nextWords } from "./command_table.ts";

/** The shells that there are scripts for. */
const SHELLS: Readonly<Record<string, ShellCompletion>> = { bash, fish, nu, pwsh, zsh };

/** The library's commands, and the words that each takes. */
const WORDS: Readonly<Record<string, () => readonly string[]>> = {
  help: () => nextWords([]),
  completion: () => Object.keys(SHELLS),
};

/** The shells, which offer what an argv such as `completion bash help ma` lacks, too. */
export function completingShells(argv: readonly string[]): Record<string, ShellCompletion> {
  const words = missingWords(argv.slice(2));
  const missing = words.map((text): Suggestion => ({ kind: "literal", text }));
  return Object.fromEntries(
    Object.entries(SHELLS).map(([name, shell]) => [name, {
      name,
      generateScript: (program, args) => shell.generateScript(program, args),
      encodeSuggestions: (found) => shell.encodeSuggestions([...found, ...missing]),
    }]),
  );
}

/** @param typed what stands behind `bindlink`; the last one is to be completed */
function missingWords(typed: readonly string[]): readonly string[] {
  const [first = "", second] = typed;
  const known = second === undefined ? Object.keys(WORDS) : WORDS[first]?.() ?? [];
  const isOurs = typed.length === 1 || typed.length === 2;
  return isOurs ? known.filter((word) => word.startsWith(typed.at(-1) ?? "")) : [];
}
