/**
 * An AckFilter between a tun and a list of what passed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { AckFilter } from "../../../src/multiplexer/ack_filter.ts";
import { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { InnerFlow } from "../../../src/wire/inner_flow.ts";
import type { Packet } from "../../../src/wire/packet.ts";
import { craftIp } from "../../support/craft_ip.ts";
import { FakeLinkPort } from "../../support/fake_link_port.ts";

/** Of the only link. An ACK may wait for a fifth of it. */
export const ROUND_TRIP_MS = 100;
export const WAIT_MS = 20;

/** Acknowledged, a flow is no longer one that has just begun. */
export const BEGUN_BYTES = 8_000;

/** An ACK's fields. */
export interface Ack {
  readonly port?: number;
  readonly ackNo: number;
  readonly window?: number;
  readonly flags?: number;
  readonly options?: readonly number[];
}

/** Options of an ACK. */
export const TIMESTAMPS = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];
export const SACK = [1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2];

/** An ACK as a packet. */
export function makeAck(
  { port = 40_000, ackNo, window = 1_000, flags = 0x10, options = [] }: Ack,
): Packet {
  const no = [ackNo >>> 24, ackNo >>> 16 & 255, ackNo >>> 8 & 255, ackNo & 255];
  const header = [port >> 8, port & 255, 1, 187, 0, 0, 0, 1, ...no];
  const rest = [(20 + options.length) / 4 << 4, flags, window >> 8, window & 255, 0, 0, 0, 0];
  return craftIp({ protocol: 6, payload: [...header, ...rest, ...options] });
}

/** A filter between a tun and a list of what passed. */
export class AckFilterRig {
  now = 1_000;
  readonly pool = new PacketPool();
  readonly filter = new AckFilter(this.pool);
  /** Numbers of what was sent, in order. */
  readonly sent: number[] = [];
  readonly #flow = new InnerFlow(7);

  constructor(roundTripMs = ROUND_TRIP_MS) {
    const link = new MultiplexerLink(new FakeLinkPort(1));
    link.isAlive = true;
    link.rtt.handleSample(roundTripMs, 0);
    this.filter.tune([link], this.now);
  }

  /** @returns whether it was sent at once. */
  give(ack: Ack): boolean {
    const slot = this.pool.acquireCopy(makeAck(ack))!;
    this.#flow.read(slot);
    assert.equal(this.#flow.isPureAck, true);
    if (!this.filter.admit(slot, this.#flow, this.now)) return false;
    this.#send(slot);
    return true;
  }

  /** A flow that has acknowledged enough for its ACKs to wait, the last one just now. @returns its number */
  begin(ackNo = 10_000, port = 40_000): number {
    this.give({ ackNo, port });
    this.give({ ackNo: ackNo + BEGUN_BYTES >>> 0, port });
    this.sent.length = 0;
    return ackNo + BEGUN_BYTES >>> 0;
  }

  /** What waits is sent if it is time. */
  flush(): void {
    if (this.now < this.filter.dueMs) return;
    for (;;) {
      const slot = this.filter.shift(this.now);
      if (slot === null) return;
      this.#send(slot);
    }
  }

  #send(slot: Packet): void {
    this.#flow.read(slot);
    this.sent.push(this.#flow.ackNo);
    this.pool.release(slot);
  }
}
