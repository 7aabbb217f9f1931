import assert from "node:assert/strict";
import { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { Receiver } from "../../../src/multiplexer/receiver.ts";
import {
  DATA_HEADER_BYTES,
  DataFlag,
  prependDataHeader,
  toWireUs,
} from "../../../src/wire/data_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { FeedbackReader } from "../../../src/wire/feedback_reader.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { FakeLinkPort } from "../../support/fake_link_port.ts";

const OVERHEAD_BYTES = 32 + DATA_HEADER_BYTES;

/** A receiver and its links. */
class Rig {
  readonly pool = new PacketPool();
  readonly links: MultiplexerLink[] = [];
  /** Marks of what was delivered. */
  readonly delivered: number[] = [];
  readonly receiver: Receiver;
  now = 5_000;
  /** What deliver returns. */
  result = 0;
  #nextSeqNos = [0, 0, 0];

  constructor(links = 1) {
    const deliver = (packet: Packet): number => {
      this.delivered.push(packet.view.getUint32(packet.start));
      return this.result;
    };
    this.receiver = new Receiver(this.pool, this.links, deliver, () => Infinity);
    for (let id = 1; id <= links; id++) {
      const link = new MultiplexerLink(new FakeLinkPort(id, { isInitiator: false }));
      link.isAlive = true;
      this.links.push(link);
    }
  }

  /** A packet of a group comes; its mark is its number. */
  data(
    groupSeqNo: number,
    { group = 1, link = 0, flags = 0, transitMs = 20, skip = 0 } = {},
  ): number {
    const packet = new Packet(200);
    packet.fill(new Uint8Array(100));
    packet.view.setUint32(packet.start, groupSeqNo);
    prependDataHeader(packet, flags, group, toWireUs(this.now - transitMs), groupSeqNo);
    this.#nextSeqNos[link]! += skip;
    const seqNo = this.#nextSeqNos[link]!++;
    const bytes = packet.length + OVERHEAD_BYTES;
    return this.receiver.handleData(this.links[link]!, seqNo, packet, bytes, this.now);
  }

  feedback(): FeedbackReader {
    const message = new Packet(1_400);
    this.receiver.craftFeedback(message, this.now);
    const reader = new FeedbackReader();
    assert.equal(reader.begin(message), 0);
    return reader;
  }
}

Deno.test("Receiver passes packets on in the order of their group", () => {
  const rig = new Rig();
  for (const number of [0, 2, 1, 4, 3]) rig.data(number);
  assert.deepEqual(rig.delivered, [0, 1, 2, 3, 4]);
});

Deno.test("Receiver passes on what has no order at once, and the tun's answer back", () => {
  const rig = new Rig();
  rig.result = DropReason.TUN_WRITE_ERROR;
  for (const number of [0, 0, 7]) {
    assert.equal(rig.data(number, { group: 0 }), DropReason.TUN_WRITE_ERROR);
  }
  assert.deepEqual(rig.delivered, [0, 0, 7]);
});

Deno.test("Receiver drops a packet that came before, over whatever link", () => {
  const rig = new Rig(2);
  rig.data(0);
  assert.equal(rig.data(0, { link: 1 }), DropReason.DUPLICATE);
  assert.deepEqual(rig.delivered, [0]);
  assert.equal(rig.links[1]!.received.newestSeqNo, 0, "it arrived all the same");
});

Deno.test("Receiver drops a message that is shorter than its header", () => {
  const rig = new Rig();
  for (let bytes = 0; bytes < DATA_HEADER_BYTES; bytes++) {
    const packet = new Packet(100);
    packet.fill(new Uint8Array(bytes));
    assert.equal(
      rig.receiver.handleData(rig.links[0]!, bytes, packet, 60, rig.now),
      DropReason.TRUNCATED,
    );
  }
  assert.equal(rig.delivered.length, 0);
});

Deno.test("Receiver owes feedback a short while after the first packet, and none before", () => {
  const rig = new Rig();
  assert.equal(rig.receiver.feedbackDueMs, Infinity);
  rig.data(0);
  const dueMs = rig.receiver.feedbackDueMs;
  assert(dueMs > rig.now && dueMs <= rig.now + 25);
  rig.now += 5;
  rig.data(1);
  assert.equal(rig.receiver.feedbackDueMs, dueMs);
  rig.feedback();
  assert.equal(rig.receiver.feedbackDueMs, Infinity);
});

Deno.test("Receiver owes feedback at once after some packets", () => {
  const rig = new Rig();
  let packets = 0;
  for (; rig.receiver.feedbackDueMs > rig.now; packets++) rig.data(packets);
  assert(packets > 2 && packets <= 64, `${packets}`);
});

Deno.test("Receiver tells as often under load as without, not with every few packets", () => {
  const rig = new Rig();
  let number = 0;
  let messages = 0;
  // Ten packets a ms.
  for (let i = 0; i < 1_000; i++) {
    rig.now += 0.1;
    rig.data(number++);
    if (rig.receiver.feedbackDueMs > rig.now) continue;
    rig.feedback();
    messages++;
  }
  assert(messages >= 5 && messages <= 25, `${messages} in 100 ms`);
});

Deno.test("Receiver tells of a hole sooner, though not of each at once", () => {
  const rig = new Rig();
  rig.data(0);
  rig.feedback();
  rig.now += 50;
  rig.data(1);
  const usualMs = rig.receiver.feedbackDueMs - rig.now;
  rig.data(2, { skip: 1 });
  const soonMs = rig.receiver.feedbackDueMs - rig.now;
  assert(soonMs < usualMs && soonMs > 0, `${soonMs} of ${usualMs}`);
  rig.feedback();
  rig.now += 0.5;
  rig.data(3, { skip: 1 });
  assert(rig.receiver.feedbackDueMs - rig.now > 1);
});

Deno.test("Receiver owes nothing for messages that are not data; they fill their numbers", () => {
  const rig = new Rig();
  rig.receiver.handleOther(rig.links[0]!, 0, 64, rig.now);
  assert.equal(rig.receiver.feedbackDueMs, Infinity);
  assert.equal(rig.links[0]!.received.newestSeqNo, 0);
});

Deno.test("Receiver tells of all links what arrived, and when", () => {
  const rig = new Rig(3);
  for (let i = 0; i < 4; i++) rig.data(i);
  rig.data(4, { skip: 2 });
  rig.data(5, { link: 2, transitMs: 55 });
  rig.now += 3;
  const reader = rig.feedback();
  assert.equal(reader.sentUs, toWireUs(rig.now));
  assert.equal(reader.nextLink(), true);
  assert.deepEqual([reader.linkId, reader.newestSeqNo, reader.rangeCount], [1, 6, 2]);
  assert.equal(reader.newestReceivedUs, toWireUs(rig.now - 3));
  assert.equal(reader.minTransitUs, 20_000);
  assert(reader.receivedBytes > 5 * 100);
  const ranges: number[][] = [];
  while (reader.nextRange()) ranges.push([reader.rangeFirst, reader.rangeLast]);
  assert.deepEqual(ranges, [[6, 6], [0, 3]]);
  assert.equal(reader.nextLink(), true);
  assert.deepEqual([reader.linkId, reader.newestSeqNo], [3, 0]);
  assert.equal(reader.minTransitUs, 55_000);
  assert.equal(reader.nextLink(), false);
});

Deno.test("Receiver numbers its feedback", () => {
  const rig = new Rig();
  rig.data(0);
  const first = rig.feedback().number;
  assert.equal(rig.feedback().number, first + 1);
});

Deno.test("Receiver waits longer for a missing packet when links are far apart or slow, a call's not", () => {
  const holdMs = (transitMs: number, roundTripMs: number, flags: number): number => {
    const rig = new Rig(2);
    for (const link of rig.links) link.rtt.handleSample(roundTripMs, rig.now);
    rig.data(0, { flags });
    rig.data(1, { link: 1, transitMs, flags });
    rig.receiver.tuneHold(rig.now);
    rig.data(3, { flags });
    return rig.receiver.reorder.nextTimeout() - rig.now;
  };
  const usual = holdMs(20, 40, 0);
  assert(usual >= 2 * 40, "a packet is sent again within that");
  assert(holdMs(120, 40, 0) >= usual + 50);
  assert(holdMs(20, 150, 0) >= 2 * 150);
  assert(holdMs(5_000, 5_000, 0) <= 1_000, "but not for ever");
  assert(holdMs(120, 150, DataFlag.REALTIME) <= 60);
});
