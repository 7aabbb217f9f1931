/**
 * A fake network that writes down what passes, loses, delays and holds back what it is told to, and has NATs.
 *
 * @module
 */

import { type FakeDatagramSocket, FakeNetwork } from "./fake_datagram_socket.ts";
import { formatAddress, type NetAddress } from "../../src/net_address.ts";
import type { DatagramType } from "../../src/wire/datagram_header.ts";

/** A datagram under way, with the addresses that its receiver sees. */
export interface TappedDatagram {
  readonly bytes: Uint8Array;
  readonly source: NetAddress;
  readonly dst: NetAddress;
}

/** The network. */
export class TappedNetwork extends FakeNetwork {
  /** All datagrams so far, the lost ones too. */
  readonly passed: TappedDatagram[] = [];
  /** Says which datagrams are lost. */
  isLost: (datagram: TappedDatagram) => boolean = () => false;
  /** How long a datagram takes, in ms. */
  delayMsOf: (datagram: TappedDatagram) => number = () => 0;
  /** Address behind a NAT -> address outside. */
  readonly #outside = new Map<string, NetAddress>();
  readonly #inside = new Map<string, NetAddress>();

  /** How often anything was sent or taken from a socket: while it grows, something is under way. */
  activity = 0;

  override bind(address: NetAddress): FakeDatagramSocket {
    const socket = super.bind(address);
    const receive = socket.receive.bind(socket);
    socket.receive = async (slots) => {
      const count = await receive(slots);
      this.activity++;
      return count;
    };
    return socket;
  }

  override transmit(bytes: Uint8Array, source: NetAddress, dst: NetAddress): number {
    const datagram = { bytes, source: this.#outside.get(formatAddress(source)) ?? source, dst };
    this.passed.push(datagram);
    this.activity++;
    if (this.isLost(datagram)) return 0;
    const delayMs = this.delayMsOf(datagram);
    if (delayMs === 0) return this.inject(datagram);
    setTimeout(() => void this.inject(datagram), delayMs);
    return 0;
  }

  /** A datagram appears at its destination; it is not written down. */
  inject({ bytes, source, dst }: TappedDatagram): number {
    const key = formatAddress(dst);
    if (this.#outside.has(key)) return 0; // the NAT has forgotten that address
    return super.transmit(bytes.slice(), source, this.#inside.get(key) ?? dst);
  }

  /** From now on a socket is seen at another address, and reached there only. */
  rebind(local: NetAddress, outside: NetAddress): void {
    const before = this.#outside.get(formatAddress(local));
    if (before !== undefined) this.#inside.delete(formatAddress(before));
    this.#outside.set(formatAddress(local), outside);
    this.#inside.set(formatAddress(outside), local);
  }

  /** Those that passed from or to an address, from the start on or after a mark (a length of {@link passed}). */
  ofType(type: DatagramType, since = 0): TappedDatagram[] {
    return this.passed.slice(since).filter(({ bytes }) => bytes[2] === type);
  }
}

/** Whether two addresses are the same. */
export function isAt(address: NetAddress, other: NetAddress): boolean {
  return formatAddress(address) === formatAddress(other);
}
