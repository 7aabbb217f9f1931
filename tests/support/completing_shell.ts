/**
 * Real shells that complete a command line with the script of `bindlink completion`. bindlink is
 * run from source, by a small program that stands in the shell's PATH.
 *
 * @module
 */

import { BINDLINK_FROM_SOURCE } from "./bindlink_process.ts";

/** The shells that there are scripts for. */
export type ShellName = "bash" | "zsh" | "fish";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Completes the last word of COMP_LINE as bash would at Tab. $1: the script. */
const BASH = `
source "$1"
read -ra COMP_WORDS <<< "$COMP_LINE"
[[ "$COMP_LINE" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
COMP_POINT=\${#COMP_LINE}
complete -p bindlink >/dev/null || exit 1
function=$(complete -p bindlink | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$function bindlink "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "\${COMPREPLY[@]}"
`;

/** Presses Tab in a zsh on a terminal of its own, where each word that is offered is printed. $1: the script. */
const ZSH = `
zmodload zsh/zpty
zpty shell zsh -f -i
read_until () { local text; while zpty -r shell text; do text=\${text%%[$'\\r\\n']*}; [[ $text == *$1 ]] && return; [[ $text == offered=* ]] && print -r -- \${text#offered=}; done }
zpty -w shell "
PROMPT= PS2= ; stty -echo; unsetopt zle_bracketed_paste
autoload -Uz compinit && compinit -D -u; source $1
compadd () {
  if [[ \\\${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd \\"\\$@\\"; return; fi
  local -a hits; builtin compadd -O hits \\"\\$@\\"
  for hit in \\$hits; do print; print -r -- offered=\\$hit; done
}
offer () { zle complete-word; print; print offered-all }; zle -N offer; bindkey '^I' offer
print read''y"
read_until ready
zpty -w -n shell "$COMP_LINE"$'\\t'
read_until offered-all
zpty -d shell
`;

/** Completes COMP_LINE. $argv[1]: the script. */
const FISH = `
source $argv[1]
complete -C "$COMP_LINE" | string replace -r '\\t.*' ''
true # nothing replaced is no failure
`;

/** How each is called: `-c TEXT NAME SCRIPT`, without the user's own settings. */
const COMMANDS: Readonly<Record<ShellName, readonly string[]>> = {
  bash: ["bash", "--norc", "-c", BASH, "bash"],
  zsh: ["zsh", "-f", "-c", ZSH, "zsh"],
  fish: ["fish", "--no-config", "-c", FISH],
};

/** A shell with our completion script. */
export class CompletingShell {
  readonly #name: ShellName;
  readonly #folder: string;

  /** @param folder an empty one, for program and script; the caller removes it */
  constructor(name: ShellName, folder: string) {
    this.#name = name;
    this.#folder = folder;
    const quoted = BINDLINK_FROM_SOURCE.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    Deno.mkdirSync(`${folder}/bin`);
    Deno.writeTextFileSync(
      `${folder}/bin/bindlink`,
      `#!/bin/sh\nexec ${quoted.join(" ")} "$@"\n`,
      { mode: 0o755 },
    );
  }

  /** Writes the script that bindlink prints for this shell. @returns its path. */
  async writeScript(): Promise<string> {
    const script = await this.#run(["bindlink", "completion", this.#name], "");
    await Deno.writeFile(this.#scriptPath, ENCODER.encode(script));
    return this.#scriptPath;
  }

  /** The words that are offered for a command line's last word. */
  async complete(line: string): Promise<string[]> {
    const output = await this.#run([...COMMANDS[this.#name], this.#scriptPath], line);
    return [...new Set(output.split("\n").filter((word) => word !== ""))].sort();
  }

  get #scriptPath(): string {
    return `${this.#folder}/completion.${this.#name}`;
  }

  async #run([program = "", ...args]: readonly string[], line: string): Promise<string> {
    const path = `${this.#folder}/bin:${Deno.env.get("PATH") ?? ""}`;
    const file = program === "bindlink" ? `${this.#folder}/bin/bindlink` : program;
    // A shell that waits for ever is to fail the test, not to hang it.
    const child = new Deno.Command("timeout", {
      args: ["30", file, ...args],
      cwd: this.#folder,
      // A home of its own: zsh and fish write there.
      env: { PATH: path, COMP_LINE: line, HOME: this.#folder, DENO_DIR: denoDir() },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    const { code, stdout, stderr } = await child.output();
    if (code !== 0) {
      throw new Error(`${program} ends with ${code} (124: too late): ${DECODER.decode(stderr)}`);
    }
    return DECODER.decode(stdout);
  }
}

/** Where the runtime's cache is: it would follow HOME. */
function denoDir(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`;
  return Deno.env.get("DENO_DIR") ?? `${cache}/deno`;
}
