/**
 * Commands for the daemons that run in a test: as real processes, or, where only the answer matters, over the socket.
 *
 * @module
 */

import { requestControl } from "../../src/control/control_client.ts";
import type { ControlRequest } from "../../src/control/control_message.ts";
import type { StatusReport } from "../../src/control/status_report.ts";
import { BINDLINK_FROM_SOURCE } from "./bindlink_process.ts";
import { runProgram } from "./process.ts";

/** Asks the one daemon of a state directory. */
export class ControlCommands {
  readonly #stateDir: string;
  readonly #socketName: string;

  constructor(stateDir: string, socketName: string) {
    this.#stateDir = stateDir;
    this.#socketName = socketName;
  }

  /** Runs a command to its end. @returns its stdout. @throws Error with all it said when it fails. */
  async run(...words: readonly string[]): Promise<string> {
    return await runProgram([...BINDLINK_FROM_SOURCE, ...words, "--state-dir", this.#stateDir]);
  }

  /** What `bindlink status --json` prints. */
  async status(): Promise<StatusReport> {
    return await this.ask({ command: "status" }) as StatusReport;
  }

  /** Asks over the socket. @returns the answer's result. */
  async ask(request: ControlRequest): Promise<unknown> {
    const path = `${this.#stateDir}/${this.#socketName}`;
    const answer = await requestControl(path, request);
    if (answer === null) throw new Error(`Nobody listens on ${path}`);
    return answer.result;
  }
}
