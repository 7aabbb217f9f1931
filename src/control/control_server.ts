/**
 * The control socket: a Unix socket (0600) in the state directory, over which commands reach a running daemon. One request
 * per connection, as a line of JSON; the answer is a line too.
 *
 * Who may connect is whom the socket's mode lets: connect(2) needs write permission on it (unix(7)). It has that mode before
 * it can be reached: it is bound under a name nobody knows, with a umask that leaves 0600, and only then renamed to its own.
 * The renaming also takes a dead process's socket over in one step (a slave, which has no lock, makes a link in its place), and keeps
 * Deno, which removes the path it bound when a listener closes, from removing the socket of a daemon that was started meanwhile.
 *
 * @module
 */

import { dirname } from "node:path";

import { closeQuietly } from "../close_quietly.ts";
import type { Logger } from "../log.ts";
import { UsageError } from "../usage_error.ts";
import { VERSION } from "../version.ts";
import {
  CONTROL_VERSION,
  type ControlRequest,
  LineError,
  MAX_REQUEST_BYTES,
  parseMessage,
  readLine,
  writeLine,
} from "./control_message.ts";
import { checkSocketPath, inodeOf, removeSocket } from "./socket_path.ts";

/** Does what a request asks. Throwing an Error answers with its message. */
export type ControlHandler = (request: ControlRequest) => unknown;

/** Limits, shorter in tests. */
export interface ControlLimits {
  /** How long one connection may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Connections at a time; more wait in the kernel's queue. */
  readonly maxConnections: number;
}

/** A listening control socket. */
export class ControlServer implements AsyncDisposable {
  readonly #path: string;
  readonly #listener: Deno.UnixListener;
  readonly #handler: ControlHandler;
  readonly #logger: Logger;
  readonly #limits: ControlLimits;
  /** Open connections, each with the promise of its end. */
  readonly #open = new Map<Deno.UnixConn, Promise<void>>();
  readonly #accepting: Promise<void>;
  /** Of the socket's file: another daemon may have taken the path since. */
  readonly #inode: number | null;
  /** Rejects when the server is closed: what is being done then is not waited for. */
  readonly #closed = Promise.withResolvers<never>();
  #isClosed = false;

  private constructor(
    path: string,
    handler: ControlHandler,
    logger: Logger,
    { limits, place }: { readonly limits: ControlLimits; readonly place: Place },
  ) {
    this.#path = path;
    this.#handler = handler;
    this.#logger = logger;
    this.#limits = limits;
    this.#listener = listenPrivately(path, place);
    this.#inode = inodeOf(path);
    this.#closed.promise.catch(() => {});
    this.#accepting = this.#acceptAll();
  }

