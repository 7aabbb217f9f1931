/**
 * Checks what a user asked of a tun device, before anything is opened.
 *
 * @module
 */

import { parseIpLiteral } from "../../ffi/netif.ts";
import type { Cidr, TundevSpec } from "../daemon_options.ts";
import { mtuAdvice, tunNameAdvice } from "../tun_limits.ts";
import { UsageError } from "../usage_error.ts";

/** The part of the options that describes a tun. */
export type TunSpec = Extract<TundevSpec, { kind: "tun" }>;

/** An address as the kernel takes it. */
export interface TunAddress {
  /** As the user wrote it, with its prefix length. */
  readonly label: string;
  /** 4 or 16 bytes in network order. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly prefixBits: number;
}

/**
 * The addresses of a sound spec, in the order given.
 * @throws UsageError when name, MTU or an address cannot be right on any machine.
 */
export function checkTunSpec(spec: TunSpec): TunAddress[] {
  const nameAdvice = tunNameAdvice(spec.name);
  if (nameAdvice !== null) {
    throw new UsageError(`Cannot use tun name ${JSON.stringify(spec.name)}: ${nameAdvice}`);
  }
  const addresses = spec.addresses.map(parseAddress);
  for (const lengthBytes of [4, 16]) {
    const same = addresses.filter((address) => address.bytes.length === lengthBytes);
    if (same.length > 1) {
      throw new UsageError(
        `Cannot use addresses ${same.map((a) => a.label).join(" and ")} together: ` +
          "give --address at most one IPv4 and one IPv6 address",
      );
    }
  }
  const advice = mtuAdvice(spec.mtuBytes, addresses.some((address) => address.bytes.length === 16));
  if (advice !== null) throw new UsageError(`Cannot use MTU ${spec.mtuBytes}: ${advice}`);
  return addresses;
}

function parseAddress(cidr: Cidr): TunAddress {
  const label = `${cidr.address}/${cidr.prefixBits}`;
  const bytes = parseIpLiteral(cidr.address);
  if (bytes === null) {
    throw new UsageError(
      `Cannot use address "${label}": give --address an IP address with a prefix length, ` +
        "for example 10.10.10.1/30",
    );
  }
  const maxBits = bytes.length * 8;
  if (!Number.isInteger(cidr.prefixBits) || cidr.prefixBits < 0 || cidr.prefixBits > maxBits) {
    throw new UsageError(
      `Cannot use address "${label}": give it a prefix length from 0 to ${maxBits}`,
    );
  }
  const isMulticast = bytes.length === 4 ? bytes[0]! >= 224 : bytes[0] === 0xff;
  if (isMulticast || bytes.every((byte) => byte === 0)) {
    throw new UsageError(
      `Cannot use address "${label}": give --address the address of one host, not ` +
        (isMulticast ? "a multicast or reserved one" : "the unspecified one"),
    );
  }
  return { label, bytes, prefixBits: cidr.prefixBits };
}
