/**
 * Makes inner IP packets with right checksums, of either version and of any transport, for tests that look into them.
 *
 * @module
 */

import { Packet } from "../../src/wire/packet.ts";

/** What goes into the packet. */
export interface IpParts {
  readonly version?: 4 | 6;
  /** Addresses: 4 bytes, or 16. */
  readonly src?: readonly number[];
  readonly dst?: readonly number[];
  readonly protocol?: number;
  readonly trafficClass?: number;
  readonly id?: number;
  /** The fragment word of IPv4: flags and place. 0x4000: don't fragment. */
  readonly fragment?: number;
  /** IPv6 extension headers, in front of the payload; each names the next, the last one `protocol`. */
  readonly extensions?: readonly number[];
  /** IPv6: number of the first extension header. */
  readonly firstExtension?: number;
  readonly payload?: readonly number[] | Uint8Array;
}

const SRC4 = [192, 0, 2, 1];
const DST4 = [198, 51, 100, 2];
const SRC6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const DST6 = [0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

/** The packet's bytes. The transport's checksum is the caller's matter. */
export function craftIpBytes(parts: IpParts): Uint8Array<ArrayBuffer> {
  return parts.version === 6 ? craftIpv6(parts) : craftIpv4(parts);
}

/** The packet in a slot. */
export function craftIp(parts: IpParts): Packet {
  const packet = new Packet(2048);
  packet.fill(craftIpBytes(parts));
  return packet;
}

function craftIpv4(parts: IpParts): Uint8Array<ArrayBuffer> {
  const payload = parts.payload ?? [];
  const bytes = new Uint8Array(20 + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x45;
  bytes[1] = parts.trafficClass ?? 0;
  view.setUint16(2, bytes.length);
  view.setUint16(4, parts.id ?? 0);
  view.setUint16(6, parts.fragment ?? 0);
  bytes[8] = 64;
  bytes[9] = parts.protocol ?? 17;
  bytes.set(parts.src ?? SRC4, 12);
  bytes.set(parts.dst ?? DST4, 16);
  bytes.set(payload, 20);
  view.setUint16(10, checksum(bytes.subarray(0, 20)));
  return bytes;
}

function craftIpv6(parts: IpParts): Uint8Array<ArrayBuffer> {
  const body = [...parts.extensions ?? [], ...parts.payload ?? []];
  const bytes = new Uint8Array(40 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x6000_0000 | (parts.trafficClass ?? 0) << 20 | 0x12345);
  view.setUint16(4, body.length);
  bytes[6] = parts.firstExtension ?? parts.protocol ?? 17;
  bytes[7] = 64;
  bytes.set(parts.src ?? SRC6, 8);
  bytes.set(parts.dst ?? DST6, 24);
  bytes.set(body, 40);
  return bytes;
}

/** The internet checksum (RFC 1071) as one reads it; 0 over bytes that contain a right one. */
export function checksum(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += i % 2 === 0 ? bytes[i]! * 256 : bytes[i]!;
  return 0xffff - (sum % 0xffff === 0 && sum > 0 ? 0xffff : sum % 0xffff);
}

/** The checksum over pseudo-header and payload of a packet without options: 0 when the transport's is right. */
export function transportChecksum(ip: Uint8Array): number {
  const isIpv4 = ip[0]! >> 4 === 4;
  const addresses = isIpv4 ? ip.subarray(12, 20) : ip.subarray(8, 40);
  const payload = isIpv4 ? ip.subarray(20) : ip.subarray(40);
  const protocol = isIpv4 ? ip[9]! : ip[6]!;
  const lengthWord = [payload.length >> 8, payload.length & 0xff];
  return checksum([...addresses, 0, protocol, ...lengthWord, ...payload]);
}
