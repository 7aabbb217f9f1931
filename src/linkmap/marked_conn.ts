/**
 * A TCP connection all of whose packets carry a mark (SO_MARK), the first one included: Deno's own can have none. For the control
 * connections of SOCKS5 proxies, and for links over TCP.
 *
 * @module
 */

import { BoundTcp } from "../../ffi/bound_tcp.ts";
import { Errno, SysError } from "../../ffi/errno.ts";
import { abortableSleep } from "../abortable_sleep.ts";
import type { NetAddress } from "../net_address.ts";
import type { Reactor, Watch } from "../reactor.ts";
import type { StreamConn } from "./stream_conn.ts";

/** How often it is asked whether the other end has answered, or has room, in ms: soon at first, less and less often. */
const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 20;

/** Most bytes of one read or write. */
const BUFFER_BYTES = 65_536;

/** What a {@link MarkedConn} works with. */
export interface MarkedConnOptions {
  /** 1..2^32-1 */
  readonly mark: number;
  readonly reactor: Reactor;
}

/** An open connection. */
export class MarkedConn implements StreamConn {
  readonly localAddr: Deno.NetAddr;
  readonly remoteAddr: Deno.NetAddr;
  readonly #tcp: BoundTcp;
  readonly #watch: Watch;
  #isClosed = false;

  private constructor(tcp: BoundTcp, remote: NetAddress, reactor: Reactor) {
    this.#tcp = tcp;
    this.localAddr = { transport: "tcp", ...tcp.localAddress() };
    this.remoteAddr = { transport: "tcp", hostname: remote.hostname, port: remote.port };
    this.#watch = reactor.watch(tcp.fd);
  }

  /** Connects. @throws one of Deno's errors or a SysError; the signal's reason. Nothing is left open then. */
  static async dial(
    { hostname, port }: NetAddress,
    signal: AbortSignal,
    { mark, reactor }: MarkedConnOptions,
  ): Promise<MarkedConn> {
    signal.throwIfAborted();
    let tcp: BoundTcp | null = null;
    try {
      tcp = new BoundTcp({ mark, bufferBytes: BUFFER_BYTES }, hostname, port);
      for (let lookMs = FIRST_LOOK_MS; !tcp.connect(); lookMs = later(lookMs)) {
        await abortableSleep(lookMs, signal);
        signal.throwIfAborted();
      }
      return new MarkedConn(tcp, { hostname, port }, reactor);
    } catch (error) {
      tcp?.close();
      throw asDenoError(error);
    }
  }

  /** As Deno's: null at the end. One call at a time. */
  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      this.#refuseClosed();
      const got = attempt(() => this.#tcp.receive(into.length));
      if (got !== null) {
        into.set(got);
        return got.length === 0 && into.length > 0 ? null : got.length;
      }
      await this.#watch.readable();
    }
  }

  /** As Deno's: some of the bytes, which are taken before it returns where there is room. */
  async write(bytes: Uint8Array): Promise<number> {
    for (let lookMs = FIRST_LOOK_MS;; lookMs = later(lookMs)) {
      this.#refuseClosed();
      const sent = attempt(() => this.#tcp.offer(bytes));
      if (sent > 0 || bytes.length === 0) return sent;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  setNoDelay(isOn = true): void {
    this.#tcp.setNoDelay(isOn);
  }

  setKeepAlive(isOn = true): void {
    this.#tcp.setKeepAlive(isOn);
  }

  /** A read or write that is under way is rejected. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch.close();
    this.#tcp.close();
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new Deno.errors.BadResource("Connection is closed");
  }
}

function later(lookMs: number): number {
  return Math.min(2 * lookMs, LONGEST_LOOK_MS);
}

function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw asDenoError(error);
  }
}

/** Whoever has Deno's connections knows its errors. */
function asDenoError(error: unknown): unknown {
  if (!(error instanceof SysError)) return error;
  const { message } = error;
  switch (error.errno) {
    case Errno.ECONNREFUSED:
      return new Deno.errors.ConnectionRefused(message, { cause: error });
    case Errno.ECONNRESET:
      return new Deno.errors.ConnectionReset(message, { cause: error });
    case Errno.EPIPE:
      return new Deno.errors.BrokenPipe(message, { cause: error });
    case Errno.ETIMEDOUT:
      return new Deno.errors.TimedOut(message, { cause: error });
    default:
      return error;
  }
}
