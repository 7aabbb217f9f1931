import assert from "node:assert/strict";
import fc from "fast-check";
import { DataFlag, toWireUs } from "../../../src/wire/data_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { markOf, pureAck, SenderRig, tcpPacket, udpPacket } from "./sender_rig.ts";

/** Fills the queue: as many packets as no link may send at once. */
function fill(rig: SenderRig, packets = 200): void {
  for (let mark = 0; mark < packets; mark++) rig.send(tcpPacket(1, mark));
  assert(rig.sender.waitingPkts > 0);
}

Deno.test("Sender sends a packet at once over the link where it arrives first, and keeps a copy", () => {
  const rig = new SenderRig();
  rig.add({ transitMs: 60 });
  const near = rig.add({ transitMs: 20 });
  const packet = tcpPacket(1, 77);
  assert.equal(rig.send(packet), packet.length);
  assert.equal(rig.ports[0]!.sent.length, 0);
  const [sent] = rig.ports[1]!.sentData();
  assert.deepEqual(sent!.packet, packet.toBytes().slice());
  assert.equal(sent!.sentUs, toWireUs(rig.now));
  assert.equal(sent!.flags, 0);
  assert.equal(rig.pool.usedSlots, 1);
  rig.acknowledge(near);
  assert.equal(rig.pool.usedSlots, 0);
});

Deno.test("Sender refuses an empty packet, and one for which there is no slot", () => {
  const rig = new SenderRig(1);
  rig.add();
  assert.equal(rig.send(new Packet(10)), DropReason.EMPTY);
  assert.equal(rig.send(tcpPacket(1)), tcpPacket(1).length);
  assert.equal(rig.send(tcpPacket(1)), DropReason.SEND_QUEUE_FULL);
  assert.equal(rig.pool.usedSlots, 1);
});

Deno.test("Sender numbers the packets of a flow one after the other, over whatever link", () => {
  const rig = new SenderRig();
  rig.add({ transitMs: 20 });
  rig.add({ transitMs: 30 });
  fill(rig, 60);
  for (let i = 0; i < 100; i++) {
    rig.pass(1);
    for (const link of rig.links) rig.acknowledge(link);
  }
  const sent = rig.ports.flatMap((port) => port.sentData());
  assert(rig.ports.every((port) => port.sent.length > 5), "both links took part");
  assert.equal(new Set(sent.map(({ group }) => group)).size, 1);
  assert(sent[0]!.group > 0);
  sent.sort((a, b) => a.groupSeqNo - b.groupSeqNo);
  assert.deepEqual(sent.map(({ groupSeqNo }) => groupSeqNo), sent.map((_, i) => i));
  assert.deepEqual(sent.map(({ packet }) => markOf(packet)), sent.map((_, i) => i));
});

Deno.test("Sender goes on where the peer's numbers were", () => {
  const rig = new SenderRig();
  rig.add();
  rig.groupSeqNos.fill(2 ** 32 - 1);
  rig.send(tcpPacket(1));
  rig.send(tcpPacket(1));
  assert.deepEqual(rig.ports[0]!.sentData().map((it) => it.groupSeqNo), [2 ** 32 - 1, 0]);
});

Deno.test("Sender sends a lost packet again under its group number and a new one of the link", () => {
  const rig = new SenderRig();
  const link = rig.add();
  rig.send(tcpPacket(1, 5));
  rig.pass(30);
  rig.lose(link);
  rig.sender.pump(rig.now);
  const [first, second, ...more] = rig.ports[0]!.sentData();
  assert.equal(more.length, 0);
  assert.equal(second!.groupSeqNo, first!.groupSeqNo);
  assert.equal(second!.group, first!.group);
  assert(second!.linkSeqNo > first!.linkSeqNo);
  assert.equal(second!.flags, first!.flags | DataFlag.RESENT);
  assert.deepEqual(second!.packet, first!.packet);
  assert.equal(second!.sentUs, toWireUs(rig.now), "its transit is measured anew");
  assert.equal(rig.sender.resentPkts, 1);
});

Deno.test("Sender gives a packet up after some attempts, and tells it once", () => {
  const rig = new SenderRig();
  const link = rig.add();
  rig.send(tcpPacket(1));
  for (let i = 0; i < 20; i++) {
    rig.pass(5);
    rig.lose(link);
  }
  const sent = rig.ports[0]!.sentData();
  assert(sent.length >= 2 && sent.length <= 10, `${sent.length}`);
  assert.equal(rig.sender.givenUpPkts, 1);
  assert.equal(rig.sender.givenUp.count, 1);
  assert.equal(rig.sender.givenUp.group(0), sent[0]!.group);
  assert.equal(rig.sender.givenUp.seqNo(0), sent[0]!.groupSeqNo);
  assert.equal(rig.pool.usedSlots, 0);
});

