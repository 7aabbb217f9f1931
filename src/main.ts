/**
 * From argv to an exit code: read the command line, run the daemon until a signal or a command to its
 * end, say what went wrong in one line.
 *
 * Exit codes: 0 done or stopped by a signal, 1 the system refused something, 2 asked wrongly,
 * 128 + signal when a second signal cut the shutdown short.
 *
 * @module
 */

import { type CommandLineResult, readCommandLine } from "./cli/command_line.ts";
import type { CommandLineInputs } from "./cli/inputs.ts";
import type { CommandRequest } from "./command_request.ts";
import type { DaemonOptions } from "./daemon_options.ts";
import { HangUps } from "./hang_ups.ts";
import { describeError, type Logger, setUpLog, wantsColors } from "./log.ts";
import { type SyncWriter, writeText } from "./text_output.ts";
import { UsageError } from "./usage_error.ts";
import { currentRuntime, VERSION, versionText } from "./version.ts";

/** How long a slow reader of help or an error is waited for, in milliseconds. */
const PRINT_PATIENCE_MS = 2000;

/** How the log is written. */
type LogStyle = Pick<DaemonOptions, "logLevel" | "logFormat">;

/** A run of the daemon. */
type RunRequest = Extract<CommandLineResult, { kind: "run" }>;

/** stderr(3). */
const STDERR_FD = 2;

const STOP_SIGNALS = [
  { name: "SIGINT", exitCode: 130 },
  { name: "SIGTERM", exitCode: 143 },
] as const;

/** Runs the program. @returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let request: CommandLineResult;
  let inputs: CommandLineInputs | null = null;
  const read = (): Promise<CommandLineResult> =>
    readCommandLine(argv, {
      environment: (name) => Deno.env.get(name),
      versionText: versionText(currentRuntime()),
      hasColors: wantsColors(Deno.stdout.isTerminal(), Deno.env.get("NO_COLOR")),
      columns: terminalColumns(),
      openInputs: async () => inputs ??= (await import("./cli/system_inputs.ts")).systemInputs(),
    });
  try {
    request = await read();
  } catch (error) {
    return reportFailure(error, false);
  }
  switch (request.kind) {
    case "run":
      return await runUntilSignal(request, async () => {
        const anew = await read();
        if (anew.kind !== "run") throw new Error("Invariant: the same command line is another");
        return anew;
      });
    case "command":
      return await runToEnd(request.request);
    case "print":
      writeText(Deno[request.stream], request.text, PRINT_PATIENCE_MS);
      return request.exitCode;
  }
}

/** A command that ends by itself; a signal ends it as any program. */
async function runToEnd(request: CommandRequest): Promise<number> {
  try {
    // Only here: help and version need neither keys nor state.
    const { runCommand } = await import("./commands/run_command.ts");
    return await runCommand(request);
  } catch (error) {
    return reportFailure(error, false);
  }
}

/** @param read reads the options anew */
async function runUntilSignal(
  { options, warnings }: RunRequest,
  read: () => Promise<RunRequest>,
): Promise<number> {
  const writer = await openLogWriter();
  const hasColors = wantsColors(Deno.stderr.isTerminal(), Deno.env.get("NO_COLOR"));
  const setLog = ({ logLevel: level, logFormat: format }: LogStyle): Logger =>
    setUpLog({ level, format, hasColors, writer });
  const logger = setLog(options);
  for (const warning of warnings) logger.warn(warning);
  using stop = new StopSignals(Deno.exit);
  try {
    // Only here: help and version need neither the engine nor its libraries.
    const { runDaemon } = await import("./run_daemon.ts");
    await runDaemon(options, {
      logger,
      signal: stop.signal,
      version: VERSION,
      configuration: { read, setLog, onAsked: (reload) => new HangUps(reload, Deno.exit) },
    });
    return 0;
  } catch (error) {
    return reportFailure(error, options.logLevel === "debug", writer);
  }
}

/**
 * Stderr for the log: without waiting for its reader where that can be had. Elsewhere, as on a system
 * without the C library we know, a reader that stands still stops the daemon.
 */
export async function openLogWriter(): Promise<SyncWriter> {
  try {
    // Only here: help and version need no C library.
    const { NonBlockingWriter } = await import("../ffi/nonblocking_writer.ts");
    return new NonBlockingWriter(STDERR_FD, { isTerminal: Deno.stderr.isTerminal() });
  } catch {
    return Deno.stderr;
  }
}

/** Turns the first signal into an abort; the second ends the process at once. */
export class StopSignals implements Disposable {
  readonly #controller = new AbortController();
  readonly #exit: (code: number) => void;
  readonly #listeners = STOP_SIGNALS.map(({ name, exitCode }) => ({
    name,
    listener: (): void => {
      if (this.signal.aborted) this.#exit(exitCode);
      this.#controller.abort();
    },
  }));

  /** Listens from now on, until disposed of. */
  constructor(exit: (code: number) => void) {
    this.#exit = exit;
    for (const { name, listener } of this.#listeners) Deno.addSignalListener(name, listener);
  }

  /** Aborts at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives the signals back to the system. */
  [Symbol.dispose](): void {
    for (const { name, listener } of this.#listeners) Deno.removeSignalListener(name, listener);
  }
}

function reportFailure(
  error: unknown,
  wantsStack: boolean,
  writer: SyncWriter = Deno.stderr,
): number {
  const isUsageError = error instanceof UsageError;
  const message = describeError(error).replace(/\s*\n\s*/g, " ");
  const stack = wantsStack && !isUsageError && error instanceof Error ? `${error.stack}\n` : "";
  writeText(writer, withoutTokens(`error: ${message}\n${stack}`), PRINT_PATIENCE_MS);
  return isUsageError ? 2 : 1;
}

/** A token typed in the wrong place (as a name, in a path) is quoted by whoever refuses it: not here, where it would be read. */
function withoutTokens(text: string): string {
  return text.replace(/bindlink[0-9]+_[A-Za-z0-9_-]{8,}/g, "***");
}

/** Width for the help, or 0; under `script` and in some CI a terminal says 0 x 0, or fails. */
function terminalColumns(): number {
  try {
    return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 0;
  } catch {
    return 0;
  }
}
