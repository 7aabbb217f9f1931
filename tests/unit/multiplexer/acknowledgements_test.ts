import assert from "node:assert/strict";
import fc from "fast-check";
import { Acknowledgements } from "../../../src/multiplexer/acknowledgements.ts";
import type { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { ReceivedLog } from "../../../src/multiplexer/received_log.ts";
import { toWireUs } from "../../../src/wire/data_header.ts";
import { FeedbackWriter } from "../../../src/wire/feedback.ts";
import { FeedbackReader } from "../../../src/wire/feedback_reader.ts";
import { Packet } from "../../../src/wire/packet.ts";
import type { FakeLinkPortOptions } from "../../support/fake_link_port.ts";
import { type Measurements } from "../../support/measured_link.ts";
import { SenderRig, tcpPacket } from "./sender_rig.ts";

/** The peer's clock shows that much more than ours. */
const OFFSET_MS = 987_654;

/** A sender with one link, and the peer at its other end. */
class Rig extends SenderRig {
  readonly acknowledgements = new Acknowledgements(this.sender);
  readonly link: MultiplexerLink;
  readonly peer = new ReceivedLog();
  readonly #message = new Packet(1_400);

  constructor(options: Measurements & FakeLinkPortOptions = {}) {
    super();
    this.link = this.add({ capacityBps: 200e6, ...options });
  }

  /** Sends packets, one in a tenth of a ms. */
  sendMany(packets: number): void {
    for (let i = 0; i < packets; i++) {
      this.now += 0.1;
      this.send(tcpPacket(1, i));
    }
  }

  /** A packet of the link arrives so long after it was sent. */
  arrive(seqNo: number, transitMs = 20): void {
    const sentMs = this.link.sent.sentMs[this.link.sent.find(seqNo)]!;
    const receivedMs = sentMs + transitMs + OFFSET_MS;
    this.peer.receive(seqNo, 1_400, toWireUs(sentMs), receivedMs);
  }

  /** The peer tells; its message is here so long after it wrote it. */
  feedback(wayBackMs = 20, writtenMs = this.now - wayBackMs): void {
    const writer = new FeedbackWriter();
    writer.begin(this.#message, 1, 1, writtenMs + OFFSET_MS);
    writer.addLink(this.link.port.id, this.peer, writtenMs + OFFSET_MS);
    writer.finish();
    const reader = new FeedbackReader();
    assert.equal(reader.begin(this.#message), 0);
    assert.equal(reader.nextLink(), true);
    this.acknowledgements.handle(this.link, reader, this.now);
  }
}

Deno.test("acknowledged packets leave the log and give their slots back", () => {
  const rig = new Rig();
  rig.sendMany(5);
  for (const seqNo of [0, 1, 2]) rig.arrive(seqNo);
  rig.now += 40;
  rig.feedback();
  assert.equal(rig.link.sent.inFlightPkts, 2);
  assert.equal(rig.link.sent.oldestSeqNo, 3);
  assert.equal(rig.link.newestAckedSeqNo, 2);
  assert.equal(rig.link.lastAckedMs, rig.now);
  assert.equal(rig.pool.usedSlots, 2);
});

Deno.test("the round trip is what has passed, less what the peer held its answer back", () => {
  const rig = new Rig();
  rig.link.rtt.reset();
  rig.sendMany(1);
  rig.arrive(0, 30);
  const sentMs = rig.now;
  rig.now += 30 + 12 + 25;
  rig.feedback(25);
  assert(Math.abs(rig.link.rtt.srttMs - 55) < 0.01, `${rig.link.rtt.srttMs} since ${sentMs}`);
});

Deno.test("transits of a link differ by what they differ, whatever the clocks show", () => {
  const rig = new Rig();
  rig.link.delay.reset();
  let mostMs = 0;
  for (let i = 0; i < 40; i++) {
    rig.sendMany(1);
    rig.arrive(i, i < 20 ? 30 : 75);
    rig.now += 20;
    rig.feedback(5);
    mostMs = Math.max(mostMs, rig.link.delay.queueMs);
  }
  assert(Math.abs(mostMs - 45) < 0.1, `${mostMs}`);
});

Deno.test("transit times go on where 32 bits of microseconds end", () => {
  const { acknowledgements } = new Rig();
  assert.equal(acknowledgements.transitMs(2 ** 32 - 1_000), 0);
  assert.equal(acknowledgements.transitMs(4_000), 5);
  assert.equal(acknowledgements.transitMs(2 ** 32 - 3_000), -2);
});

Deno.test("a hole with later packets beyond it is a loss: the packet waits to go again", () => {
  const rig = new Rig();
  rig.sendMany(8);
  for (const seqNo of [0, 2, 3, 4, 5, 6, 7]) rig.arrive(seqNo);
  rig.now += 40;
  rig.feedback();
  assert.equal(rig.link.lostPkts, 1);
  assert.equal(rig.sender.resends.count, 1);
  assert.equal(rig.sender.resends.groupSeqNo, 1);
  assert.equal(rig.link.sent.inFlightPkts, 0);
});

Deno.test("a hole with one packet beyond it, sent at once, is not yet a loss", () => {
  const rig = new Rig();
  rig.sendMany(3);
  for (const seqNo of [0, 2]) rig.arrive(seqNo);
  rig.now += 40;
  rig.feedback();
  assert.equal(rig.link.lostPkts, 0);
  assert.equal(rig.link.sent.inFlightPkts, 1);
});

Deno.test("a packet that only was late is no loss after all, and more patience is learned from it", () => {
  const rig = new Rig();
  rig.sendMany(100);
  for (let seqNo = 1; seqNo < 100; seqNo++) rig.arrive(seqNo);
  rig.now += 40;
  rig.feedback();
  assert.equal(rig.link.lostPkts, 1);
  rig.arrive(0, 50);
  rig.now += 20;
  rig.feedback();
  assert.equal(rig.link.lostPkts, 1, "what was taken for lost stays counted");
  assert.equal(rig.link.loss.recentFraction(), 0);
  assert(rig.link.slack.isLearned);
  assert(rig.link.slack.ms(rig.now) > 9, "it was 9.9 ms late");
});

Deno.test("a link that mixes packets up a little loses none by that, once that is learned", () => {
  const rig = new Rig();
  rig.link.slack.handleLate(20, rig.now);
  rig.sendMany(50);
  for (let seqNo = 5; seqNo < 50; seqNo++) rig.arrive(seqNo);
  rig.now += 40;
  rig.feedback();
  assert.equal(rig.link.lostPkts, 0);
  for (let seqNo = 0; seqNo < 5; seqNo++) rig.arrive(seqNo, 25);
  rig.feedback();
  assert.equal(rig.link.sent.inFlightPkts, 0);
});

Deno.test("nothing is lost on a link over TCP, whatever is missing", () => {
  const rig = new Rig({ isReliable: true });
  rig.sendMany(50);
  for (let seqNo = 10; seqNo < 50; seqNo++) rig.arrive(seqNo);
  rig.now += 400;
  rig.feedback();
  assert.equal(rig.link.lostPkts, 0);
  assert.equal(rig.link.sent.inFlightPkts, 10);
});

Deno.test("the same feedback again is no news", () => {
  const rig = new Rig();
  rig.sendMany(20);
  for (let seqNo = 0; seqNo < 20; seqNo += 2) rig.arrive(seqNo);
  rig.now += 40;
  rig.feedback();
  const { srttMs } = rig.link.rtt;
  const before = [rig.link.lostPkts, rig.pool.usedSlots, rig.sender.resends.count];
  const ackedMs = rig.link.lastAckedMs;
  rig.now += 30;
  rig.feedback();
  assert.deepEqual([rig.link.lostPkts, rig.pool.usedSlots, rig.sender.resends.count], before);
  assert.equal(rig.link.rtt.srttMs, srttMs);
  assert.equal(rig.link.lastAckedMs, ackedMs);
});

Deno.test("feedback sets the pace", () => {
  const rig = new Rig();
  rig.link.pacer.setRate(1, rig.now);
  rig.sendMany(1);
  rig.arrive(0);
  rig.now += 40;
  rig.feedback();
  assert.equal(rig.link.pacer.rateBps, rig.link.rate.rateBps);
});

Deno.test("each packet is acknowledged, lost or in flight, whatever arrives and is told", () => {
  const steps = fc.array(
    fc.record({
      packets: fc.integer({ min: 0, max: 12 }),
      /** What arrives of what has not: one bit for each. */
      arrivals: fc.nat(),
      lateMs: fc.integer({ min: 0, max: 60 }),
      isTold: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(steps, (list) => {
      const rig = new Rig();
      const missing: number[] = [];
      const sentMs = new Map<number, number>();
      let newest = -1;
      for (const { packets, arrivals, lateMs, isTold } of list) {
        rig.sendMany(packets);
        for (let seqNo = newest + 1; seqNo < rig.link.sent.endSeqNo; seqNo++) {
          missing.push(seqNo);
          sentMs.set(seqNo, rig.link.sent.sentMs[rig.link.sent.find(seqNo)]!);
        }
        newest = rig.link.sent.endSeqNo - 1;
        rig.now += 20;
        for (let i = missing.length - 1; i >= 0; i--) {
          if ((arrivals >> (i % 31) & 1) === 0) continue;
          const seqNo = missing.splice(i, 1)[0]!;
          const receivedMs = Math.max(rig.now - 20 + lateMs, sentMs.get(seqNo)! + 1) + OFFSET_MS;
          rig.peer.receive(seqNo, 1_400, toWireUs(sentMs.get(seqNo)!), receivedMs);
        }
        rig.now += 60;
        if (isTold && rig.peer.newestSeqNo >= 0) rig.feedback(10);
        const { sent } = rig.link;
        assert.equal(
          rig.pool.usedSlots,
          sent.inFlightPkts + rig.sender.resends.count + rig.sender.waitingPkts,
        );
        assert(rig.link.lostPkts >= 0);
        assert(rig.link.rtt.srttMs > 0 && rig.link.rate.rateBps > 0);
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("feedback that tells of what was never sent does no harm", () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 47n }), { minLength: 1, maxLength: 20 }),
      (seqNos) => {
        const rig = new Rig();
        rig.sendMany(10);
        for (const seqNo of seqNos) rig.peer.receive(Number(seqNo), 1_400, 5, 77);
        rig.now += 20;
        rig.feedback();
        rig.feedback();
        assert(rig.link.rtt.srttMs > 0 && rig.link.rtt.srttMs < 10_000);
      },
    ),
    { numRuns: 30 },
  );
});
