/**
 * Netlink messages and their attributes, as bytes: netlink(7). Lengths in them are checked against what there is, so whatever the bytes
 * are, nothing is read beyond them and nothing throws. Numbers are in the machine's order: little-endian on what is supported. Pure.
 *
 * @module
 */

/** What messages are about: include/uapi/linux/netlink.h and rtnetlink.h. */
export const NetlinkType = {
  ERROR: 2,
  DONE: 3,
  NEW_LINK: 16,
  GET_LINK: 18,
  NEW_ADDRESS: 20,
  GET_ADDRESS: 22,
  NEW_ROUTE: 24,
  GET_ROUTE: 26,
} as const;

/** The kernel changed while it was dumped: NLM_F_DUMP_INTR. */
export const DUMP_INTERRUPTED = 0x10;

/** `struct nlmsghdr`: length u32 with itself, type u16, flags u16, sequence number u32, port u32. */
const HEADER_BYTES = 16;

/** `struct rtattr`: length u16 with itself, type u16. */
const ATTRIBUTE_HEADER_BYTES = 4;

/** Both flags in an attribute's type: it holds others, it is in network order. */
const ATTRIBUTE_TYPE_MASK = 0x3fff;

/** Requests are acted upon, and answered with all there is: NLM_F_REQUEST and NLM_F_DUMP. */
const DUMP_REQUEST = 0x301;

/** Bytes after the header of any request to dump: zeros, as many as the longest of the structs that are expected there. */
const REQUEST_BODY_BYTES = 16;

/** One message; `body` is a part of the bytes it was read from. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  /** The request's that it answers, or that has brought the news: another program's, or 0. */
  readonly seqNo: number;
  readonly body: Uint8Array;
}

/** The messages in what one receive brought; ends where a length is impossible. */
export function readMessages(bytes: Uint8Array): readonly NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const lengthBytes = view.getUint32(at, true);
    if (lengthBytes < HEADER_BYTES || at + lengthBytes > bytes.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      seqNo: view.getUint32(at + 8, true),
      body: bytes.subarray(at + HEADER_BYTES, at + lengthBytes),
    });
    at += aligned(lengthBytes);
  }
  return messages;
}

/** Attributes by type, from an offset on; ends where a length is impossible. Of two of one type the first counts. */
export function readAttributes(
  bytes: Uint8Array,
  offsetBytes: number,
): ReadonlyMap<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>();
  const view = viewOf(bytes);
  for (let at = offsetBytes; at + ATTRIBUTE_HEADER_BYTES <= bytes.length;) {
    const lengthBytes = view.getUint16(at, true);
    if (lengthBytes < ATTRIBUTE_HEADER_BYTES || at + lengthBytes > bytes.length) break;
    const type = view.getUint16(at + 2, true) & ATTRIBUTE_TYPE_MASK;
    if (!attributes.has(type)) {
      attributes.set(type, bytes.subarray(at + ATTRIBUTE_HEADER_BYTES, at + lengthBytes));
    }
    at += aligned(lengthBytes);
  }
  return attributes;
}

/** A request for all that there is of a kind. */
export function craftDumpRequest(type: number, seqNo: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + REQUEST_BODY_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, DUMP_REQUEST, true);
  view.setUint32(8, seqNo, true);
  return bytes;
}

/** A whole number of 32 bits, or null when there are fewer. */
export function readU32(bytes: Uint8Array | undefined, offsetBytes = 0): number | null {
  if (bytes === undefined || bytes.length < offsetBytes + 4) return null;
  return viewOf(bytes).getUint32(offsetBytes, true);
}

/** Text up to its NUL, or to the end. */
export function readText(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "";
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** NLMSG_ALIGN and RTA_ALIGN. */
function aligned(lengthBytes: number): number {
  return (lengthBytes + 3) & ~3;
}
