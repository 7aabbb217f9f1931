/**
 * A datagram socket through a SOCKS5 proxy: a UDP association (RFC 1928 §7) over the portable socket.
 *
 * The TCP connection that made the association is its life line: most proxies drop the relay when it
 * closes, and when the proxy closes it, the relay is gone. So its end is the socket's end.
 *
 * @module
 */

import { type DropCounters, DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import { type DatagramSlot, type DatagramSocket, swapPackets } from "./datagram_socket.ts";
import type { HostPort, NetAddress } from "../net_address.ts";
import {
  openAssociation,
  type Socks5Association,
  type Socks5AssociationOptions,
} from "./socks5_association.ts";
import { describeProxy, requestHost } from "./socks5_connect.ts";
import { craftUdpHeader, prependUdpHeader, stripUdpHeader } from "./socks5_udp_header.ts";
import { SocksError } from "./socks_error.ts";
import type { StreamConn } from "./stream_conn.ts";
import type { BoundUdpSocket } from "./udp_port.ts";

/** What a {@link Socks5Socket} needs. */
export interface Socks5SocketOptions extends Socks5AssociationOptions {
  /** The far end. A name is sent to the proxy, which resolves it. */
  readonly target: HostPort;
}

/** After the reply a proxy has nothing to say on the TCP connection; one that says more than this is broken. */
const MAX_UNASKED_BYTES = 1_024;

/** A UDP association with one target. */
export class Socks5Socket implements DatagramSocket {
  readonly transport = "udp";
  readonly label: string;
  /** The target as an address: what `send` sends to and all received datagrams come from. */
  readonly target: NetAddress;
  /** The proxy's relay, where the datagrams really go. */
  readonly relay: NetAddress;
  readonly #udp: BoundUdpSocket;
  readonly #control: StreamConn;
  readonly #drops: DropCounters;
  readonly #header: Uint8Array<ArrayBuffer>;
  readonly #proxyText: string;
  #failure: Error | null = null;
  #isClosed = false;

  private constructor(
    association: Socks5Association,
    header: Uint8Array<ArrayBuffer>,
    options: Socks5SocketOptions,
  ) {
    const { target, proxy, drops } = options;
    this.#proxyText = describeProxy(proxy);
    this.label = `socks5 ${this.#proxyText}`;
    this.target = { hostname: target.host, port: target.port };
    this.relay = association.relay;
    this.#udp = association.udp;
    this.#control = association.control;
    this.#drops = drops;
    this.#header = header;
    this.#watchControl();
  }

  /**
   * Makes an association with the target; see {@link openAssociation}.
   * @throws SocksError when the proxy can't be reached, does not answer in time, breaks the protocol
   * or refuses; UsageError when the target's name can't be sent; Error when the proxy's name does
   * not resolve. Nothing is left open then.
   */
  static async open(options: Socks5SocketOptions): Promise<Socks5Socket> {
    const { host, port } = options.target;
    const header = craftUdpHeader({ host: requestHost(host), port });
    return new Socks5Socket(await openAssociation(options), header, options);
  }

  /** See {@link DatagramSocket.failure}. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** See {@link DatagramSocket.localHostname}: the control connection's. */
  get localHostname(): string {
    return this.#control.localAddr.hostname;
  }

  /** See {@link DatagramSocket.lastSendError}. */
  get lastSendError(): Error | null {
    return this.#udp.lastSendError;
  }

  /** Hot. See {@link DatagramSocket.send}. All datagrams go to {@link target}; `_dst` is not looked at. */
  send(packet: Packet, _dst: NetAddress): number {
    const start = packet.start;
    const headroom = prependUdpHeader(packet, this.#header);
    if (headroom < 0) return headroom;
    const result = this.#udp.send(packet, this.relay);
    packet.start = start;
    return result;
  }

  /** See {@link DatagramSocket.receive}. One call at a time. */
  async receive(slots: readonly DatagramSlot[]): Promise<number> {
    for (;;) {
      const received = await this.#udp.receive(slots);
      if (received === 0) {
        if (!this.#isClosed) this.#fail(this.#udp.failure ?? new Error("UDP socket closed"));
        return 0;
      }
      const kept = this.#keepGood(slots, received);
      if (kept > 0) return kept;
    }
  }

  /** See {@link DatagramSocket.close}. Ends the association at the proxy. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#udp.close();
    this.#control.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hot. Strips the headers and closes the gaps of what is dropped. @returns slots kept, from the first on. */
  #keepGood(slots: readonly DatagramSlot[], received: number): number {
    let kept = 0;
    for (let i = 0; i < received; i++) {
      const slot = slots[i]!;
      const result = this.#check(slot);
      if (result < 0) {
        this.#drops.count(result as DropReason);
        continue;
      }
      const into = slots[kept++]!;
      if (into !== slot) swapPackets(into, slot);
      into.source = this.target;
    }
    return kept;
  }

  /** Hot. */
  #check(slot: DatagramSlot): number {
    const { source } = slot;
    if (source.port !== this.relay.port || source.hostname !== this.relay.hostname) {
      return DropReason.WRONG_SOURCE;
    }
    return stripUdpHeader(slot.packet);
  }

  /** Waits for the end of the TCP connection. Never rejects. */
  async #watchControl(): Promise<void> {
    const buffer = new Uint8Array(256);
    let unaskedBytes = 0;
    let reason = "closed its control connection";
    try {
      while (unaskedBytes <= MAX_UNASKED_BYTES) {
        const count = await this.#control.read(buffer);
        if (count === null) break;
        unaskedBytes += count;
      }
      if (unaskedBytes > MAX_UNASKED_BYTES) reason = "sent data where none belongs";
    } catch (error) {
      reason = `lost its control connection: ${
        error instanceof Error ? error.message : String(error)
      }`;
    }
    if (!this.#isClosed) {
      this.#fail(new SocksError(`SOCKS5 proxy ${this.#proxyText} ${reason}`));
    }
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.close();
  }
}
