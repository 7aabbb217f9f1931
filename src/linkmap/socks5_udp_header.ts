/**
 * The header in front of each datagram between us and a SOCKS5 relay (RFC 1928 §7):
 *
 * ```
 * RSV 00 00 | FRAG | ATYP | address | port | data
 * ```
 *
 * 10 bytes with an IPv4 address, 22 with IPv6, 8 to 262 with a name.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import type { HostPort } from "../net_address.ts";
import { addressFieldBytes, craftAddress } from "./socks5_address.ts";

/** RSV and FRAG, before the address field. */
const PREFIX_BYTES = 3;

/** The header for all datagrams to one target, made once. @throws RangeError: see {@link craftAddress}. */
export function craftUdpHeader(target: HostPort): Uint8Array<ArrayBuffer> {
  const address = craftAddress(target);
  const header = new Uint8Array(PREFIX_BYTES + address.length);
  header.set(address, PREFIX_BYTES);
  return header;
}

/**
 * Hot. Writes the header into the packet's headroom and moves `start` there; the caller moves it back.
 * @returns 0, or TOO_LARGE when the headroom is too short; then the packet is unchanged.
 *
 * @example
 * ```ts
 * import { Packet } from "../wire/packet.ts";
 * import { craftUdpHeader, prependUdpHeader, stripUdpHeader } from "./socks5_udp_header.ts";
 *
 * const packet = new Packet(100);
 * packet.fill(Uint8Array.of(1, 2, 3));
 * prependUdpHeader(packet, craftUdpHeader({ host: "192.0.2.1", port: 4000 }));
 * const lengthBytes = packet.length; // 13
 * stripUdpHeader(packet);
 * if (lengthBytes !== 13 || packet.toBytes().length !== 3) throw new Error("not 10 bytes of header");
 * ```
 */
export function prependUdpHeader(packet: Packet, header: Uint8Array): number {
  const start = packet.start - header.length;
  if (start < 0) return DropReason.TOO_LARGE;
  packet.bytes.set(header, start);
  packet.start = start;
  return 0;
}

/**
 * Hot. Checks the header and moves `start` behind it. The address in it is not looked at: an
 * association has one target, and proxies write a resolved, translated or zero address there.
 * @returns 0, or BAD_SOCKS_HEADER or SOCKS_FRAGMENT; on a drop the packet is unchanged.
 */
export function stripUdpHeader(packet: Packet): number {
  const { bytes, start, end } = packet;
  if (end - start <= PREFIX_BYTES) return DropReason.BAD_SOCKS_HEADER;
  if (bytes[start] !== 0 || bytes[start + 1] !== 0) return DropReason.BAD_SOCKS_HEADER;
  if (bytes[start + 2] !== 0) return DropReason.SOCKS_FRAGMENT;
  const addressAt = start + PREFIX_BYTES;
  const addressBytes = addressFieldBytes(bytes, addressAt, end);
  if (addressBytes === 0 || addressAt + addressBytes > end) return DropReason.BAD_SOCKS_HEADER;
  packet.start = addressAt + addressBytes;
  return 0;
}
