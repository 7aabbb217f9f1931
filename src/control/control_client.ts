/**
 * Asks a running daemon over its control socket.
 *
 * @module
 */

import { closeQuietly } from "../close_quietly.ts";
import { fileError } from "../state/state_error.ts";
import { UsageError } from "../usage_error.ts";
import {
  CONTROL_VERSION,
  type ControlRequest,
  LineError,
  MAX_ANSWER_BYTES,
  parseMessage,
  readLine,
  writeLine,
} from "./control_message.ts";
import { checkSocketPath } from "./socket_path.ts";

/** What a daemon answered. */
export interface ControlAnswer {
  readonly result: unknown;
}

/** How a request is sent. */
export interface RequestOptions {
  /** Whom it is for, in messages; `master` by default. */
  readonly whom?: string;
  /** How long the answer is waited for; longer than the daemon's own limit, so that it can still say what was wrong. */
  readonly timeoutMs?: number;
}

/**
 * Sends a request and waits for its answer.
 * @returns null when nobody listens: no socket, or a dead process's.
 * @throws UsageError what the daemon finds wrongly asked. Error: what it could not do; no access; no answer in time.
 */
export async function requestControl(
  path: string,
  request: ControlRequest,
  { whom = "master", timeoutMs = TIMEOUT_MS }: RequestOptions = {},
): Promise<ControlAnswer | null> {
  const action = `reach the running ${whom} by ${JSON.stringify(path)}`;
  checkSocketPath(action, path);
  const connection = await connect(path, `running ${whom}`);
  if (connection === null) return null;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    closeQuietly(connection);
  }, timeoutMs);
  let line: string;
  try {
    await writeLine(connection, { v: CONTROL_VERSION, ...request });
    line = await readLine(connection, MAX_ANSWER_BYTES);
  } catch (error) {
    // That the connection was closed is our own doing then, and no cause.
    const cause = isLate ? {} : { cause: error };
    throw new Error(`Cannot ${action}: ${whyNoAnswer(error, isLate, timeoutMs)}`, cause);
  } finally {
    clearTimeout(timer);
    closeQuietly(connection);
  }
  return readAnswer(parseMessage(line), action);
}

/** Whether somebody listens there: no, when a process left it that is dead. @throws Error: no access */
export async function isListening(path: string): Promise<boolean> {
  const connection = await connect(path, "daemon");
  if (connection !== null) closeQuietly(connection);
  return connection !== null;
}

async function connect(path: string, whom: string): Promise<Deno.UnixConn | null> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused) {
      return null;
    }
    throw fileError(`reach the ${whom} by`, path, error);
  }
}

function whyNoAnswer(error: unknown, isLate: boolean, timeoutMs: number): string {
  if (isLate) {
    return `no answer within ${
      timeoutMs / 1000
    } s: it is stopped (Ctrl-Z, SIGSTOP) or stuck; kill -CONT ` +
      "lets a stopped one go on, else restart it";
  }
  return error instanceof LineError
    ? "it ended, or closed the connection, before it answered"
    : "the connection broke";
}

function readAnswer(answer: ControlRequest | null, action: string): ControlAnswer {
  if (typeof answer?.error === "string") {
    throw answer.kind === "usage" ? new UsageError(answer.error) : new Error(answer.error);
  }
  if (answer === null || !("result" in answer)) {
    throw new Error(`Cannot ${action}: its answer is not understood; is it of another version?`);
  }
  return { result: answer.result };
}

const TIMEOUT_MS = 10_000;
