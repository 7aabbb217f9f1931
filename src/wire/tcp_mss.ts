/**
 * Lowers the segment size that TCP's two ends agree upon to what fits through the tunnel, in SYNs on their way
 * (RFC 9293 §3.7.1): so they never depend on an ICMP message that some firewall eats. Pure.
 *
 * @module
 */

import { adjustChecksum } from "./inet_checksum.ts";
import { IpPayload, IpProtocol } from "./ip_payload.ts";
import type { Packet } from "./packet.ts";

/** IP and TCP header without options, in bytes: the MSS counts neither them nor options (RFC 6691). */
const IPV4_HEADERS_BYTES = 40;
const IPV6_HEADERS_BYTES = 60;

/** No MSS below it is written: Linux takes none (TCP_MIN_SND_MSS), since TCP's options alone may take 40 bytes. */
const MIN_MSS_BYTES = 48;

/** Where IP headers without options or extension headers end, and name the protocol. */
const IPV4_PROTOCOL_OFFSET = 9;
const IPV6_HEADER_BYTES = 40;
const IPV6_NEXT_HEADER_OFFSET = 6;

/** RFC 9293 §3.1. */
const TCP_MIN_HEADER_BYTES = 20;
const TCP_DATA_OFFSET_OFFSET = 12;
const TCP_FLAGS_OFFSET = 13;
const TCP_CHECKSUM_OFFSET = 16;
const TCP_SYN = 0x02;

/** RFC 9293 §3.2: options; all but the first two have a length, which counts kind and length too. */
const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_MSS = 2;
const OPTION_MSS_BYTES = 4;

/** Used again for each packet; nothing of it outlives a call. */
const payload = new IpPayload();

/**
 * Hot. Whether a packet may be a SYN, or SYN and ACK: a look at three bytes, for who has not read it otherwise. IPv6 with
 * extension headers before TCP is not found; nobody sends such SYNs.
 */
export function mayBeSyn({ bytes, start, end }: Packet): boolean {
  const version = bytes[start]! >> 4;
  if (version === 4) {
    if (bytes[start + IPV4_PROTOCOL_OFFSET] !== IpProtocol.TCP) return false;
    return isSynAt(bytes, start + (bytes[start]! & 0x0f) * 4, end);
  }
  return version === 6 && bytes[start + IPV6_NEXT_HEADER_OFFSET] === IpProtocol.TCP &&
    isSynAt(bytes, start + IPV6_HEADER_BYTES, end);
}

function isSynAt(bytes: Uint8Array, tcpStart: number, end: number): boolean {
  return tcpStart + TCP_MIN_HEADER_BYTES <= end &&
    (bytes[tcpStart + TCP_FLAGS_OFFSET]! & TCP_SYN) !== 0;
}

/**
 * Hot. Lowers the MSS option of a SYN, or SYN and ACK, to what an MTU leaves, if it is larger. A SYN without the option
 * stays without: it means 536 bytes, which fit.
 *
 * @param packet has passed checkIpPacket, or is no IP packet and stays as it is; whatever else it says may be a lie. Changed in place.
 * @param mtuBytes largest inner IP packet.
 * @param isPartialChecksum the TCP checksum is still to be computed (virtio's NEEDS_CSUM): its field holds the sum of the
 * pseudo-header only, which knows no options, and stays as it is.
 * @returns whether the packet was changed.
 */
export function clampMss(packet: Packet, mtuBytes: number, isPartialChecksum: boolean): boolean {
  const version = packet.bytes[packet.start]! >> 4;
  if (version !== 4 && version !== 6) return false;
  payload.locate(packet);
  if (payload.protocol !== IpProtocol.TCP || payload.isLaterFragment) return false;
  const { bytes } = packet;
  const { start, end } = payload;
  if (start + TCP_MIN_HEADER_BYTES > end) return false;
  if ((bytes[start + TCP_FLAGS_OFFSET]! & TCP_SYN) === 0) return false;
  const maxMssBytes = mtuBytes - (version === 4 ? IPV4_HEADERS_BYTES : IPV6_HEADERS_BYTES);
  if (maxMssBytes < MIN_MSS_BYTES) return false;
  const headerBytes = (bytes[start + TCP_DATA_OFFSET_OFFSET]! >> 4) * 4;
  return clampOptions(
    packet,
    start,
    Math.min(end, start + headerBytes),
    maxMssBytes,
    isPartialChecksum,
  );
}

/** Goes through the options, all of them: of two MSS options, receivers differ in which one they take. */
function clampOptions(
  packet: Packet,
  tcpStart: number,
  optionsEnd: number,
  maxMssBytes: number,
  isPartialChecksum: boolean,
): boolean {
  const { bytes, view } = packet;
  let isChanged = false;
  let at = tcpStart + TCP_MIN_HEADER_BYTES;
  while (at + 1 < optionsEnd) {
    const kind = bytes[at]!;
    if (kind === OPTION_END) break;
    if (kind === OPTION_NOP) {
      at++;
      continue;
    }
    const optionBytes = bytes[at + 1]!;
    if (optionBytes < 2 || at + optionBytes > optionsEnd) break;
    if (kind === OPTION_MSS && optionBytes === OPTION_MSS_BYTES) {
      const mssBytes = view.getUint16(at + 2);
      if (mssBytes > maxMssBytes) {
        view.setUint16(at + 2, maxMssBytes);
        if (!isPartialChecksum) adjustFor(packet, tcpStart, at + 2, mssBytes, maxMssBytes);
        isChanged = true;
      }
    }
    at += optionBytes;
  }
  return isChanged;
}

/** A value at an odd place adds to the sum with its bytes swapped: its low one is the high one of the next word. */
function adjustFor(
  { view }: Packet,
  tcpStart: number,
  at: number,
  oldValue: number,
  newValue: number,
): void {
  const isOdd = (at - tcpStart) % 2 === 1;
  const checksumAt = tcpStart + TCP_CHECKSUM_OFFSET;
  const checksum = view.getUint16(checksumAt);
  view.setUint16(
    checksumAt,
    isOdd
      ? adjustChecksum(checksum, swapBytes(oldValue), swapBytes(newValue))
      : adjustChecksum(checksum, oldValue, newValue),
  );
}

function swapBytes(value: number): number {
  return (value & 0xff) << 8 | value >> 8;
}
