/**
 * What installing a service needs of the machine, and fakes in tests: files, users, systemd.
 *
 * @module
 */

import { SERVICE_STATE_DIR } from "../service/unit_text.ts";
import { writeStoredJoin } from "../state/join_store.ts";
import { ownAsDirectory } from "../state/state_file.ts";

/** The machine. All throw Error, with what the system said. */
export interface ServiceHost {
  readonly isRoot: boolean;
  /** Whether systemd is what started this machine; sd_booted(3). */
  readonly hasSystemd: boolean;
  /** The executable that runs now; null: it is no bindlink, but runs from source. */
  readonly program: string | null;
  /** E.g. `6.1.0-18-amd64`. */
  readonly kernelRelease: string;
  readFile(path: string): string | null;
  /** Writes a file whole or not at all; folders are made, 0755. @param group whose it is besides root's; null: root's. */
  writeFile(path: string, text: string, access: FileAccess): void;
  /** Lets a group read a file, unless all can; without right of its own to change it. */
  letGroupRead(path: string, gid: number): void;
  /** Stores a token for the service, without options. @returns what is to be warned of, in sentences. */
  storeToken(token: string): readonly string[];
  /** Copies an executable, 0755, in place of what runs from there. */
  copyProgram(from: string, to: string): void;
  /** @returns false: there was none. */
  removeFile(path: string): boolean;
  /** Runs a program to its end. @returns what it wrote to stdout. */
  run(command: readonly string[]): Promise<string>;
}

/** Who may read a file. */
export interface FileAccess {
  readonly mode: number;
  /** Group id; null: the folder's owner has the file. */
  readonly gid: number | null;
}

/** This machine. */
export function systemHost(): ServiceHost {
  return {
    isRoot: Deno.build.os !== "windows" && Deno.uid() === 0,
    hasSystemd: isDirectory("/run/systemd/system"),
    program: Deno.build.standalone ? Deno.execPath() : null,
    kernelRelease: Deno.osRelease(),
    readFile,
    writeFile,
    letGroupRead,
    storeToken: (token) => writeStoredJoin(SERVICE_STATE_DIR, { token, options: {} }),
    copyProgram: (from, to): void => {
      Deno.copyFileSync(from, `${to}.new`);
      Deno.chmodSync(`${to}.new`, 0o755);
      Deno.renameSync(`${to}.new`, to);
    },
    removeFile: (path): boolean => {
      try {
        Deno.removeSync(path);
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    },
    run: runProgram,
  };
}

function readFile(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function letGroupRead(path: string, gid: number): void {
  const { mode } = Deno.statSync(path);
  if (mode === null || (mode & 0o004) !== 0) return;
  // In this order: with the mode first, another group could read it.
  Deno.chownSync(path, null, gid);
  Deno.chmodSync(path, (mode & 0o7770) & ~0o020 | 0o040);
}

function makeFolder(path: string): void {
  if (isDirectory(path)) return;
  Deno.mkdirSync(path, { recursive: true });
  // Whatever root's umask is: the service has to get to what is in it.
  Deno.chmodSync(path, 0o755);
}

function writeFile(path: string, text: string, { mode, gid }: FileAccess): void {
  const temporary = `${path}.${crypto.randomUUID()}.new`;
  makeFolder(path.slice(0, path.lastIndexOf("/")));
  try {
    // Closed to others until it is whose it is to be.
    Deno.writeTextFileSync(temporary, text, { mode: 0o600, createNew: true });
    if (gid === null) ownAsDirectory(temporary);
    else Deno.chownSync(temporary, 0, gid);
    Deno.chmodSync(temporary, mode);
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was not made.
    }
    throw error;
  }
}

async function runProgram(command: readonly string[]): Promise<string> {
  const [program = "", ...args] = command;
  let result: Deno.CommandOutput;
  try {
    result = await new Deno.Command(program, { args, stdin: "null" }).output();
  } catch (cause) {
    throw new Error(`Cannot run ${program}`, { cause });
  }
  const decoder = new TextDecoder();
  if (result.success) return decoder.decode(result.stdout);
  const said = decoder.decode(result.stderr).trim().split("\n").filter((line) => line !== "");
  throw new Error(
    `"${command.join(" ")}" failed: ${said.join("; ") || `exit code ${result.code}`}`,
  );
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