Deno.test("Sender gives up what is too old to be of use, a call's packets before others", () => {
  for (
    const [packet, stillMs, tooLateMs] of [
      [tcpPacket(1), 150, 2_000],
      [udpPacket(1, 160), 40, 300],
    ] as const
  ) {
    for (const [afterMs, isResent] of [[stillMs, true], [tooLateMs, false]] as const) {
      const rig = new SenderRig();
      const link = rig.add();
      rig.send(packet);
      rig.pass(afterMs);
      rig.lose(link);
      rig.sender.pump(rig.now);
      assert.equal(rig.sender.resentPkts, isResent ? 1 : 0, `${afterMs} ms`);
      assert.equal(rig.sender.givenUp.count, isResent ? 0 : 1);
    }
  }
});

Deno.test("Sender does not send again what has no order: pure ACKs and the like", () => {
  const rig = new SenderRig();
  const link = rig.add();
  rig.send(pureAck(1));
  assert.equal(rig.ports[0]!.sentData()[0]!.group, 0);
  rig.lose(link);
  rig.pass(5);
  assert.equal(rig.ports[0]!.sent.length, 1);
  assert.equal(rig.sender.givenUp.count, 0, "nobody waits for it");
  assert.equal(rig.pool.usedSlots, 0);
});

Deno.test("Sender lets pure ACKs pass all that waits, without credit", () => {
  const rig = new SenderRig();
  rig.add({ transitMs: 20 });
  fill(rig);
  const before = rig.ports[0]!.sent.length;
  rig.send(pureAck(2));
  assert.equal(rig.ports[0]!.sent.length, before + 1);
  assert.equal(rig.ports[0]!.sentData().at(-1)!.group, 0);
  rig.send(tcpPacket(1, 1_000));
  assert.equal(rig.ports[0]!.sent.length, before + 1, "bulk waits for credit");
});

Deno.test("Sender rescues what was in flight over a link in trouble, however old, over others", () => {
  const rig = new SenderRig();
  const dead = rig.add({ transitMs: 20, capacityBps: 50e6 });
  rig.add({ transitMs: 40, capacityBps: 50e6 });
  rig.pass(10);
  for (let mark = 0; mark < 5; mark++) rig.send(tcpPacket(1, mark));
  assert.equal(rig.ports[0]!.sent.length, 5);
  rig.pass(3_000);
  dead.isSuspect = true;
  rig.scheduler.invalidate();
  rig.sender.rescue(dead, rig.now);
  rig.pass(20);
  assert.equal(dead.sent.inFlightPkts, 0);
  assert.deepEqual(rig.ports[1]!.sentData().map(({ packet }) => markOf(packet)), [0, 1, 2, 3, 4]);
  assert.equal(rig.sender.givenUp.count, 0);
});

Deno.test("Sender.resendTail sends the few oldest packets again that were sent before a time", () => {
  const rig = new SenderRig();
  const link = rig.add();
  for (let mark = 0; mark < 2; mark++) rig.send(tcpPacket(1, mark));
  rig.pass(100);
  rig.send(tcpPacket(1, 2));
  rig.sender.resendTail(link, rig.now - 50, rig.now);
  rig.sender.pump(rig.now);
  const marks = rig.ports[0]!.sentData().map(({ packet }) => markOf(packet));
  assert.deepEqual(marks, [0, 1, 2, 0, 1]);
});

Deno.test("Sender keeps a packet that a full socket refuses, and sends it later", () => {
  const rig = new SenderRig();
  const link = rig.add();
  const [port] = rig.ports;
  port!.refusal = DropReason.SEND_QUEUE_FULL;
  rig.send(tcpPacket(1, 3));
  assert.equal(rig.pool.usedSlots, 1);
  port!.refusal = 0;
  rig.pass(30);
  const sent = port!.sentData();
  assert.deepEqual(sent.map(({ packet }) => markOf(packet)), [3]);
  assert.equal(sent[0]!.groupSeqNo, 0);
  rig.acknowledge(link);
  assert.equal(rig.pool.usedSlots, 0);
});

Deno.test("Sender does not try a full socket again and again without a pause", () => {
  const rig = new SenderRig();
  rig.add();
  const [port] = rig.ports;
  port!.refusal = DropReason.SEND_QUEUE_FULL;
  rig.send(tcpPacket(1, 3));
  rig.pass(1);
  assert(port!.refused <= 5, `${port!.refused} attempts within a millisecond`);
  rig.pass(50);
  assert(port!.refused <= 60, `${port!.refused} attempts within 50 ms`);
  assert.equal(rig.sender.givenUpPkts, 0, "a socket that is full for a moment costs no packet");
});

