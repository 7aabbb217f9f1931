/**
 * ICMP echo requests (RFC 792) for the master's address in the tunnel: the master's kernel sends them back, and so its end of the tunnel
 * fills the link in our direction. Pure.
 *
 * @module
 */

import type { InnerAddress } from "../peer/handshake_payload.ts";
import { parseIp } from "../ip_literal.ts";
import { prependDataHeader, toWireUs } from "../wire/data_header.ts";
import { addWords, checksumOf } from "../wire/inet_checksum.ts";
import { HEADROOM_BYTES, type Packet } from "../wire/packet.ts";

/** From whom to whom, in the tunnel; IPv4, 4 bytes each. */
export interface InnerPath {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** The path to the master, who has the first address of the network; null: the slave has no IPv4 address. */
export function innerPathOf(addresses: readonly InnerAddress[]): InnerPath | null {
  for (const { address, prefixBits } of addresses) {
    const source = parseIp(address);
    if (source === null || source.length !== 4 || prefixBits === 0) continue;
    const view = new DataView(source.slice().buffer);
    const network = view.getUint32(0) & (-1 << (32 - prefixBits));
    view.setUint32(0, network + 1);
    return { source, destination: new Uint8Array(view.buffer) };
  }
  return null;
}

/** Makes the packet a DATA message with a request in it. @param packetBytes of the IP packet, at least 28 */
export function craftEchoRequest(
  out: Packet,
  { source, destination }: InnerPath,
  { id, number, packetBytes, now }: {
    readonly id: number;
    readonly number: number;
    readonly packetBytes: number;
    readonly now: number;
  },
): void {
  const start = HEADROOM_BYTES;
  const end = start + packetBytes;
  out.start = start;
  out.end = end;
  out.isPartial = false;
  const { bytes, view } = out;
  bytes.fill(0, start, end);
  view.setUint16(start, 0x4500);
  view.setUint16(start + 2, packetBytes);
  view.setUint16(start + 6, DONT_FRAGMENT);
  view.setUint16(start + 8, TTL << 8 | PROTOCOL_ICMP);
  bytes.set(source, start + 12);
  bytes.set(destination, start + 16);
  view.setUint16(start + 10, checksumOf(addWords(out, start, start + IP_BYTES, 0)));
  const icmp = start + IP_BYTES;
  view.setUint8(icmp, ECHO_REQUEST);
  view.setUint16(icmp + 4, id);
  view.setUint16(icmp + 6, number);
  view.setUint16(icmp + 2, checksumOf(addWords(out, icmp, end, 0)));
  // Group 0: nobody waits for the one before.
  prependDataHeader(out, 0, 0, toWireUs(now), 0);
}

/** Number of the request that an IP packet answers, u16; -1: it is no answer to one of that id. */
export function readEchoReply({ view, start, end }: Packet, id: number): number {
  if (end - start < IP_BYTES + 8 || view.getUint8(start) !== 0x45) return -1;
  const icmp = start + IP_BYTES;
  const isReply = view.getUint8(start + 9) === PROTOCOL_ICMP && view.getUint8(icmp) === ECHO_REPLY;
  return isReply && view.getUint16(icmp + 4) === id ? view.getUint16(icmp + 6) : -1;
}

const IP_BYTES = 20;
const DONT_FRAGMENT = 0x4000;
const TTL = 64;
const PROTOCOL_ICMP = 1;
const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;
