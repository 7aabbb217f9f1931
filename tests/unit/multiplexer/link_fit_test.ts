import assert from "node:assert/strict";
import { LinkFit, pickNth, usefulMtuOf } from "../../../src/multiplexer/link_fit.ts";
import { DATAGRAM_OVERHEAD_BYTES } from "../../../src/multiplexer/path_mtu.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { Scheduler } from "../../../src/multiplexer/scheduler.ts";
import { Sender } from "../../../src/multiplexer/sender.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { measuredLink } from "../../support/measured_link.ts";
import { markOf, pureAck, SenderRig, tcpPacket, udpPacket } from "./sender_rig.ts";

const SMALL_DATAGRAM_BYTES = 1_272;
const SMALL_PACKET_BYTES = SMALL_DATAGRAM_BYTES - DATAGRAM_OVERHEAD_BYTES;

/** Of IP and TCP headers. */
const HEADERS_BYTES = 40;

/** A link that takes small packets only, and a slower one that takes all. */
function unequalRig(): SenderRig {
  const rig = new SenderRig();
  rig.add({ transitMs: 10, capacityBps: 20e6, maxDatagramBytes: SMALL_DATAGRAM_BYTES });
  rig.add({ transitMs: 20, capacityBps: 20e6 });
  return rig;
}

Deno.test("Sender sends a packet over the links only that it fits", () => {
  const rig = unequalRig();
  for (let i = 0; i < 2_000; i++) {
    const isLarge = i % 2 === 0;
    rig.send(tcpPacket(i % 2, i, (isLarge ? 1_400 : SMALL_PACKET_BYTES) - HEADERS_BYTES));
    rig.pass(1);
    rig.ports.forEach((_, at) => acknowledge(rig, at));
  }
  const [small, large] = rig.ports.map((port) => port.sentData());
  assert(small!.length > 900, `${small!.length}`);
  assert(small!.every(({ packet }) => packet.length <= SMALL_PACKET_BYTES));
  assert.equal(large!.filter(({ packet }) => packet.length === 1_400).length, 1_000);
});

Deno.test("Sender lets no small packet of a flow overtake the flow's large ones that wait", () => {
  const rig = unequalRig();
  for (let i = 0; i < 60; i++) {
    rig.send(tcpPacket(1, i, (i % 3 === 2 ? 600 : 1_400) - HEADERS_BYTES));
  }
  rig.pass(200);
  const all = rig.ports.flatMap((port) => port.sentData())
    .filter(({ flags }) => flags === 0)
    .sort((a, b) => a.groupSeqNo - b.groupSeqNo);
  assert.deepEqual(
    all.map(({ packet }) => markOf(packet)),
    Array.from({ length: 60 }, (_, i) => i),
  );
});

Deno.test("Sender holds few packets that wait for a link they fit, and leaves the others to the queue", () => {
  const rig = unequalRig();
  rig.sender.refresh(rig.now);
  rig.links[1]!.pacer.take(1e6, rig.now);
  for (let i = 0; i < 100; i++) rig.send(tcpPacket(1, i, 1_360));
  assert.equal(rig.sender.queue.pkts, 100 - 16);
  assert.equal(rig.sender.waitingPkts, 100);
  assert.equal(rig.ports[0]!.sentData().length, 0);
  rig.sender.clear();
  assert.equal(rig.pool.usedSlots, 0);
});

Deno.test("Sender sends a large ping and a thin flow's large packet over a link that takes it", () => {
  const rig = unequalRig();
  rig.send(udpPacket(1, 1_300));
  rig.send(pureAck(2));
  rig.pass(5);
  assert.equal(rig.ports[1]!.sentData().length, 1);
  assert.equal(rig.ports[0]!.sentData().length, 1);
});

Deno.test("Sender refuses what no link takes when its sender can be told, and tells what would fit", () => {
  for (const isTold of [true, false]) {
    const { link, port } = measuredLink(1, { maxDatagramBytes: 1_400 });
    const told: number[] = [];
    const sender = new Sender({
      pool: new PacketPool(),
      scheduler: new Scheduler(),
      links: [link],
      seed: 1,
      groupSeqNos: new Uint32Array(256),
      usefulMtu: () => Infinity,
      onTooBig: (_packet, mtuBytes) => {
        told.push(mtuBytes);
        return isTold;
      },
    });
    assert(sender.send(udpPacket(1, 1_356 - 28), 1) > 0, "fits");
    assert.equal(told.length, 0);
    const result = sender.send(udpPacket(1, 1_357 - 28), 2);
    assert.deepEqual(told, [1_356]);
    if (isTold) assert.equal(result, DropReason.TOO_LARGE);
    else assert(result > 0, "it goes, and IP fragments it");
    assert.equal(port.sentData().length, isTold ? 1 : 2);
  }
});

Deno.test("Sender refuses nothing up to the least MTU of IPv6, however small the links are", () => {
  const { link, port } = measuredLink(1, { maxDatagramBytes: 900 });
  const sender = new Sender({
    pool: new PacketPool(),
    scheduler: new Scheduler(),
    links: [link],
    seed: 1,
    groupSeqNos: new Uint32Array(256),
    usefulMtu: () => Infinity,
    onTooBig: () => true,
  });
  assert(sender.send(udpPacket(1, 1_280 - 28), 1) > 0);
  assert.equal(sender.send(udpPacket(1, 1_281 - 28), 2), DropReason.TOO_LARGE);
  assert.equal(port.sentData().length, 1);
});

Deno.test("LinkFit knows bounds that refuse nothing while there is no link", () => {
  const fit = new LinkFit();
  fit.measure([]);
  assert.equal(fit.leastBytes, 0);
  assert.equal(fit.limitBytes, Infinity);
});

Deno.test("pickNth takes links that a packet fits, and any when it fits none", () => {
  const links = [1_300, 1_472, 1_400].map((maxDatagramBytes, i) =>
    measuredLink(i + 1, { maxDatagramBytes }).link
  );
  const pick = (n: number, bytes: number): number | undefined => pickNth(links, n, bytes)?.port.id;
  assert.deepEqual([pick(0, 100), pick(1, 100), pick(2, 100), pick(3, 100)], [1, 2, 3, undefined]);
  assert.deepEqual([pick(0, 1_340), pick(1, 1_340), pick(2, 1_340)], [2, 3, undefined]);
  assert.deepEqual([pick(0, 1_500), pick(1, 1_500)], [1, 2]);
});

Deno.test("TCP is fitted to the smallest link that is up and carries more than small packets", () => {
  const links = [1_472, 1_272, 700].map((maxDatagramBytes, i) =>
    measuredLink(i + 1, { maxDatagramBytes }).link
  );
  assert.equal(usefulMtuOf(links), SMALL_PACKET_BYTES);
  links[1]!.isAlive = false;
  assert.equal(usefulMtuOf(links), 1_472 - DATAGRAM_OVERHEAD_BYTES);
  assert.equal(usefulMtuOf([]), Infinity);
});

/** What was sent is no longer in flight. */
function acknowledge(rig: SenderRig, at: number): void {
  const { sent } = rig.links[at]!;
  for (let seqNo = sent.oldestSeqNo; seqNo < sent.endSeqNo; seqNo++) {
    const place = sent.find(seqNo);
    if (place < 0 || sent.states[place] !== 1) continue;
    const slot = sent.settle(place, 2);
    if (slot !== null) rig.sender.release(slot);
  }
  sent.advance();
}
