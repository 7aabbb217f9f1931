/**
 * Which engine moves packets between the system and this program: `ffi`, many per system call, or `deno`, one by one.
 *
 * @module
 */

import { Reactor } from "../reactor.ts";
import { describeError } from "../log.ts";
import { FastUdpSocket } from "./fast_udp_socket.ts";
import type { UdpBinder } from "./udp_port.ts";
import { UdpSocket } from "./udp_socket.ts";

/** One engine. */
export interface IoEngine {
  readonly name: "deno" | "ffi";
  /** Waits for its sockets, and for the tun. */
  readonly reactor: Reactor;
  readonly bindUdp: UdpBinder;
}

/** The portable one: only the tun is waited for by its reactor. */
export const DENO_ENGINE: IoEngine = {
  name: "deno",
  reactor: new Reactor(),
  bindUdp: (options) => UdpSocket.bind(options),
};

/** The fast one. @throws Error when this machine does not have what it takes. */
export function openFfiEngine(): IoEngine {
  const reactor = new Reactor();
  const bindUdp: UdpBinder = (options) => FastUdpSocket.bind(options, reactor);
  bindUdp({ hostname: "127.0.0.1", port: 0 }).close();
  return { name: "ffi", reactor, bindUdp };
}

/**
 * The engine that was asked for; by `auto` the fast one where it works.
 * @param onUnusable is told why it does not, by `auto`
 * @param openFfi opens the fast one; another one is for tests.
 * @throws Error when `ffi` was asked for and does not work.
 */
export function chooseIoEngine(
  io: "auto" | IoEngine["name"],
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
