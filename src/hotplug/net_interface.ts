/**
 * What the kernel tells of one interface, address or route, read out of the body of a netlink message: rtnetlink(7). A body that is too
 * short, or says nothing that is asked here, is null. Pure.
 *
 * @module
 */

import type { Cidr } from "../daemon_options.ts";
import { formatIp } from "../ip_literal.ts";
import { readAttributes, readText, readU32 } from "./netlink_message.ts";

/** A network interface with what belongs to it. */
export interface NetInterface {
  readonly index: number;
  readonly name: string;
  /** What made it, if software did (IFLA_INFO_KIND): `bridge`, `veth`, `tun`; empty of hardware. */
  readonly kind: string;
  readonly isLoopback: boolean;
  /** It was switched on (`ip link set up`). */
  readonly isUp: boolean;
  /** There is a carrier: a cable, a network. */
  readonly isRunning: boolean;
  /** That can be used beyond the link. */
  readonly addresses: readonly Cidr[];
  /** There is a default route by it, or any route by a gateway. */
  readonly hasRoute: boolean;
  /** IPv4 gateway of its default route, the preferred one, or of another route; null: none. */
  readonly gateway: string | null;
}

/** An interface as it is told, without the others' news. */
export type LinkFacts = Omit<NetInterface, "addresses" | "hasRoute" | "gateway">;

/** An address. */
export interface AddressFacts extends Cidr {
  readonly index: number;
}

/** A way out by an interface. */
export interface RouteFacts {
  readonly index: number;
  readonly isDefault: boolean;
  /** Less is preferred. */
  readonly metric: number;
  /** IPv4 only; null: none, or of another family. */
  readonly gateway: string | null;
}

/** Reads `struct ifinfomsg` (family u8, u8, type u16, index i32, flags u32, u32) and its attributes. */
export function readLink(body: Uint8Array): LinkFacts | null {
  const index = readU32(body, 4);
  const flags = readU32(body, 8);
  if (index === null || flags === null || body.length < IFINFOMSG_BYTES) return null;
  const attributes = readAttributes(body, IFINFOMSG_BYTES);
  const name = readText(attributes.get(IFLA_IFNAME));
  if (name === "" || index === 0) return null;
  const info = attributes.get(IFLA_LINKINFO);
  return {
    index,
    name,
    kind: info === undefined ? "" : readText(readAttributes(info, 0).get(IFLA_INFO_KIND)),
    isLoopback: (flags & IFF_LOOPBACK) !== 0,
    isUp: (flags & IFF_UP) !== 0,
    isRunning: (flags & IFF_RUNNING) !== 0,
  };
}

/** Reads `struct ifaddrmsg` (family u8, prefix length u8, flags u8, scope u8, index u32) and its attributes. */
export function readAddress(body: Uint8Array): AddressFacts | null {
  const index = readU32(body, 4);
  if (index === null) return null;
  const [, prefixBits = 0, shortFlags = 0, scope = 0] = body;
  const attributes = readAttributes(body, IFADDRMSG_BYTES);
  const flags = readU32(attributes.get(IFA_FLAGS)) ?? shortFlags;
  // Of a point-to-point interface IFA_ADDRESS is the other end's.
  const address = ipText(attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS));
  if (address === null || scope >= RT_SCOPE_LINK || (flags & UNUSABLE) !== 0) return null;
  if (prefixBits > (address.includes(":") ? 128 : 32) || address.startsWith("169.254.")) {
    return null;
  }
  return { index, address, prefixBits };
}

/**
 * Reads `struct rtmsg` (family, length of destination, of source, TOS, table, protocol, scope, type, each u8; flags u32) and its
 * attributes. @returns ways out: default routes, and others with a gateway; none of another route.
 */
export function readRoute(body: Uint8Array): readonly RouteFacts[] {
  if (body.length < RTMSG_BYTES) return [];
  const isDefault = body[1] === 0;
  const [table, type] = [body[4], body[7]];
  if (table === RT_TABLE_LOCAL || type !== RTN_UNICAST) return [];
  const attributes = readAttributes(body, RTMSG_BYTES);
  const metric = readU32(attributes.get(RTA_PRIORITY)) ?? 0;
  const hops = attributes.get(RTA_MULTIPATH);
  const ways = hops === undefined ? [wayOf(attributes)] : readHops(hops);
  return ways.flatMap(({ index, gateway, hasGateway }) =>
    index === null || !(isDefault || hasGateway) ? [] : [{ index, isDefault, metric, gateway }]
  );
}

interface Hop {
  readonly index: number | null;
  readonly gateway: string | null;
  readonly hasGateway: boolean;
}

function wayOf(attributes: ReadonlyMap<number, Uint8Array>): Hop {
  return { index: readU32(attributes.get(RTA_OIF)), ...gatewayIn(attributes) };
}

/** `struct rtnexthop`, several: length u16 with itself and attributes, flags u8, hops u8, index i32. */
function readHops(bytes: Uint8Array): readonly Hop[] {
  const hops: Hop[] = [];
  for (let at = 0; at + RTNEXTHOP_BYTES <= bytes.length;) {
    const lengthBytes = bytes[at]! | bytes[at + 1]! << 8;
    if (lengthBytes < RTNEXTHOP_BYTES || at + lengthBytes > bytes.length) break;
    const hop = bytes.subarray(at, at + lengthBytes);
    hops.push({ index: readU32(hop, 4), ...gatewayIn(readAttributes(hop, RTNEXTHOP_BYTES)) });
    at += (lengthBytes + 3) & ~3;
  }
  return hops;
}

function gatewayIn(attributes: ReadonlyMap<number, Uint8Array>): Omit<Hop, "index"> {
  const bytes = attributes.get(RTA_GATEWAY);
  const hasGateway = bytes !== undefined || attributes.has(RTA_VIA);
  return { hasGateway, gateway: bytes?.length === 4 ? ipText(bytes) : null };
}

function ipText(bytes: Uint8Array | undefined): string | null {
  return bytes?.length === 4 || bytes?.length === 16 ? formatIp(bytes) : null;
}

const IFINFOMSG_BYTES = 16;
const IFADDRMSG_BYTES = 8;
const RTMSG_BYTES = 12;
const RTNEXTHOP_BYTES = 8;

// include/uapi/linux/if_link.h, if.h
const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;

// include/uapi/linux/if_addr.h
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
/** IFA_F_DADFAILED and IFA_F_TENTATIVE: IPv6 that another machine has, or may have. */
const UNUSABLE = 0x08 | 0x40;

// include/uapi/linux/rtnetlink.h
const RT_SCOPE_LINK = 253;
const RT_TABLE_LOCAL = 255;
const RTN_UNICAST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_MULTIPATH = 9;
const RTA_VIA = 18;
