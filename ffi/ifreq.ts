/**
 * `struct ifreq` and `struct in6_ifreq`: how interface ioctls are asked and answered. Layouts: netdevice(7),
 * include/uapi/linux/if.h and ipv6.h; 64-bit Linux, fields in the machine's order (little-endian).
 *
 * @module
 */

import { Arena, type ArenaBlock } from "./arena.ts";

/** `IFNAMSIZ`: an interface name with the NUL behind it. */
export const IFNAME_BYTES = 16;

/** `struct ifreq`: `char ifr_name[16]` and a union of 24 bytes (its largest member: `struct ifmap`). */
export const IFREQ_BYTES = 40;
const IFR_NAME_OFFSET = 0;
/** The union: `short ifr_flags`, `int ifr_ifindex`, `int ifr_mtu`, `struct sockaddr ifr_addr`. */
const IFR_UNION_OFFSET = 16;

/** `struct sockaddr_in` within the union: family u16, port u16, address 4 bytes; ip(7). */
const SIN_FAMILY_OFFSET = IFR_UNION_OFFSET;
const SIN_ADDR_OFFSET = IFR_UNION_OFFSET + 4;

/** `struct in6_ifreq`: `struct in6_addr` (16), `__u32 ifr6_prefixlen`, `int ifr6_ifindex`. */
export const IN6_IFREQ_BYTES = 24;
const IFR6_ADDR_OFFSET = 0;
const IFR6_PREFIXLEN_OFFSET = 16;
const IFR6_IFINDEX_OFFSET = 20;

const LITTLE_ENDIAN = true;

/** One `struct ifreq`, made for one interface name. */
export class Ifreq implements Disposable {
  readonly #arena: Arena;
  readonly #block: ArenaBlock;

  /** @throws Error for a name that does not fit; callers check it before. */
  constructor(name: string) {
    const encoded = new TextEncoder().encode(name);
    if (encoded.length >= IFNAME_BYTES) throw new Error(`Invariant: interface name ${name}`);
    this.#arena = new Arena(IFREQ_BYTES);
    this.#block = this.#arena.take(IFREQ_BYTES);
    this.#block.bytes.set(encoded, IFR_NAME_OFFSET);
  }

  /** Where the struct is; valid until this object is disposed of. */
  get address(): number {
    return this.#block.address;
  }

  /** `ifr_name`, up to its NUL. The kernel replaces a template such as `bind%d`. */
  get name(): string {
    const field = this.#block.bytes.subarray(IFR_NAME_OFFSET, IFNAME_BYTES);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  }

  /** `ifr_flags`, 16 bits. */
  get flags(): number {
    return this.#block.view.getUint16(IFR_UNION_OFFSET, LITTLE_ENDIAN);
  }
  set flags(flags: number) {
    this.#block.view.setUint16(IFR_UNION_OFFSET, flags, LITTLE_ENDIAN);
  }

  /** `ifr_ifindex` or `ifr_mtu`: the same place. */
  get int(): number {
    return this.#block.view.getInt32(IFR_UNION_OFFSET, LITTLE_ENDIAN);
  }
  set int(value: number) {
    this.#block.view.setInt32(IFR_UNION_OFFSET, value, LITTLE_ENDIAN);
  }

  /** `ifr_addr` or `ifr_netmask`: an IPv4 address, 4 bytes in network order. */
  setIpv4(address: Uint8Array): void {
    this.#block.view.setUint16(SIN_FAMILY_OFFSET, AF_INET, LITTLE_ENDIAN);
    this.#block.bytes.set(address, SIN_ADDR_OFFSET);
  }

  [Symbol.dispose](): void {
    this.#arena.free();
  }
}

/** One `struct in6_ifreq`: an IPv6 address (16 bytes, network order) to give to an interface. */
export class In6Ifreq implements Disposable {
  readonly #arena = new Arena(IN6_IFREQ_BYTES);
  /** Where the struct is; valid until this object is disposed of. */
  readonly address: number;

  constructor(address: Uint8Array, prefixBits: number, ifIndex: number) {
    const block = this.#arena.take(IN6_IFREQ_BYTES);
    block.bytes.set(address, IFR6_ADDR_OFFSET);
    block.view.setUint32(IFR6_PREFIXLEN_OFFSET, prefixBits, LITTLE_ENDIAN);
    block.view.setInt32(IFR6_IFINDEX_OFFSET, ifIndex, LITTLE_ENDIAN);
    this.address = block.address;
  }

  [Symbol.dispose](): void {
    this.#arena.free();
  }
}

/** `AF_INET`, socket(2). */
export const AF_INET = 2;

/** `AF_INET6`, socket(2). */
export const AF_INET6 = 10;
