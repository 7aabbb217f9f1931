/**
 * The ping of one link: asks whether the other end is there, and tells each end its round trip and what its
 * packets take to get there. Pure.
 *
 * ```
 * PING    kind 1 | flags 1 | interval, 100 ms 2 | send time, us 4 | echoed time, us 4 | held, us 4 | transit, us 4 | zeros up to 32
 * ```
 *
 * - send time: the sender's clock;
 * - echoed time: the send time of the newest ping that came over this link, and held: how long ago it came, when
 *   HAS_ECHO is set. Round trip = now - echoed - held (as RFC 3550 §6.4.1 has it);
 * - transit: receive time less send time of that ping, modulo 2^32: what the other end's packets take, offset included;
 * - interval: how soon the sender sends the next one, at the latest.
 *
 * @module
 */

import { DropReason } from "./drop_reason.ts";
import { beginMessage, InnerKind, isMessage } from "./inner_message.ts";
import type { Packet } from "./packet.ts";

/** Bits of the flags. */
export const PingFlag = {
  /** The other end is to answer with a ping over the same link. */
  WANTS_ANSWER: 1,
  /** The echo fields mean something. */
  HAS_ECHO: 2,
} as const;

const MESSAGE_BYTES = 32;
const FLAGS_OFFSET = 1;
const INTERVAL_OFFSET = 2;
const SENT_OFFSET = 4;
const ECHOED_OFFSET = 8;
const HELD_OFFSET = 12;
const TRANSIT_OFFSET = 16;
const INTERVAL_UNIT_MS = 100;
const MAX_INTERVAL_UNITS = 0xffff;

/** What a ping says; made once and filled again and again. All times u32 µs. */
export class Ping {
  flags = 0;
  intervalMs = 0;
  sentUs = 0;
  echoedUs = 0;
  heldUs = 0;
  transitUs = 0;

  /** Replaces the packet by this ping. */
  encode(out: Packet): void {
    const start = beginMessage(out, MESSAGE_BYTES);
    const { view } = out;
    view.setUint8(start, InnerKind.PING);
    view.setUint8(start + FLAGS_OFFSET, this.flags);
    const units = Math.ceil(this.intervalMs / INTERVAL_UNIT_MS);
    view.setUint16(start + INTERVAL_OFFSET, Math.min(units, MAX_INTERVAL_UNITS));
    view.setUint32(start + SENT_OFFSET, this.sentUs);
    view.setUint32(start + ECHOED_OFFSET, this.echoedUs);
    view.setUint32(start + HELD_OFFSET, this.heldUs);
    view.setUint32(start + TRANSIT_OFFSET, this.transitUs);
  }

  /** Reads a ping. @returns 0, or BAD_CONTROL: it is too short or none; then this is as it was. */
  decode(inner: Packet): number {
    if (!isMessage(inner, InnerKind.PING)) return DropReason.BAD_CONTROL;
    const { view, start } = inner;
    this.flags = view.getUint8(start + FLAGS_OFFSET);
    this.intervalMs = view.getUint16(start + INTERVAL_OFFSET) * INTERVAL_UNIT_MS;
    this.sentUs = view.getUint32(start + SENT_OFFSET);
    this.echoedUs = view.getUint32(start + ECHOED_OFFSET);
    this.heldUs = view.getUint32(start + HELD_OFFSET);
    this.transitUs = view.getUint32(start + TRANSIT_OFFSET);
    return 0;
  }
}
