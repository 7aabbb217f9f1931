/**
 * Which inner addresses a master gives its slaves: an IPv4 pool, and a unique local IPv6 prefix (RFC 4193) that
 * follows from the master's key. Pure.
 *
 * @module
 */

import type { InnerAddress } from "./handshake_payload.ts";

/** Host number of the master in both; slaves have numbers from 2 on. */
export const MASTER_HOST_NUMBER = 1;

/** The addresses of one master. */
export class AddressPool {
  /** @param ipv4 network, e.g. 10.10.10.0/24: host bits zero, /8../30. @param masterKey 32 bytes. @throws RangeError */
  constructor(
    _ipv4: { readonly address: string; readonly prefixBits: number },
    _masterKey: Uint8Array,
  ) {}

  /** Highest host number that a slave may have. */
  get lastHostNumber(): number {
    throw new Error("Invariant: not written yet");
  }

  /** IPv4 and IPv6 address of a host number, with the networks around them. @throws RangeError beyond the pool. */
  addressesOf(_hostNumber: number): readonly InnerAddress[] {
    throw new Error("Invariant: not written yet");
  }

  /** The lowest number that is free. null: the pool is full. */
  freeHostNumber(_taken: ReadonlySet<number>): number | null {
    throw new Error("Invariant: not written yet");
  }
}
