/**
 * Which inner addresses a master gives its slaves: an IPv4 pool, and a unique local IPv6 prefix (RFC 4193) that
 * follows from the master's key. Pure.
 *
 * @module
 */

import type { InnerAddress } from "./handshake_payload.ts";
import { formatIp, parseIp } from "../ip_literal.ts";
import { isHostAddress } from "./host_address.ts";
import { hash } from "./primitives.ts";

/** Host number of the master in both; slaves have numbers from 2 on. */
export const MASTER_HOST_NUMBER = 1;

/** The largest and the smallest pool, as prefix lengths: 16 million slaves, and one. */
const MIN_PREFIX_BITS = 8;
const MAX_PREFIX_BITS = 30;

/** RFC 4193 §3: 8 bits of fd, 40 of Global ID, 16 of Subnet ID (0 here), 64 of interface. */
const ULA_PREFIX_BITS = 64;
const ULA_GLOBAL_ID_BYTES = 5;

/** The Global ID has to be random (RFC 4193 §3.2); a hash of a random key is. */
const LABEL_ULA = new TextEncoder().encode("bindlink ula");

/** The addresses of one master. */
export class AddressPool {
  /** Highest host number that a slave may have: the one above it is the broadcast address. */
  readonly lastHostNumber: number;
  readonly #network: number;
  readonly #prefixBits: number;
  readonly #ulaPrefix: Uint8Array<ArrayBuffer>;

  /** @param ipv4 network, e.g. 10.10.10.0/24: host bits zero, /8../30. @param masterKey 32 bytes. @throws RangeError */
  constructor(
    ipv4: { readonly address: string; readonly prefixBits: number },
    masterKey: Uint8Array,
  ) {
    const { address, prefixBits } = ipv4;
    const name = `Cannot use address pool "${address}/${prefixBits}"`;
    const bytes = parseIp(address);
    if (bytes?.length !== 4) throw new RangeError(`${name}: not an IPv4 network`);
    if (
      !Number.isInteger(prefixBits) || prefixBits < MIN_PREFIX_BITS || prefixBits > MAX_PREFIX_BITS
    ) {
      throw new RangeError(`${name}: it must be from /${MIN_PREFIX_BITS} to /${MAX_PREFIX_BITS}`);
    }
    if (!isHostAddress(bytes)) throw new RangeError(`${name}: no machine can have its addresses`);
    const size = 2 ** (32 - prefixBits);
    const network = new DataView(bytes.buffer).getUint32(0);
    if (network % size !== 0) {
      const meant = formatIp(ipv4BytesOf(network - network % size));
      throw new RangeError(`${name}: did you mean ${meant}/${prefixBits}?`);
    }
    this.#network = network;
    this.#prefixBits = prefixBits;
    this.lastHostNumber = size - 2;
    this.#ulaPrefix = new Uint8Array(16);
    this.#ulaPrefix[0] = 0xfd;
    this.#ulaPrefix.set(hash(LABEL_ULA, masterKey).subarray(0, ULA_GLOBAL_ID_BYTES), 1);
  }

  /** IPv4 and IPv6 address of a host number, with the networks around them. @throws RangeError beyond the pool. */
  addressesOf(hostNumber: number): readonly InnerAddress[] {
    if (
      !Number.isInteger(hostNumber) || hostNumber < MASTER_HOST_NUMBER ||
      hostNumber > this.lastHostNumber
    ) {
      throw new RangeError(`Host number ${hostNumber} is not in 1..${this.lastHostNumber}`);
    }
    const ipv6 = Uint8Array.from(this.#ulaPrefix);
    new DataView(ipv6.buffer).setUint32(12, hostNumber);
    return [
      { address: formatIp(ipv4BytesOf(this.#network + hostNumber)), prefixBits: this.#prefixBits },
      { address: formatIp(ipv6), prefixBits: ULA_PREFIX_BITS },
    ];
  }

  /** The lowest number that is free. null: the pool is full. */
  freeHostNumber(taken: ReadonlySet<number>): number | null {
    for (let number = MASTER_HOST_NUMBER + 1; number <= this.lastHostNumber; number++) {
      if (!taken.has(number)) return number;
    }
    return null;
  }
}

function ipv4BytesOf(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
