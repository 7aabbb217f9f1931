/**
 * What stands inside a transport packet. The first byte says the kind; an unknown kind is skipped and counted. Pure.
 *
 * | kind     | what                                                    | file             |
 * | -------- | ------------------------------------------------------- | ---------------- |
 * | DATA     | an inner IP packet                                      | data_header.ts   |
 * | NOTICE   | the session or the peer ends                            | here             |
 * | FEEDBACK | what arrived over each link                             | feedback.ts      |
 * | PING     | is the link alive, and how long does it take            | ping.ts          |
 * | LINK     | what the user wants of a link                           | link_notice.ts   |
 * | GIVEN_UP | packets that will not be sent again                     | given_up.ts      |
 *
 * ```
 * NOTICE  kind 1 | code 1 | zeros up to 32 bytes
 * ```
 *
 * All numbers are big-endian. Flags, reserved bytes and padding are 0 when sent and not looked at when
 * received; what follows the last field is padding, however long it is: a later version may use both.
 *
 * Everything here was authenticated before it is read. It is checked all the same: the other end may
 * be another program, or one that was taken over.
 *
 * @module
 */

import { DropReason } from "./drop_reason.ts";
import { HEADROOM_BYTES, type Packet } from "./packet.ts";

/** The first byte. 2 was version 1's report of what was received. */
export const InnerKind = {
  DATA: 1,
  NOTICE: 3,
  FEEDBACK: 4,
  PING: 5,
  LINK: 6,
  GIVEN_UP: 7,
} as const;

/** What a notice says. */
export const NoticeCode = {
  /** The sender ends: the session is over. */
  CLOSING: 1,
  /** To a slave: another machine with this key has joined since; stay away until restarted. */
  REPLACED: 2,
  /** To a slave: its key was revoked. */
  REVOKED: 3,
} as const;

/** Some mobile carriers drop tiny datagrams: no message without an IP packet is shorter. A receiver refuses shorter ones. */
export const MIN_MESSAGE_BYTES = 32;

const NOTICE_CODE_OFFSET = 1;

/** Hot. The kind, or -1 when the message is empty. */
export function readInnerKind(inner: Packet): number {
  return inner.start < inner.end ? inner.bytes[inner.start]! : -1;
}

/** Replaces the packet by a notice. @param code one of {@link NoticeCode} */
export function encodeNotice(code: number, out: Packet): void {
  const start = beginMessage(out, MIN_MESSAGE_BYTES);
  out.view.setUint8(start, InnerKind.NOTICE);
  out.view.setUint8(start + NOTICE_CODE_OFFSET, code);
}

/**
 * The notice's code, 0..255: one of {@link NoticeCode}, or one of a later version, which the caller skips.
 * TRUNCATED when the message is shorter than 32 bytes or no notice.
 */
export function decodeNotice(inner: Packet): number {
  if (!isMessage(inner, InnerKind.NOTICE)) return DropReason.TRUNCATED;
  return inner.view.getUint8(inner.start + NOTICE_CODE_OFFSET);
}

/** Hot. Whether it is a message of that kind and long enough for one. */
export function isMessage(inner: Packet, kind: number): boolean {
  return inner.end - inner.start >= MIN_MESSAGE_BYTES && inner.bytes[inner.start] === kind;
}

/** Makes the packet that many zeros, 32 at least. @returns where it starts. */
export function beginMessage(out: Packet, lengthBytes: number): number {
  out.start = HEADROOM_BYTES;
  out.end = HEADROOM_BYTES + Math.max(lengthBytes, MIN_MESSAGE_BYTES);
  out.bytes.fill(0, out.start, out.end);
  return out.start;
}
