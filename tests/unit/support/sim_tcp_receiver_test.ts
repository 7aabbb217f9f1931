import assert from "node:assert/strict";
import { SimTcpReceiver } from "../../support/sim_tcp_receiver.ts";
import * as segment from "../../support/sim_tcp_segment.ts";
import { VirtualClock } from "../../support/virtual_clock.ts";

const MSS = 1000;

/** Feeds segments by number; ACKs are noted as [ms, acknowledged, ...blocks as "left-right"]. */
class Rig {
  readonly clock = new VirtualClock();
  readonly acks: string[] = [];
  delivered = 0;
  readonly #packet = segment.makeSegment(1, "sender", segment.SEGMENT_HEADER_BYTES + MSS);
  readonly #receiver = new SimTcpReceiver({
    id: 1,
    clock: this.clock,
    mssBytes: MSS,
    windowBytes: 1_000_000,
    send: (ack) => {
      const blocks: string[] = [];
      for (let i = 0; i < segment.readSackBlocks(ack); i++) {
        blocks.push(
          `${segment.readSackLeft(ack, i) / MSS}-${segment.readSackRight(ack, i) / MSS}`,
        );
      }
      const ece = segment.hasEce(ack) ? " ece" : "";
      this.acks.push(
        [`${this.clock.now}:`, segment.readAckNo(ack) / MSS, ...blocks].join(" ") + ece,
      );
    },
    onDelivered: (segments) => this.delivered += segments,
  });

  feed(...segs: number[]): this {
    for (const seg of segs) {
      segment.writeData(this.#packet, seg * MSS, 1, 1, true, false);
      this.#receiver.handle(this.#packet);
    }
    return this;
  }

  feedMarked(seg: number, isMarked: boolean, isCwr: boolean): void {
    segment.writeData(this.#packet, seg * MSS, 1, 1, true, isCwr);
    if (isMarked) segment.markCongestion(this.#packet);
    this.#receiver.handle(this.#packet);
  }

  /** Past the ACKs that are quick at the start. */
  started(): this {
    this.feed(...Array.from({ length: 16 }, (_, i) => i));
    this.acks.length = 0;
    return this;
  }
}

Deno.test("SimTcpReceiver acknowledges every second segment, or one after 40 ms", () => {
  const rig = new Rig().started();
  rig.feed(16, 17, 18);
  rig.clock.runUntil(100);
  assert.deepEqual(rig.acks, ["0: 18", "40: 19"]);
});

Deno.test("SimTcpReceiver tells at once of a gap and of its end", () => {
  const rig = new Rig().started().feed(17, 18, 16);
  assert.deepEqual(rig.acks, ["0: 16 17-18", "0: 16 17-19", "0: 19"]);
  assert.equal(rig.delivered, 19);
});

Deno.test("SimTcpReceiver names the newest block first and three at most", () => {
  const rig = new Rig().started().feed(18, 20, 22);
  assert.deepEqual(rig.acks.at(-1), "0: 16 22-23 20-21 18-19");
  rig.feed(24);
  rig.clock.runUntil(1);
  assert.deepEqual(rig.acks.at(-1), "1: 16 24-25 22-23 20-21");
});

Deno.test("SimTcpReceiver sends three duplicate ACKs at once and then one a millisecond", () => {
  const rig = new Rig().started().feed(17, 18, 19, 20, 21, 22);
  rig.clock.runUntil(10);
  assert.deepEqual(rig.acks, ["0: 16 17-18", "0: 16 17-19", "0: 16 17-20", "1: 16 17-23"]);
});

Deno.test("SimTcpReceiver reports a duplicate by a DSACK, once", () => {
  const rig = new Rig().started().feed(3, 18, 18);
  assert.deepEqual(rig.acks, ["0: 16 3-4", "0: 16 18-19", "0: 16 18-19 18-19"]);
});

Deno.test("SimTcpReceiver echoes a mark until the sender has reduced its window", () => {
  const rig = new Rig().started();
  rig.feedMarked(16, true, false);
  rig.feedMarked(17, false, false);
  rig.feedMarked(18, false, true);
  assert.deepEqual(rig.acks, ["0: 17 ece", "0: 18 ece", "0: 19"]);
});
