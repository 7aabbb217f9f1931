/**
 * One of this machine's addresses as a socket of its own, though it is served by one that is bound to the wildcard: what is sent over it
 * leaves from that address. Links lead over it as over any other; it is gone when its address is.
 *
 * @module
 */

import type { LocalAddress } from "../../ffi/local_address.ts";
import { formatAddress, type NetAddress } from "../net_address.ts";
import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import type { BoundUdpSocket, OutgoingBytes } from "./udp_port.ts";

/** An address that was asked, or may be. */
export class AskedSocket implements BoundUdpSocket {
  readonly localAddress: NetAddress;
  readonly transport = "udp";
  readonly label: string;
  failure: Error | null = null;
  /** Resolves when it is closed, or has failed. */
  readonly ended: Promise<void>;
  /** How the kernel names the address; null until it was asked. */
  local: LocalAddress | null = null;
  readonly #udp: BoundUdpSocket;
  readonly #resolveEnded: () => void;
  #isClosed = false;

  /** @param udp is bound to the wildcard; stays its opener's. */
  constructor(udp: BoundUdpSocket, hostname: string) {
    this.#udp = udp;
    this.localAddress = { hostname, port: udp.localAddress.port };
    this.label = `udp ${formatAddress(this.localAddress)}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** See {@link DatagramSocket.lastSendError}: of all addresses together. */
  get lastSendError(): Error | null {
    return this.#udp.lastSendError;
  }

  /** See {@link DatagramSocket.forbidsFragments}. */
  get forbidsFragments(): boolean {
    return this.#udp.forbidsFragments ?? false;
  }

  /** Hot. See {@link DatagramSocket.send}. */
  send(packet: OutgoingBytes, dst: NetAddress): number {
    if (this.#isClosed) return DropReason.CLOSED;
    return this.#udp.sendFrom!(packet, dst, this.local);
  }

  /** Hot. See {@link DatagramSocket.lend}. */
  lend(lengthBytes: number, dst: NetAddress): Packet | null {
    return this.#isClosed ? null : this.#udp.lend?.(lengthBytes, dst, this.local) ?? null;
  }

  /** See {@link DatagramSocket.sendFragmentable}. */
  sendFragmentable(packet: OutgoingBytes, dst: NetAddress): number {
    if (this.#isClosed) return DropReason.CLOSED;
    return this.#udp.sendFragmentable!(packet, dst, this.local);
  }

  /** What comes in is handed out by the wildcard's socket: here is only the end. */
  async receive(): Promise<number> {
    await this.ended;
    return 0;
  }

  /** The wildcard's socket has ended by itself. */
  fail(reason: Error | null): void {
    if (!this.#isClosed) this.failure = reason;
    this.close();
  }

  /** See {@link DatagramSocket.close}. The wildcard's socket stays open. */
  close(): void {
    this.#isClosed = true;
    this.#resolveEnded();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
