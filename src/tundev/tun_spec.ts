/**
 * Checks what a user asked of a tun device, before anything is opened.
 *
 * @module
 */

import { parseIpLiteral } from "../../ffi/netif.ts";
import type { Cidr, TundevSpec } from "../daemon_options.ts";
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

/** Smallest MTU: what every IPv4 host must take, RFC 791 §3.2. */
export const MIN_MTU_BYTES = 68;

/** Largest MTU: a packet and its headers must fit a datagram (65,507 bytes over IPv4). */
export const MAX_MTU_BYTES = 65_500;

/** Below this the kernel turns IPv6 off on an interface: RFC 8200 §5. */
export const MIN_IPV6_MTU_BYTES = 1280;

/** Longest interface name: IFNAMSIZ less the NUL. */
export const MAX_NAME_BYTES = 15;

/**
 * The addresses of a sound spec, in the order given.
 * @throws UsageError when name, MTU or an address cannot be right on any machine.
 */
export function checkTunSpec(spec: TunSpec): TunAddress[] {
  checkName(spec.name);
  if (
    !Number.isInteger(spec.mtuBytes) || spec.mtuBytes < MIN_MTU_BYTES ||
    spec.mtuBytes > MAX_MTU_BYTES
  ) {
    throw new UsageError(
      `Cannot use MTU ${spec.mtuBytes}: give --mtu a number from ${MIN_MTU_BYTES} to ${MAX_MTU_BYTES}`,
    );
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
    if (lengthBytes === 16 && same.length > 0 && spec.mtuBytes < MIN_IPV6_MTU_BYTES) {
      throw new UsageError(
        `Cannot use IPv6 address ${same[0]!.label} with MTU ${spec.mtuBytes}: ` +
          `IPv6 needs --mtu ${MIN_IPV6_MTU_BYTES} or more`,
      );
    }
  }
  return addresses;
}

/** The kernel's rules: dev_valid_name() and dev_alloc_name() in net/core/dev.c. */
function checkName(name: string): void {
  const lengthBytes = new TextEncoder().encode(name).length;
  if (lengthBytes > MAX_NAME_BYTES) {
    throw new UsageError(
      `Cannot use tun name "${name}": it has ${lengthBytes} bytes, ` +
        `give --tun-name at most ${MAX_NAME_BYTES}`,
    );
  }
  // deno-lint-ignore no-control-regex -- control characters and NUL are what must not be in there
  const isForbidden = /[\s/:\x00-\x20\x7f]/.test(name) || name === "." || name === "..";
  if (name === "" || isForbidden) {
    throw new UsageError(
      `Cannot use tun name ${JSON.stringify(name)}: give --tun-name a name such as "bind0", ` +
        "without blanks, slashes or colons",
    );
  }
  if (name.includes("%") && (name.match(/%/g)!.length > 1 || !name.includes("%d"))) {
    throw new UsageError(
      `Cannot use tun name "${name}": a template has "%d" once, for example "bind%d"`,
    );
  }
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
