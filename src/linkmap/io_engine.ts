/**
 * Which engine moves packets between the system and this program: `ffi`, many per system call, or `deno`, one by one.
 *
 * @module
 */

import { SysError } from "../../ffi/errno.ts";
import { Reactor } from "../reactor.ts";
import { describeError } from "../log.ts";
import { FastUdpSocket } from "./fast_udp_socket.ts";
import { MarkedConn } from "./marked_conn.ts";
import { dialByDeno, type TcpDialer } from "./stream_conn.ts";
import type { UdpBinder } from "./udp_port.ts";
import { UdpSocket } from "./udp_socket.ts";

/** One engine. */
export interface IoEngine {
  readonly name: "deno" | "ffi";
  /** Waits for its sockets, and for the tun. */
  readonly reactor: Reactor;
  readonly bindUdp: UdpBinder;
  readonly dialTcp: TcpDialer;
}

/** What is wanted of an engine. */
export interface IoEngineOptions {
  readonly io: "auto" | IoEngine["name"];
  /** Mark of all that its sockets send (SO_MARK), 1..2^32-1; not given: none. */
  readonly mark?: number | undefined;
}

/** The portable one: only the tun is waited for by its reactor. */
export const DENO_ENGINE: IoEngine = {
  name: "deno",
  reactor: new Reactor(),
  bindUdp: (options) => UdpSocket.bind(options),
  dialTcp: dialByDeno,
};

/** The fast one. @param mark of all that its sockets send. @throws Error when this machine does not have what it takes. */
export function openFfiEngine(mark?: number): IoEngine {
  const reactor = new Reactor();
  const bindUdp: UdpBinder = (options) => FastUdpSocket.bind({ ...options, mark }, reactor);
  const dialTcp: TcpDialer = mark === undefined
    ? dialByDeno
    : (address, signal) => MarkedConn.dial(address, signal, { mark, reactor });
  bindUdp({ hostname: "127.0.0.1", port: 0 }).close();
  return { name: "ffi", reactor, bindUdp, dialTcp };
}

/**
 * The engine that was asked for, as {@link chooseIoEngine}; with a mark, which only the fast one can set, that one or none.
 * @throws Error when it cannot be had.
 */
export function openIoEngine(
  { io, mark }: IoEngineOptions,
  onUnusable: (reason: string) => void,
): IoEngine {
  if (mark === undefined) return chooseIoEngine(io, onUnusable);
  try {
    return openFfiEngine(mark);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof SysError ? error.cause : error;
    throw new Error(`Cannot use --mark: ${describeError(cause)}`, { cause: error });
  }
}

/**
 * The engine that was asked for; by `auto` the fast one where it works.
 * @param onUnusable is told why it does not, by `auto`
 * @param openFfi opens the fast one; another one is for tests.
 * @throws Error when `ffi` was asked for and does not work.
 */
export function chooseIoEngine(
  io: IoEngineOptions["io"],
  onUnusable: (reason: string) => void,
  openFfi: () => IoEngine = openFfiEngine,
): IoEngine {
  if (io === "deno") return DENO_ENGINE;
  try {
    return openFfi();
  } catch (error) {
    if (io === "ffi") {
      throw new Error(`Cannot use --io ffi: ${describeError(error)}`, { cause: error });
    }
    onUnusable(describeError(error));
    return DENO_ENGINE;
  }
}
