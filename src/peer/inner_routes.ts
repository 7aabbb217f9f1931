/**
 * Inner addresses to slaves, and the check of inner sources: who a packet from the tun goes to, whether a slave may send
 * what it sent. Pure; a few memory reads per packet, nothing allocated.
 *
 * All slaves' addresses are from the master's own networks, so an address is found by its host number, the
 * distance from the network's address: a place in an array. In IPv6 the network is a /64, and hosts have
 * numbers below 2^32 there (address_pool.ts).
 *
 * @module
 */

import type { InnerAddress } from "./handshake_payload.ts";
import { parseIp } from "../ip_literal.ts";
import type { Packet } from "../wire/packet.ts";

/** RFC 791 §3.1. */
const IPV4_SOURCE_OFFSET = 12;
const IPV4_DESTINATION_OFFSET = 16;

/** RFC 8200 §3. */
const IPV6_SOURCE_OFFSET = 8;
const IPV6_DESTINATION_OFFSET = 24;

/** Prefix of the master's IPv6 network, in bits: the two high words of an address. */
const IPV6_PREFIX_BITS = 64;

/** A slave's place in the routes; `Slave` is whatever the owner hangs on it. */
export class InnerRoutes<Slave> {
  readonly #ipv4 = new HostTable<Slave>();
  readonly #ipv6 = new HostTable<Slave>();
  /** Address of the IPv4 network, and how many addresses it has; 0: there is none. */
  #ipv4Base = 0;
  #ipv4Hosts = 0;
  /** High and low word of the IPv6 prefix; no address has a word of -1. */
  #ipv6High = -1;
  #ipv6Low = -1;
  readonly #masterAddresses: ReadonlySet<string>;

  /**
   * @param master the master's own addresses, with the networks that the slaves' addresses are from: at most one IPv4, at most
   * one IPv6, that one a /64.
   * @throws Error for anything else: a bug of the caller's.
   */
  constructor(master: readonly InnerAddress[]) {
    this.#masterAddresses = new Set(master.map(({ address }) => address));
    for (const { address, prefixBits } of master) {
      const view = viewOf(address);
      if (view.byteLength === 4) this.#setIpv4(view, prefixBits);
      else this.#setIpv6(view, prefixBits);
    }
  }

  /** Takes a slave's addresses on. @throws Error when one is taken or outside the master's networks: a bug of the caller's. */
  add(slave: Slave, addresses: readonly InnerAddress[]): void {
    const places = addresses.map(({ address }) => this.#placeOf(address));
    for (const { table, host, address } of places) {
      if (table.get(host) !== null || this.#masterAddresses.has(address)) {
        throw new Error(`Invariant: the inner address ${address} is taken`);
      }
    }
    for (const { table, host } of places) table.set(host, slave);
  }

  /** Gives addresses back; one that nobody has stays so. @throws Error when one is outside the master's networks. */
  remove(addresses: readonly InnerAddress[]): void {
    for (const { address } of addresses) {
      const { table, host } = this.#placeOf(address);
      table.delete(host);
    }
  }

  /** Hot. The slave that an IP packet's destination belongs to; null: none. The packet has passed checkIpPacket. */
  findByDestination(packet: Packet): Slave | null {
    const { view, bytes, start } = packet;
    return bytes[start]! >> 4 === 4
      ? this.#findIpv4(view, start + IPV4_DESTINATION_OFFSET)
      : this.#findIpv6(view, start + IPV6_DESTINATION_OFFSET);
  }

  /** Hot. The slave that an IP packet's source belongs to; null: none. The packet has passed checkIpPacket. */
  findBySource(packet: Packet): Slave | null {
    const { view, bytes, start } = packet;
    return bytes[start]! >> 4 === 4
      ? this.#findIpv4(view, start + IPV4_SOURCE_OFFSET)
      : this.#findIpv6(view, start + IPV6_SOURCE_OFFSET);
  }

  #findIpv4(view: DataView<ArrayBuffer>, at: number): Slave | null {
    // What is below the network wraps to a distance beyond it, where the table has nothing.
    return this.#ipv4.get((view.getUint32(at) - this.#ipv4Base) >>> 0);
  }

  #findIpv6(view: DataView<ArrayBuffer>, at: number): Slave | null {
    if (view.getUint32(at) !== this.#ipv6High) return null;
    if (view.getUint32(at + 4) !== this.#ipv6Low) return null;
    if (view.getUint32(at + 8) !== 0) return null;
    return this.#ipv6.get(view.getUint32(at + 12));
  }

  #setIpv4(view: DataView<ArrayBuffer>, prefixBits: number): void {
    if (this.#ipv4Hosts !== 0) throw new Error("Invariant: the master has two IPv4 networks");
    this.#ipv4Hosts = 2 ** (32 - prefixBits);
    const address = view.getUint32(0);
    this.#ipv4Base = address - address % this.#ipv4Hosts;
  }

  #setIpv6(view: DataView<ArrayBuffer>, prefixBits: number): void {
    if (this.#ipv6High !== -1) throw new Error("Invariant: the master has two IPv6 networks");
    if (prefixBits !== IPV6_PREFIX_BITS) {
      throw new Error(`Invariant: the inner IPv6 network is a /${prefixBits}, not a /64`);
    }
    this.#ipv6High = view.getUint32(0);
    this.#ipv6Low = view.getUint32(4);
  }

  #placeOf(address: string): Place<Slave> {
    const view = viewOf(address);
    if (view.byteLength === 4) {
      const host = (view.getUint32(0) - this.#ipv4Base) >>> 0;
      if (host < this.#ipv4Hosts) return { table: this.#ipv4, host, address };
    } else if (
      view.getUint32(0) === this.#ipv6High && view.getUint32(4) === this.#ipv6Low &&
      view.getUint32(8) === 0
    ) {
      return { table: this.#ipv6, host: view.getUint32(12), address };
    }
    throw new Error(`Invariant: the inner address ${address} is in none of the master's networks`);
  }
}

/** Where an address stands. */
interface Place<Slave> {
  readonly table: HostTable<Slave>;
  readonly host: number;
  readonly address: string;
}

/** Host numbers below it stand in an array: those of a network of up to /16. */
const MAX_DENSE_HOSTS = 65_536;

/** Things by host number. The array grows with the highest number in use, and numbers are given from the lowest on. */
class HostTable<Slave> {
  readonly #dense: (Slave | null)[] = [];
  /** By the number as a signed one (see SessionTable). */
  readonly #sparse = new Map<number, Slave>();

  /** Hot. @param host u32 */
  get(host: number): Slave | null {
    if (host < this.#dense.length) return this.#dense[host]!;
    if (host < MAX_DENSE_HOSTS) return null;
    return this.#sparse.get(host | 0) ?? null;
  }

  set(host: number, slave: Slave): void {
    if (host >= MAX_DENSE_HOSTS) {
      this.#sparse.set(host | 0, slave);
      return;
    }
    while (this.#dense.length <= host) this.#dense.push(null);
    this.#dense[host] = slave;
  }

  delete(host: number): void {
    if (host < this.#dense.length) this.#dense[host] = null;
    else this.#sparse.delete(host | 0);
  }
}

function viewOf(address: string): DataView<ArrayBuffer> {
  const bytes = parseIp(address);
  if (bytes === null) throw new Error(`Invariant: "${address}" is no inner address`);
  return new DataView(bytes.buffer);
}
