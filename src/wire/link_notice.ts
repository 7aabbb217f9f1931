/**
 * What a slave tells its master of a link: its name, and what the user wants of it. Sent over the link itself, until
 * it was heard. Pure.
 *
 * ```
 * LINK    kind 1 | flags 1 | mode 1 | name length 1 | cap of what comes down, kbit/s 4 | name, UTF-8 | price 4 | zeros up to 32
 * ```
 *
 * The price is there when the flags say so: older programs know neither.
 *
 * @module
 */

import { DropReason } from "./drop_reason.ts";
import { beginMessage, InnerKind, isMessage } from "./inner_message.ts";
import type { Packet } from "./packet.ts";

/** Bits of the flags. */
export const LinkFlag = {
  METERED: 1,
  /** The link is about to go: nothing new is sent over it. */
  LEAVING: 2,
  /** The other end has this already: no answer is wanted. */
  HEARD: 4,
  /** Its budget is used up; the mode says `backup`, for those that do not know this flag. */
  SPENT: 8,
  /** A price follows the name. */
  PRICED: 16,
} as const;

/** Longest name, in bytes. */
export const MAX_LINK_NAME_BYTES = 64;

const FLAGS_OFFSET = 1;
const MODE_OFFSET = 2;
const NAME_BYTES_OFFSET = 3;
const CAP_OFFSET = 4;
const NAME_OFFSET = 8;
const PRICE_BYTES = 4;
const NO_PRICE = 0xffff_ffff;
const KILO = 1_000;
const MAX_CAP_KBPS = 0xffff_ffff;

/** What a notice says; made once and filled again. */
export class LinkNotice {
  flags = 0;
  /** Index of the mode, as the settings number them. */
  mode = 0;
  /** Bits per second; Infinity: no cap. */
  capBps = Number.POSITIVE_INFINITY;
  name = "";
  /** Per GB, in thousandths at the finest; null: none is known. Sent and read with {@link LinkFlag.PRICED} only. */
  pricePerGb: number | null = null;

  /** Replaces the packet by this notice. A name that is too long is cut. */
  encode(out: Packet): void {
    const name = new TextEncoder().encode(this.name).subarray(0, MAX_LINK_NAME_BYTES);
    const priceOffset = NAME_OFFSET + name.length;
    const start = beginMessage(out, priceOffset + PRICE_BYTES);
    const { view } = out;
    view.setUint8(start, InnerKind.LINK);
    view.setUint8(start + FLAGS_OFFSET, this.flags);
    view.setUint8(start + MODE_OFFSET, this.mode);
    view.setUint8(start + NAME_BYTES_OFFSET, name.length);
    const capBps = toldCapBps(this.capBps);
    view.setUint32(start + CAP_OFFSET, capBps === Infinity ? 0 : capBps / KILO);
    out.bytes.set(name, start + NAME_OFFSET);
    if ((this.flags & LinkFlag.PRICED) === 0) return;
    const price = this.pricePerGb;
    const milli = price === null ? NO_PRICE : Math.min(NO_PRICE - 1, Math.round(KILO * price));
    view.setUint32(start + priceOffset, milli);
  }

  /** Reads a notice. @returns 0, or BAD_CONTROL; then this is as it was. */
  decode(inner: Packet): number {
    if (!isMessage(inner, InnerKind.LINK)) return DropReason.BAD_CONTROL;
    const { view, start, end, bytes } = inner;
    const nameBytes = view.getUint8(start + NAME_BYTES_OFFSET);
    const nameStart = start + NAME_OFFSET;
    if (nameBytes > MAX_LINK_NAME_BYTES || nameStart + nameBytes > end) {
      return DropReason.BAD_CONTROL;
    }
    const flags = view.getUint8(start + FLAGS_OFFSET);
    const priceStart = nameStart + nameBytes;
    const hasPrice = (flags & LinkFlag.PRICED) !== 0;
    if (hasPrice && priceStart + PRICE_BYTES > end) return DropReason.BAD_CONTROL;
    const milli = hasPrice ? view.getUint32(priceStart) : NO_PRICE;
    this.pricePerGb = milli === NO_PRICE ? null : milli / KILO;
    this.flags = flags;
    this.mode = view.getUint8(start + MODE_OFFSET);
    const kbps = view.getUint32(start + CAP_OFFSET);
    this.capBps = kbps === 0 ? Number.POSITIVE_INFINITY : kbps * KILO;
    // Foreign text for people: what is not printable is none of it.
    this.name = new TextDecoder().decode(bytes.subarray(nameStart, nameStart + nameBytes))
      .replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "");
    return 0;
  }
}

/** A cap as a notice tells it: in whole kbit/s. */
export function toldCapBps(capBps: number): number {
  if (capBps === Infinity) return capBps;
  return KILO * Math.min(MAX_CAP_KBPS, Math.max(1, Math.round(capBps / KILO)));
}