Deno.test("Sender tells that a packet is lost for good when a socket refuses it for good", () => {
  const rig = new SenderRig();
  rig.add();
  rig.ports[0]!.refusal = DropReason.SEND_ERROR;
  rig.send(tcpPacket(1));
  rig.pass(1_000);
  assert.equal(rig.pool.usedSlots, 0);
  assert.equal(rig.sender.givenUp.count, 1, "the peer waits for a number that never comes");
});

Deno.test("Sender sends each packet of a redundant link over a second one, too", () => {
  const rig = new SenderRig();
  rig.add({ transitMs: 20, capacityBps: 50e6, settings: { mode: "redundant" } });
  rig.add({ transitMs: 40 });
  rig.pass(10);
  for (let mark = 0; mark < 4; mark++) rig.send(tcpPacket(1, mark));
  const [first, second] = rig.ports.map((port) => port.sentData());
  assert.deepEqual(first!.map((it) => it.groupSeqNo), [0, 1, 2, 3]);
  assert.deepEqual(second!.map((it) => it.groupSeqNo), [0, 1, 2, 3]);
  assert.deepEqual(second!.map((it) => markOf(it.packet)), [0, 1, 2, 3]);
  assert.equal(rig.sender.copiedPkts, 4);
  for (const link of rig.links) rig.acknowledge(link);
  assert.equal(rig.pool.usedSlots, 0);
});

Deno.test("Sender does not give a packet up because its copy was lost", () => {
  const rig = new SenderRig();
  rig.add({ transitMs: 20, settings: { mode: "redundant" } });
  const second = rig.add({ transitMs: 40 });
  rig.send(tcpPacket(1));
  rig.pass(20);
  rig.lose(second);
  rig.pass(5);
  assert.equal(rig.links[0]!.sent.inFlightPkts, 1, "the packet itself is on its way");
  assert.equal(rig.sender.givenUp.count, 0, "the peer would go on without it");
});

Deno.test("Sender without a link keeps what waits and sends it when one is there", () => {
  const rig = new SenderRig();
  assert.equal(rig.send(tcpPacket(1, 9)), tcpPacket(1).length);
  rig.pass(20);
  rig.add();
  rig.pass(5);
  assert.deepEqual(rig.ports[0]!.sentData().map(({ packet }) => markOf(packet)), [9]);
});

Deno.test("Sender.nextPumpMs is when more may go, and never while nothing waits", () => {
  const rig = new SenderRig();
  rig.add();
  assert.equal(rig.sender.nextPumpMs(rig.now), Infinity);
  fill(rig);
  const before = rig.ports[0]!.sent.length;
  rig.now = rig.sender.nextPumpMs(rig.now) + 0.01;
  rig.sender.pump(rig.now);
  assert(rig.ports[0]!.sent.length > before);
});

Deno.test("Sender gives all slots back, whatever becomes of packets", () => {
  const step = fc.record({
    what: fc.constantFrom(
      "send",
      "send",
      "send",
      "ack",
      "lose",
      "pass",
      "refuse",
      "suspect",
      "rescue",
    ),
    pick: fc.nat({ max: 9_999 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const rig = new SenderRig();
      rig.add({ transitMs: 20, settings: { mode: "redundant" } });
      rig.add({ transitMs: 40 });
      rig.add({ transitMs: 60, settings: { mode: "backup" } });
      for (const { what, pick } of steps) {
        const link = rig.links[pick % 3]!;
        const port = rig.ports[pick % 3]!;
        const some = rig.inFlight(link).filter((_, i) => (i + pick) % 3 > 0);
        if (what === "send") {
          for (let i = 0; i < pick % 20; i++) {
            rig.send([tcpPacket(pick % 3, i), pureAck(1), udpPacket(2, 100)][(pick + i) % 3]!);
          }
        } else if (what === "ack") rig.acknowledge(link, some);
        else if (what === "lose") rig.lose(link, some);
        else if (what === "pass") rig.pass(pick % 200);
        else if (what === "suspect") link.isSuspect = !link.isSuspect;
        else if (what === "rescue") rig.sender.rescue(link, rig.now);
        else port.refusal = [0, DropReason.SEND_QUEUE_FULL, DropReason.SEND_ERROR][pick % 3]!;
        const held = rig.links.reduce((sum, { sent }) => sum + sent.inFlightPkts, 0);
        assert.equal(rig.pool.usedSlots, held + rig.sender.waitingPkts + rig.sender.resends.count);
      }
      rig.sender.clear();
      for (const link of rig.links) rig.sender.abandon(link);
      assert.equal(rig.pool.usedSlots, 0);
      assert(rig.links.every(({ sent }) => sent.inFlightPkts === 0 && sent.inFlightBytes === 0));
    }),
    { numRuns: 40 },
  );
});
