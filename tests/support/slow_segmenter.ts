/**
 * The readable twin of src/wire/segmenter.ts and partial_checksum.ts: arrays, spread, and nothing reused.
 *
 * @module
 */

import { checksum } from "./craft_ip.ts";

/** An IP packet taken apart. */
export interface SlowIp {
  readonly version: 4 | 6;
  /** The IP header, with options or extension headers. */
  readonly header: readonly number[];
  readonly protocol: number;
  readonly isFragment: boolean;
  /** What is behind the header, without what is behind the length that it says. */
  readonly body: readonly number[];
}

/** Hop-by-hop, routing, fragment, AH, destination options, mobility, HIP, shim6. */
const EXTENSIONS = [0, 43, 44, 51, 60, 135, 139, 140];
const FRAGMENT = 44;
const AH = 51;
const TCP = 6;
const UDP = 17;

const word = (bytes: readonly number[], at: number): number => bytes[at]! * 256 + bytes[at + 1]!;
const wordBytes = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];

/** `bytes` with `patch` written over it at `at`. */
function patched(bytes: readonly number[], at: number, patch: readonly number[]): number[] {
  return [...bytes.slice(0, at), ...patch, ...bytes.slice(at + patch.length)];
}

/** Takes an IP packet apart; null: it is none. */
export function slowIp(bytes: readonly number[]): SlowIp | null {
  if (bytes.length === 0) return null;
  switch (bytes[0]! >> 4) {
    case 4:
      return slowIpv4(bytes);
    case 6:
      return slowIpv6(bytes);
    default:
      return null;
  }
}

function slowIpv4(bytes: readonly number[]): SlowIp | null {
  const headerBytes = (bytes[0]! & 0x0f) * 4;
  if (headerBytes < 20 || bytes.length < headerBytes) return null;
  const totalBytes = word(bytes, 2);
  if (totalBytes < headerBytes || totalBytes > bytes.length) return null;
  return {
    version: 4,
    header: bytes.slice(0, headerBytes),
    protocol: bytes[9]!,
    isFragment: (word(bytes, 6) & 0x3fff) !== 0,
    body: bytes.slice(headerBytes, totalBytes),
  };
}

function slowIpv6(bytes: readonly number[]): SlowIp | null {
  if (bytes.length < 40) return null;
  const end = 40 + word(bytes, 4);
  if (end > bytes.length) return null;
  let at = 40;
  let protocol = bytes[6]!;
  let isFragment = false;
  for (let i = 0; i < 8 && EXTENSIONS.includes(protocol) && at + 8 <= end; i++) {
    const isFirstOrLaterPart = protocol === FRAGMENT && (word(bytes, at + 2) & 0xfff9) !== 0;
    isFragment ||= isFirstOrLaterPart;
    const units = bytes[at + 1]!;
    const extensionBytes = protocol === FRAGMENT
      ? 8
      : protocol === AH
      ? (units + 2) * 4
      : (units + 1) * 8;
    protocol = bytes[at]!;
    at += extensionBytes;
    // What stands behind a later part's header is no header.
    if (isFirstOrLaterPart) break;
  }
  return {
    version: 6,
    header: bytes.slice(0, Math.min(at, end)),
    protocol,
    isFragment,
    body: bytes.slice(at, end),
  };
}

/** The packets that one becomes; null: it cannot be cut. */
export function slowSegments(
  bytes: readonly number[],
  gsoType: number,
  segmentBytes: number,
): number[][] | null {
  const ip = slowIp(bytes);
  if (ip === null || ip.isFragment || segmentBytes === 0) return null;
  const type = gsoType & 0x7f;
  const isTcp = type === (ip.version === 4 ? 1 : 4) && ip.protocol === TCP;
  const isUdp = type === 5 && ip.protocol === UDP;
  if (!isTcp && !isUdp) return null;
  const transportBytes = isTcp ? tcpHeaderBytes(ip.body) : 8;
  if (transportBytes < 8 || ip.body.length < transportBytes) return null;
  const transport = ip.body.slice(0, transportBytes);
  const pieces = piecesOf(ip.body.slice(transportBytes), segmentBytes);
  return pieces.map((piece, i) => {
    const body = isTcp
      ? [...tcpHeader(transport, i * segmentBytes, i === 0, i === pieces.length - 1), ...piece]
      : [...patched(transport, 4, wordBytes(8 + piece.length)), ...piece];
    return [...ipHeader(ip, body.length, i), ...body];
  });
}

/** 0: there is no good one. */
function tcpHeaderBytes(body: readonly number[]): number {
  if (body.length < 20) return 0;
  const headerBytes = (body[12]! >> 4) * 4;
  return headerBytes < 20 ? 0 : headerBytes;
}

function piecesOf(payload: readonly number[], bytes: number): number[][] {
  const pieces = [payload.slice(0, bytes)];
  for (let at = bytes; at < payload.length; at += bytes) pieces.push(payload.slice(at, at + bytes));
  return pieces;
}

function ipHeader({ version, header }: SlowIp, bodyBytes: number, index: number): number[] {
  if (version === 6) return patched(header, 4, wordBytes(header.length - 40 + bodyBytes));
  const withLength = patched(header, 2, wordBytes(header.length + bodyBytes));
  const withId = patched(withLength, 4, wordBytes(word(header, 4) + index));
  const withoutChecksum = patched(withId, 10, [0, 0]);
  return patched(withoutChecksum, 10, wordBytes(checksum(withoutChecksum)));
}

function tcpHeader(
  header: readonly number[],
  offset: number,
  isFirst: boolean,
  isLast: boolean,
): number[] {
  const sequence = (word(header, 4) * 65_536 + word(header, 6) + offset) % 2 ** 32;
  const sequenceBytes = [
    ...wordBytes(Math.floor(sequence / 65_536)),
    ...wordBytes(sequence % 65_536),
  ];
  let flags = header[13]!;
  if (!isFirst) flags &= 0x7f;
  if (!isLast) flags &= 0xf6;
  return patched(patched(header, 4, sequenceBytes), 13, [flags]);
}

/** Where TCP's or UDP's checksum stands in an IP packet, from its first byte on; -1: there is none. */
export function slowChecksumAt(bytes: readonly number[]): number {
  const ip = slowIp(bytes);
  if (ip === null || ip.isFragment) return -1;
  if (ip.protocol === TCP && ip.body.length >= 20) return ip.header.length + 16;
  if (ip.protocol === UDP && ip.body.length >= 8) return ip.header.length + 6;
  return -1;
}

/** The pseudo-header of an IP packet: the same sum for both versions. */
function pseudoHeader({ version, header, protocol, body }: SlowIp): number[] {
  const addresses = version === 4 ? header.slice(12, 20) : header.slice(8, 40);
  return [...addresses, 0, protocol, ...wordBytes(body.length)];
}

/** The sum that a kernel wants in the checksum's field. */
export function slowPseudoSum(bytes: readonly number[]): number {
  return 0xffff - checksum(pseudoHeader(slowIp(bytes)!));
}

/** The packet with a right checksum. It has a place for one. */
export function slowCompleted(bytes: readonly number[]): number[] {
  const at = slowChecksumAt(bytes);
  const cleared = patched(bytes, at, [0, 0]);
  const ip = slowIp(cleared)!;
  const right = checksum([...pseudoHeader(ip), ...ip.body]);
  return patched(cleared, at, wordBytes(right === 0 && ip.protocol === UDP ? 0xffff : right));
}