  /**
   * Listens. The caller holds the state directory's lock, so whatever stands at `path` is a dead process's.
   * @throws Error when it cannot listen.
   */
  static start(
    path: string,
    handler: ControlHandler,
    logger: Logger,
    limits: ControlLimits = LIMITS,
  ): Promise<ControlServer> {
    try {
      const server = new ControlServer(path, handler, logger, { limits, place: Deno.renameSync });
      return Promise.resolve(server);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Listens where nobody else does, without a lock.
   * @param dead the file at `path` that is known to be a dead process's, by {@link inodeOf}
   * @returns null when something else stands at `path`.
   * @throws Error when it cannot listen.
   */
  static startNew(
    path: string,
    handler: ControlHandler,
    logger: Logger,
    dead: number | null,
  ): ControlServer | null {
    const place: Place = (temporary, to) => {
      // Now, and not before: until here the new socket cannot have got the dead one's inode.
      removeSocket(to, dead);
      // Fails when there is something: of two that start at once, one has the name.
      Deno.linkSync(temporary, to);
      Deno.removeSync(temporary);
    };
    try {
      return new ControlServer(path, handler, logger, { limits: LIMITS, place });
    } catch (error) {
      if (error instanceof Error && error.cause instanceof Deno.errors.AlreadyExists) return null;
      throw error;
    }
  }

  /** Closes it and removes the file; requests under way are cut, and what they asked for is not waited for. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#closed.reject(new Deno.errors.Interrupted("the daemon ends"));
      removeSocket(this.#path, this.#inode);
      this.#listener.close();
      for (const connection of this.#open.keys()) closeQuietly(connection);
    }
    await this.#accepting;
    await Promise.all(this.#open.values());
  }

  async #acceptAll(): Promise<void> {
    while (!this.#isClosed) {
      if (this.#open.size >= this.#limits.maxConnections) {
        await Promise.race(this.#open.values());
        continue;
      }
      try {
        const connection = await this.#listener.accept();
        this.#open.set(connection, this.#serve(connection));
      } catch (error) {
        if (this.#isClosed) return;
        this.#logger.warn("Control socket cannot accept a connection", { error });
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  async #serve(connection: Deno.UnixConn): Promise<void> {
    const timer = setTimeout(() => closeQuietly(connection), this.#limits.timeoutMs);
    try {
      await writeLine(connection, await this.#answer(connection));
    } catch (error) {
      // Gone, too slow, or cut by us: only it is concerned.
      this.#logger.debug("Control connection ended without an answer", { error });
    } finally {
      clearTimeout(timer);
      closeQuietly(connection);
      this.#open.delete(connection);
    }
  }

  async #answer(connection: Deno.UnixConn): Promise<ControlRequest> {
    try {
      const request = parseMessage(await readRequest(connection));
      checkVersion(request);
      const result = await Promise.race([this.#handler(request), this.#closed.promise]);
      return { v: CONTROL_VERSION, result: result ?? null };
    } catch (error) {
      if (!(error instanceof Error) || isConnectionError(error)) throw error;
      const kind = error instanceof UsageError ? "usage" : "failure";
      return { v: CONTROL_VERSION, error: error.message, kind };
    }
  }
}

async function readRequest(connection: Deno.UnixConn): Promise<string> {
  try {
    return await readLine(connection, MAX_REQUEST_BYTES);
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    throw new Error(`Cannot read control request: ${error.message}`);
  }
}

function checkVersion(request: ControlRequest | null): asserts request is ControlRequest {
  if (request === null || typeof request.v !== "number" || typeof request.command !== "string") {
    throw new Error(
      "Cannot read control request: it is not a line of JSON with a version and a command",
    );
  }
  if (request.v !== CONTROL_VERSION) {
    throw new Error(
      `The running daemon (bindlink ${VERSION}) does not understand this program's commands: ` +
        (request.v > CONTROL_VERSION
          ? "it is older; restart it with this version"
          : "this program is older; update it"),
    );
  }
}

/** The connection's own errors, which nobody is left to be told of. */
function isConnectionError(error: Error): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}

/** Gives a socket its own name. @throws Deno's errors */
type Place = (temporary: string, path: string) => void;

/** Binds under another name, 0600 from birth, and gives it its own. @throws Error */
function listenPrivately(path: string, place: Place): Deno.UnixListener {
  const action = `listen on control socket ${JSON.stringify(path)}`;
  const temporary = `${dirname(path)}/${TEMPORARY}${Deno.pid.toString(36)}-${serial++}`;
  checkSocketPath(action, path.length > temporary.length ? path : temporary);
  removeLeftovers(dirname(path));
  // Nothing else of this process runs until the mask is back; work on other threads may only make a file too private.
  const umaskBefore = Deno.umask(0o177);
  let listener: Deno.UnixListener;
  try {
    listener = Deno.listen({ transport: "unix", path: temporary });
  } catch (error) {
    throw new Error(`Cannot ${action}`, { cause: error });
  } finally {
    Deno.umask(umaskBefore);
  }
  try {
    place(temporary, path);
    return listener;
  } catch (error) {
    listener.close();
    throw new Error(`Cannot ${action}`, { cause: error });
  }
}

/** Sockets that a daemon left which was killed between binding and renaming; a young one may be about to be renamed. */
function removeLeftovers(folder: string): void {
  try {
    for (const entry of Deno.readDirSync(folder)) {
      if (!entry.name.startsWith(TEMPORARY)) continue;
      const path = `${folder}/${entry.name}`;
      const { isSocket, mtime } = Deno.lstatSync(path);
      const ageMs = Date.now() - (mtime?.getTime() ?? 0);
      if (isSocket === true && ageMs >= LEFTOVER_AGE_MS) Deno.removeSync(path);
    }
  } catch {
    // They are harmless.
  }
}

/** Binding and renaming take less than a millisecond. */
const LEFTOVER_AGE_MS = 60_000;

let serial = 0;

/** Short: with a process id and a number it is no longer than `master.sock`, for paths of sockets are bounded. */
const TEMPORARY = ".s-";

const LIMITS: ControlLimits = { timeoutMs: 5_000, maxConnections: 16 };

/** After a failure to accept, most likely for want of file descriptors, in milliseconds. */
const ACCEPT_PAUSE_MS = 500;
