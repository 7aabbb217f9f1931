import assert from "node:assert/strict";
import type { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { ResendQueue } from "../../../src/multiplexer/resend_queue.ts";
import { SentState } from "../../../src/multiplexer/sent_log.ts";
import { Transmitter } from "../../../src/multiplexer/transmitter.ts";
import { DATA_HEADER_BYTES, DataFlag, prependDataHeader } from "../../../src/wire/data_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import type { Packet } from "../../../src/wire/packet.ts";
import { SenderRig, tcpPacket } from "./sender_rig.ts";

/** A transmitter over two fake links. */
class Rig extends SenderRig {
  readonly resends = new ResendQueue();
  readonly transmitter: Transmitter;
  readonly first: MultiplexerLink;
  readonly second: MultiplexerLink;

  constructor() {
    super();
    const { pool, scheduler, groupSeqNos, resends } = this;
    this.transmitter = new Transmitter({ pool, scheduler, groupSeqNos, resends });
    this.first = this.add({ transitMs: 20, capacityBps: 100e6 });
    this.second = this.add({ transitMs: 40, capacityBps: 100e6 });
    scheduler.refresh(this.links, 0, 0, this.now);
  }

  /** A slot as the sender's queue has it: flags and group stand in front. */
  slot(group: number, flags = 0): Packet {
    const slot = this.pool.acquireCopy(tcpPacket(1))!;
    prependDataHeader(slot, flags, group, 0, 0);
    slot.start += DATA_HEADER_BYTES;
    return slot;
  }

  /** Groups' numbers of what went over a link. */
  numbers(port: 0 | 1): number[] {
    return this.ports[port]!.sentData().map(({ groupSeqNo }) => groupSeqNo);
  }
}

Deno.test("Transmitter writes flags, group and its next number, and logs the packet", () => {
  const rig = new Rig();
  rig.groupSeqNos[9] = 41;
  const slot = rig.slot(9, DataFlag.REALTIME);
  const { start, end } = slot;
  rig.transmitter.sendFirst(slot, rig.first, rig.now);
  const [sent] = rig.ports[0]!.sentData();
  assert.deepEqual([sent!.flags, sent!.group, sent!.groupSeqNo], [DataFlag.REALTIME, 9, 41]);
  assert.equal(rig.groupSeqNos[9], 42);
  assert.deepEqual([slot.start, slot.end], [start, end], "the slot is as it was");
  const at = rig.first.sent.find(sent!.linkSeqNo);
  assert.equal(rig.first.sent.slots[at], slot);
  assert.equal(rig.first.sent.states[at], SentState.IN_FLIGHT);
  assert.equal(rig.first.sent.inFlightBytes, rig.first.sent.wireBytes[at]);
  assert(rig.first.sent.wireBytes[at]! > end - start + DATA_HEADER_BYTES);
});

Deno.test("Transmitter takes credit for what it sends", () => {
  const rig = new Rig();
  for (let i = 0; i < 200; i++) rig.transmitter.sendFirst(rig.slot(1), rig.first, rig.now);
  assert.equal(rig.first.pacer.hasCredit(rig.now), false);
  assert.equal(rig.second.pacer.hasCredit(rig.now), true);
});

Deno.test("Transmitter gives no numbers to packets without order", () => {
  const rig = new Rig();
  rig.transmitter.sendFirst(rig.slot(0), rig.first, rig.now);
  rig.transmitter.sendTwice(rig.slot(0), rig.first, rig.now);
  assert.equal(rig.groupSeqNos[0], 0);
  assert.equal(rig.ports[1]!.sent.length, 0, "nor copies: nobody would drop the second");
});

Deno.test("Transmitter sends a copy under the same number over the best other link", () => {
  const rig = new Rig();
  rig.transmitter.sendTwice(rig.slot(1), rig.first, rig.now);
  rig.transmitter.sendTwice(rig.slot(1), rig.second, rig.now);
  assert.deepEqual([rig.numbers(0), rig.numbers(1)], [[0, 1], [0, 1]]);
  assert.equal(rig.transmitter.copiedPkts, 2);
  assert.equal(rig.pool.usedSlots, 4);
});

Deno.test("Transmitter copies thin packets of a shaky link, for a twentieth of all bytes", () => {
  const rig = new Rig();
  for (let i = 0; i < 50; i++) {
    rig.first.delay.handleSample(20 + 40 * (i % 2), 20 + 40 * (i % 2), 0, rig.now);
  }
  for (let i = 0; i < 2_000; i++) rig.transmitter.sendThin(rig.slot(1), rig.first, rig.now + i);
  const copies = rig.ports[1]!.sent.length;
  assert(copies >= 60 && copies <= 150, `${copies}`);
});

Deno.test("Transmitter copies no thin packet of a sound link", () => {
  const rig = new Rig();
  for (let i = 0; i < 30; i++) rig.first.delay.handleSample(20, 20, 0, rig.now);
  for (let i = 0; i < 100; i++) rig.transmitter.sendThin(rig.slot(1), rig.first, rig.now);
  assert.equal(rig.ports[1]!.sent.length, 0);
});

Deno.test("Transmitter's budget for lost packets is used up and comes back with what is sent", () => {
  const rig = new Rig();
  const { transmitter, resends } = rig;
  const pushLost = (): void => resends.push(rig.slot(1), rig.first, rig.now, 1, sent, 0, 1, false);
  let sent = 0;
  for (pushLost(); transmitter.mayResend && sent < 10_000; sent++) {
    transmitter.sendAgain(rig.first, rig.now);
    pushLost();
  }
  assert(sent > 50 && sent < 2_000, `${sent}`);
  for (let i = 0; i < 40; i++) transmitter.sendFirst(rig.slot(2), rig.first, rig.now);
  assert.equal(transmitter.mayResend, true);
});

Deno.test("Transmitter sends what was lost twice over two links", () => {
  const rig = new Rig();
  rig.resends.push(rig.slot(1), rig.first, rig.now, 1, 7, 0, 2, false);
  rig.transmitter.sendAgain(rig.first, rig.now);
  assert.deepEqual([rig.numbers(0), rig.numbers(1)], [[7], [7]]);
  assert.equal(rig.first.resentPkts, 1);
});

Deno.test("Transmitter puts a packet that a full socket refuses back, and leaves the link alone", () => {
  const rig = new Rig();
  rig.ports[0]!.refusal = DropReason.SEND_QUEUE_FULL;
  for (let i = 0; i < 3; i++) rig.transmitter.sendFirst(rig.slot(4), rig.first, rig.now);
  const { resends } = rig;
  assert.equal(rig.transmitter.refusedPkts, 3);
  assert.equal(resends.count, 3);
  assert.deepEqual([resends.group, resends.groupSeqNo, resends.lostOn], [4, 0, rig.first]);
  assert.equal(rig.first.sent.inFlightPkts, 0);
  assert.equal(rig.first.pacer.hasCredit(rig.now), false);
});

Deno.test("Transmitter lets a packet without order go that a socket refuses", () => {
  const rig = new Rig();
  rig.ports[0]!.refusal = DropReason.SEND_QUEUE_FULL;
  rig.transmitter.sendFirst(rig.slot(0), rig.first, rig.now);
  assert.equal(rig.resends.count, 0);
  assert.equal(rig.pool.usedSlots, 0);
});
