/**
 * The command line's readers over the system: files, stdin, the state directory.
 *
 * @module
 */

import { resolve } from "node:path";
import { readStoredJoin } from "../state/join_store.ts";
import { defaultStateDir } from "../state/state_dir.ts";
import { defaultConfigDir } from "./config_dir.ts";
import type { CommandLineInputs, ConfigText } from "./inputs.ts";
import { quotePath } from "./quote.ts";

/** Most that is read of a file or of stdin, in bytes: a token or key has a few hundred. */
const MAX_TEXT_BYTES = 65_536;

/** What is read from; a part of `Deno.stdin`. */
export interface TextSource {
  readSync(buffer: Uint8Array): number | null;
  isTerminal(): boolean;
}

/** Readers of this process's files and stdin. */
export function systemInputs(): CommandLineInputs {
  let stdin: string | null = null;
  const environment = (name: string): string | undefined => Deno.env.get(name);
  const files = new TextFiles();
  return {
    readFile: (path) => files.read(path),
    // Once: there is nothing more when the options are read again.
    readStdin: () => stdin ??= readText(Deno.stdin, promptForToken),
    absolutePath: (path) => resolve(path),
    defaultStateDir: () => {
      return defaultStateDir(environment, Deno.uid(), Deno.build.os, environment("HOME"));
    },
    defaultConfigFile: (role) => {
      const folder = defaultConfigDir({ environment, uid: Deno.uid(), os: Deno.build.os });
      return folder === null ? null : `${folder}/${role}.toml`;
    },
    readConfigFile: (path) => readConfigFile(path, files),
    readStoredJoin,
  };
}

/**
 * Reads files, and pipes once, such as a shell's `<(...)`: there is nothing more in them when the options are read again, and who
 * waited for it would hold up the tunnel.
 */
class TextFiles {
  /** What was in each pipe, by path; null: it was a file. */
  readonly #seen = new Map<string, string | null>();

  /** Whether it was read before. */
  has(path: string): boolean {
    return this.#seen.has(path);
  }

  /** @throws Error when it cannot be read. */
  read(path: string): string {
    const { isFile, isDirectory } = Deno.statSync(path);
    const isPipe = !isFile && !isDirectory;
    const before = this.#seen.get(path);
    if (isPipe && typeof before === "string") return before;
    if (isPipe && before === null) throw new Error("it was a file at the start, and is none now");
    const text = readTextFile(path);
    this.#seen.set(path, isPipe ? text : null);
    return text;
  }
}

function readConfigFile(path: string, files: TextFiles): ConfigText | null {
  try {
    const text = files.read(path);
    const { mode } = Deno.statSync(path);
    return { text, isReadableByOthers: mode !== null && (mode & S_IROTH) !== 0 };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    if (!files.has(path)) return null;
    // Deleted, or being replaced: a daemon that reads its options anew must not take it for one that says nothing.
    throw new Error(`${quotePath(path)} was there before, and is gone: put it back, or restart`);
  }
}

/** inode(7): others may read. */
const S_IROTH = 0o004;

/** A text file, or a pipe, of which the size is not known before. */
function readTextFile(path: string): string {
  using file = Deno.openSync(path);
  return readText(file, () => {});
}

/**
 * Reads a source to its end; a terminal, which has none, up to the end of a line that is not empty.
 * @param prompt called before a terminal is read. @throws Error when there is too much.
 */
export function readText(source: TextSource, prompt: () => void): string {
  const bytes = new Uint8Array(MAX_TEXT_BYTES + 1);
  const isTerminal = source.isTerminal();
  if (isTerminal) prompt();
  let length = 0;
  for (;;) {
    const count = source.readSync(bytes.subarray(length));
    if (count === null || count === 0) break;
    length += count;
    if (length > MAX_TEXT_BYTES) throw new Error(`It has more than ${MAX_TEXT_BYTES} bytes`);
    if (isTerminal && bytes[length - 1] === LINE_FEED && decode(bytes, length).trim() !== "") break;
  }
  return decode(bytes, length);
}

const LINE_FEED = 0x0a;

function decode(bytes: Uint8Array, length: number): string {
  return new TextDecoder().decode(bytes.subarray(0, length));
}

/** On stderr, and without a line's end: what is pasted follows it. */
function promptForToken(): void {
  Deno.stderr.writeSync(new TextEncoder().encode("Paste the token and press Enter: "));
}
