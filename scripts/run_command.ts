/**
 * Runs programs for the scripts.
 *
 * @module
 */

/** How a program is run. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a program left behind. */
export interface CommandResult {
  readonly isSuccess: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, its output kept. A program that is not there is a failure as well. */
export async function tryCommand(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [program = "", ...args] = command;
  try {
    const output = await new Deno.Command(program, {
      args,
      stdin: "null",
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      // What a program says may end up in an error message.
      env: { NO_COLOR: "1", ...options.env },
    }).output();
    const decoder = new TextDecoder();
    return {
      isSuccess: output.success,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { isSuccess: false, stdout: "", stderr: `Cannot find the program "${program}"` };
  }
}

/** As {@link tryCommand}. @throws Error with what the program said, when it fails. */
export async function runCommand(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { isSuccess, stdout, stderr } = await tryCommand(command, options);
  if (!isSuccess) throw new Error(`Cannot run "${command.join(" ")}":\n${stderr || stdout}`);
  return stdout;
}
