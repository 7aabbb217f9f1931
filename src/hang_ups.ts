/**
 * SIGHUP while a daemon runs: its configuration is to be read anew, unless its terminal is gone, which the same signal tells.
 *
 * @module
 */

/** Exit code of a process that SIGHUP ends: 128 + 1. */
const HANG_UP_EXIT_CODE = 129;

/** Whether a standard stream is a terminal now. */
export type TerminalProbe = () => boolean;

/** stdin, stdout and stderr. */
const STANDARD_STREAMS: readonly TerminalProbe[] = [
  () => Deno.stdin.isTerminal(),
  () => Deno.stdout.isTerminal(),
  () => Deno.stderr.isTerminal(),
];

/** Listens for SIGHUP until disposed of. */
export class HangUps implements Disposable {
  readonly #listener: () => void;

  /**
   * @param exit ends the process as the signal would without a listener: what was changed of the machine is undone at the next
   * start. Under nohup no stream is a terminal; then it never ends so.
   */
  constructor(
    reload: () => void,
    exit: (code: number) => void,
    streams: readonly TerminalProbe[] = STANDARD_STREAMS,
  ) {
    const terminals = streams.filter((isTerminal) => isTerminal());
    this.#listener = (): void => {
      if (terminals.every((isTerminal) => isTerminal())) reload();
      else exit(HANG_UP_EXIT_CODE);
    };
    Deno.addSignalListener("SIGHUP", this.#listener);
  }

  /** Gives the signal back to the system. */
  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGHUP", this.#listener);
  }
}
