/**
 * A master's sockets on the wildcards, one for each family, where the engine can serve all addresses by them.
 *
 * @module
 */

import { Errno, SysError } from "../../ffi/errno.ts";
import type { AskedSocket } from "./asked_socket.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import { WildcardSocket, type WildcardSocketOptions } from "./wildcard_socket.ts";

/** What {@link WildcardSockets} work with. */
export interface WildcardSocketsOptions extends Omit<WildcardSocketOptions, "hostname"> {
  /** Receives from a socket until it ends. Must not reject. */
  readonly pump: (socket: DatagramSocket) => Promise<void>;
  readonly onSocketClosed: (socket: DatagramSocket) => void;
}

/** The sockets of one port. */
export class WildcardSockets {
  readonly #options: WildcardSocketsOptions;
  /** By wildcard. */
  readonly #sockets = new Map<string, WildcardSocket>();
  readonly #pumps = new Set<Promise<void>>();

  private constructor(options: WildcardSocketsOptions) {
    this.#options = options;
  }

  /**
   * A kernel without IPv6 has one socket only.
   * @throws Error where one cannot be had: the portable engine, a kernel that does not know the option, a program that has the port
   * on an address of its own. Nothing is left open then.
   */
  static open(
    options: WildcardSocketsOptions,
    { hasIpv6 }: { readonly hasIpv6: boolean },
  ): WildcardSockets {
    const sockets = new WildcardSockets(options);
    sockets.#open("0.0.0.0");
    try {
      if (hasIpv6) sockets.#open("::");
    } catch (error) {
      if (isWithoutIpv6(error)) return sockets;
      void sockets.close();
      throw error;
    }
    return sockets;
  }

  /** A socket for one address; its family's is opened anew when it has failed. @throws Error when that cannot be had now. */
  serve(address: string): AskedSocket {
    const hostname = address.includes(":") ? "::" : "0.0.0.0";
    const socket = this.#sockets.get(hostname);
    const isOpen = socket !== undefined && !socket.isClosed;
    return (isOpen ? socket : this.#open(hostname)).serve(address);
  }

  /** Resolves when they have ended. */
  async close(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.close();
    await Promise.all(this.#pumps);
  }

  #open(hostname: string): WildcardSocket {
    const socket = WildcardSocket.open({ ...this.#options, hostname });
    this.#sockets.set(hostname, socket);
    const pumping = this.#pump(socket).finally(() => this.#pumps.delete(pumping));
    this.#pumps.add(pumping);
    return socket;
  }

  async #pump(socket: WildcardSocket): Promise<void> {
    await this.#options.pump(socket);
    socket.close();
    this.#options.onSocketClosed(socket);
  }
}

/** Whether the kernel has no IPv6 at all. */
function isWithoutIpv6(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof SysError && cause.errno === Errno.EAFNOSUPPORT;
}
