/**
 * The machine as routing sees and changes it: `ip`, `nft`, and the kernel's settings. A port: the tests have a fake.
 *
 * @module
 */

import { describeError } from "../log.ts";
import type { Command, CommandRunner } from "./command.ts";
import { CommandError, commandFailed, programMissing } from "./command_error.ts";

/** A machine whose routes, rules, firewall and settings are set. */
export interface Machine {
  readonly run: CommandRunner;
  /** Content of a file below /proc, without blanks around it; null when there is none. */
  readProc(path: string): string | null;
  /** Content of a file; null when there is none, or it cannot be read. */
  readFile(path: string): string | null;
  /** Names in a folder below /proc; none when there is no such folder. */
  listProc(path: string): readonly string[];
  /** Sets a setting of the kernel, by its path below /proc/sys. @throws CommandError */
  writeSysctl(path: string, value: string): void;
}

/** This machine. */
export const THIS_MACHINE: Machine = { run, readProc, readFile, listProc, writeSysctl };

/** Where these programs are, also for a user whose PATH does not say so. */
const SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin";

async function run(command: Command): Promise<string> {
  const output = await outputOf(command);
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  if (!output.success) throw commandFailed(command, text(output.stderr));
  return text(output.stdout);
}

async function outputOf(command: Command): Promise<Deno.CommandOutput> {
  const PATH = `${Deno.env.get("PATH") ?? "/usr/bin:/bin"}:${SYSTEM_FOLDERS}`;
  try {
    return await new Deno.Command(command.program, {
      args: [...command.args],
      // What they say is read.
      env: { PATH, LC_ALL: "C" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw programMissing(command);
    throw new CommandError(`Cannot run "${command.program}": ${describeError(error)}`);
  }
}

function readProc(path: string): string | null {
  return readFile(`/proc/${path}`)?.trim() ?? null;
}

function readFile(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}

function listProc(path: string): readonly string[] {
  try {
    return [...Deno.readDirSync(`/proc/${path}`)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

function writeSysctl(path: string, value: string): void {
  try {
    Deno.writeTextFileSync(`/proc/sys/${path}`, value, { create: false });
  } catch (error) {
    const setting = `${path.replaceAll("/", ".")}=${value}`;
    throw new CommandError(
      `Cannot set ${setting}: ${describeError(error)} (run bindlink as root; in a container, ` +
        `whoever starts it sets it: docker run --sysctl ${setting})`,
    );
  }
}
