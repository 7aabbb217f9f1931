/**
 * The master's sockets: one for each local address, so that every answer leaves from the address it
 * was asked on. (A socket bound to the wildcard answers from whichever address the route picks, and
 * a SOCKS relay or a NAT in between drops that answer.) Addresses that come and go are followed.
 *
 * @module
 */

import { isIP } from "node:net";
import type { Logger } from "../log.ts";
import type { DropCounters } from "../wire/drop_reason.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import { formatHostPort } from "../net_address.ts";
import { resolveHost } from "./resolve.ts";
import { UdpSocket } from "./udp_socket.ts";

/** Where to listen. */
export interface ListenSpec {
  /** Name or address; null for every address of the machine. */
  readonly host: string | null;
  readonly port: number;
}

/** What a {@link Listener} works with. */
export interface ListenerOptions {
  readonly listen: ListenSpec;
  readonly drops: DropCounters;
  readonly logger: Logger;
  /** Name of an interface whose addresses are left out: a link through the tunnel itself would be a loop. */
  readonly excludedInterface: string;
  /** Receives from a socket until it ends. Must not reject. */
  readonly pump: (socket: DatagramSocket) => Promise<void>;
  /** A socket is gone (its address left the machine). */
  readonly onSocketClosed: (socket: DatagramSocket) => void;
}

interface ServedSocket {
  readonly socket: UdpSocket;
  readonly ended: Promise<void>;
}

/** Sockets on a port, on one address or on all. */
export class Listener {
  readonly #options: ListenerOptions;
  /** By local address. */
  readonly #served = new Map<string, ServedSocket>();
  readonly #refused = new Set<string>();

  private constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /**
   * Binds.
   * @throws Error when a named address, or any address at all, cannot be bound, or when the port is
   * taken: then another master most likely runs already.
   */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    const { host, port } = options.listen;
    try {
      if (host === null) {
        for (const address of localAddresses(options.excludedInterface)) listener.#bind(address);
      } else {
        for (const { hostname } of await resolveHost({ host, port })) listener.#bind(hostname);
      }
      if (listener.#served.size === 0) {
        throw new Error(`Cannot listen on UDP port ${port}: this machine has no address`);
      }
    } catch (error) {
      await listener.close();
      throw error;
    }
    return listener;
  }

  /** Where it listens now, as text. */
  get addresses(): string[] {
    return [...this.#served.keys()].map((host) => formatHostPort(host, this.#options.listen.port));
  }

  /** Called every second or two: follows addresses that came or went. Never throws. */
  rescan(): void {
    if (this.#options.listen.host !== null) return;
    const present = new Set(localAddresses(this.#options.excludedInterface));
    for (const address of present) {
      if (!this.#served.has(address)) this.#tryBind(address);
    }
    for (const [address, { socket }] of this.#served) {
      if (!present.has(address)) socket.close();
    }
    for (const address of this.#refused) if (!present.has(address)) this.#refused.delete(address);
  }

  /** Closes all sockets and resolves when they have ended. */
  async close(): Promise<void> {
    const served = [...this.#served.values()];
    for (const { socket } of served) socket.close();
    await Promise.all(served.map(({ ended }) => ended));
  }

  /** An address that came later may not be usable yet (IPv6 duplicate detection): told once, tried again. */
  #tryBind(address: string): void {
    try {
      this.#bind(address);
      this.#refused.delete(address);
      this.#options.logger.info("Listening on a new address", { address });
    } catch (error) {
      if (this.#refused.has(address)) return;
      this.#refused.add(address);
      this.#options.logger.warn("Cannot listen on a new address yet", {
        address,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #bind(address: string): void {
    const { listen, drops } = this.#options;
    const socket = UdpSocket.bind({ hostname: address, port: listen.port, drops });
    this.#served.set(address, { socket, ended: this.#serve(address, socket) });
  }

  async #serve(address: string, socket: UdpSocket): Promise<void> {
    await this.#options.pump(socket);
    socket.close();
    this.#served.delete(address);
    this.#options.onSocketClosed(socket);
  }
}

/**
 * The machine's addresses. Link-local IPv6 is left out: it means nothing without a zone, which
 * `Deno.listenDatagram` does not take.
 */
function localAddresses(excludedInterface: string): string[] {
  return Deno.networkInterfaces()
    .filter(({ name, address }) =>
      name !== excludedInterface && isIP(address) !== 0 && !/^fe[89ab]/i.test(address)
    )
    .map(({ address }) => address);
}
