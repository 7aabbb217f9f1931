/**
 * The control socket: a Unix socket (0600) in the state directory, over which commands reach a running daemon. One request
 * per connection, as a line of JSON; the answer is a line too.
 *
 * @module
 */

import type { Logger } from "../log.ts";

/** Does what a request asks. Throwing an Error answers with its message. */
export type ControlHandler = (request: Readonly<Record<string, unknown>>) => unknown;

/** A listening control socket. */
export class ControlServer implements AsyncDisposable {
  /** @throws Error when it cannot listen. A stale socket of a dead process is taken over. */
  static start(
    _path: string,
    _handler: ControlHandler,
    _logger: Logger,
  ): Promise<ControlServer> {
    throw new Error("Invariant: not written yet");
  }

  /** Closes it and removes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    throw new Error("Invariant: not written yet");
  }
}
