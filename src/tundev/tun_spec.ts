/**
 * Checks what a user asked of a tun device, before anything is opened, and what a master assigned.
 *
 * @module
 */

import { parseIpLiteral } from "../../ffi/netif.ts";
import type { Cidr, TundevSpec } from "../daemon_options.ts";
import { mtuAdvice, tunNameAdvice } from "../tun_limits.ts";
import { UsageError } from "../usage_error.ts";
import { checkAssignedMtu } from "./assigned_mtu.ts";
import type { TundevSettings } from "./tundev.ts";

/** The part of the options that describes a tun. */
export type TunSpec = Extract<TundevSpec, { kind: "tun" }>;

/** An address as the kernel takes it. */
export interface TunAddress {
  /** As the user or the master wrote it, with its prefix length. */
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
  const addresses = spec.addresses.map((cidr) => {
    const address = parseAddress(cidr);
    if (typeof address === "string") throw new UsageError(address);
    return address;
  });
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

/** What of a master's settings can be used. */
export interface UsableSettings {
  readonly ipv4: TunAddress | null;
  readonly ipv6: TunAddress | null;
  /** The assigned one, or the current one when that is of no use. */
  readonly mtuBytes: number;
  /** One text for each thing that cannot be used. */
  readonly problems: readonly string[];
}

/**
 * Takes from a master's settings what can be used: an authentic master can still be set up wrongly, and a
 * tunnel with one address is better than none. Never throws.
 */
export function checkAssigned(settings: TundevSettings, currentMtuBytes: number): UsableSettings {
  const problems: string[] = [];
  const mtuBytes = checkAssignedMtu(settings.mtuBytes, currentMtuBytes, problems);
  const byLength = new Map<number, TunAddress>();
  for (const cidr of settings.addresses) {
    const address = parseAddress(cidr);
    const what =
      `Cannot use address "${cidr.address}/${cidr.prefixBits}", which the master assigned`;
    if (typeof address === "string") problems.push(`${what}: it is not one host's`);
    else if (byLength.has(address.bytes.length)) problems.push(`${what}: one of a kind is enough`);
    else if (address.bytes.length === 16 && mtuAdvice(mtuBytes, true) !== null) {
      problems.push(`${what}: MTU ${mtuBytes} is too small for IPv6`);
    } else byLength.set(address.bytes.length, address);
  }
  return { ipv4: byLength.get(4) ?? null, ipv6: byLength.get(16) ?? null, mtuBytes, problems };
}

/** The address, or what is wrong with it. */
function parseAddress(cidr: Cidr): TunAddress | string {
  const label = `${cidr.address}/${cidr.prefixBits}`;
  const bytes = parseIpLiteral(cidr.address);
  if (bytes === null) {
    return `Cannot use address "${label}": give --address an IP address with a prefix length, ` +
      "for example 10.10.10.1/30";
  }
  const maxBits = bytes.length * 8;
  if (!Number.isInteger(cidr.prefixBits) || cidr.prefixBits < 0 || cidr.prefixBits > maxBits) {
    return `Cannot use address "${label}": give it a prefix length from 0 to ${maxBits}`;
  }
  const isMulticast = bytes.length === 4 ? bytes[0]! >= 224 : bytes[0] === 0xff;
  if (isMulticast || bytes.every((byte) => byte === 0)) {
    return `Cannot use address "${label}": give --address the address of one host, not ` +
      (isMulticast ? "a multicast or reserved one" : "the unspecified one");
  }
  return { label, bytes, prefixBits: cidr.prefixBits };
}
