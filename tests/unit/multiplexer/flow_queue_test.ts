import assert from "node:assert/strict";
import { FlowQueue } from "../../../src/multiplexer/flow_queue.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { FlowPool } from "../../../src/multiplexer/queued_flow.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { checksum } from "../../support/craft_ip.ts";
import { CodelTwin } from "./codel_twin.ts";
import { QueueBench } from "./queue_bench.ts";

Deno.test("FlowQueue keeps the order within a flow and gives every slot back", () => {
  const bench = new QueueBench();
  for (let i = 0; i < 100; i++) bench.put({ flow: 7, lengthBytes: 100 + i });
  assert.equal(bench.queue.pkts, 100);
  assert.equal(bench.queue.bytes, 100 * 100 + 99 * 50);
  for (let i = 0; i < 100; i++) assert.equal(bench.take()?.id, i);
  assert.equal(bench.take(), null);
  assert.equal(bench.queue.bytes, 0);
  assert.equal(bench.pool.usedSlots, 0);
});

Deno.test("FlowQueue shares by bytes between two fat flows, whatever their packets' sizes", () => {
  const bench = new QueueBench();
  for (let i = 0; i < 400; i++) bench.put({ flow: 1, lengthBytes: 1_400 });
  for (let i = 0; i < 2_000; i++) bench.put({ flow: 2, lengthBytes: 200 });
  const bytes = [0, 0, 0];
  for (let i = 0; i < 800; i++) {
    const packet = bench.take()!;
    bytes[packet.flow]! += packet.lengthBytes;
  }
  assert(Math.abs(bytes[1]! - bytes[2]!) <= 2 * 1_500, `${bytes}`);
});

Deno.test("FlowQueue serves a flow of few packets before the fat ones", () => {
  const bench = new QueueBench();
  for (let i = 0; i < 50; i++) bench.put({ flow: 1 });
  for (let i = 0; i < 50; i++) bench.put({ flow: 2 });
  for (let i = 0; i < 10; i++) bench.take();
  bench.put({ flow: 3, lengthBytes: 200 });
  assert.equal(bench.take()?.flow, 3);
  assert.equal(bench.queue.lastIsSparse, true);
  bench.take();
  assert.equal(bench.queue.lastIsSparse, false);
});

Deno.test("FlowQueue serves thin packets first, and lets flows have a turn after a run of them", () => {
  const bench = new QueueBench();
  bench.put({ flow: 1 });
  for (let i = 0; i < 40; i++) bench.put({ flow: 2, lengthBytes: 52, isThin: true });
  assert.equal(bench.queue.thinPkts, 40);
  assert.equal(bench.queue.peekIsThin(), true);
  const flows = Array.from({ length: 41 }, () => bench.take()!.flow);
  assert.equal(flows.indexOf(1), 32);
  assert.equal(bench.queue.lastIsThin, true);
  assert.equal(bench.queue.peekIsThin(), false);
});

Deno.test("FlowQueue.dequeueThin takes nothing from the flows", () => {
  const bench = new QueueBench();
  bench.put({ flow: 1 });
  assert.equal(bench.queue.dequeueThin(0), null);
  bench.put({ flow: 2, lengthBytes: 52, isThin: true });
  const slot = bench.queue.dequeueThin(0)!;
  assert.equal(bench.queue.lastFlowHash, 2);
  assert.equal(bench.queue.lastIsThin, true);
  bench.pool.release(slot);
  assert.equal(bench.queue.dequeueThin(0), null);
  assert.equal(bench.queue.pkts, 1);
});

Deno.test("FlowQueue puts thin packets beyond the thin class's bounds into their flows", () => {
  const many = new QueueBench();
  for (let i = 0; i < 300; i++) many.put({ flow: 1, lengthBytes: 52, isThin: true });
  assert.equal(many.queue.thinPkts, 256);
  assert.equal(many.queue.pkts, 300);
  const large = new QueueBench();
  for (let i = 0; i < 60; i++) large.put({ flow: 1, lengthBytes: 1_500, isThin: true });
  assert.equal(large.queue.thinPkts, Math.floor(65_536 / 1_500));
});

Deno.test("FlowQueue tells hash, time and class of the packet it gave", () => {
  const bench = new QueueBench();
  bench.put({ flow: 0x7fff_fff0 }, 12.5);
  bench.put({ flow: 0x7fff_fff0 + 3, isThin: true, lengthBytes: 52 }, 13.5);
  bench.take(20);
  assert.deepEqual(
    [bench.queue.lastFlowHash, bench.queue.lastEnqueuedMs, bench.queue.lastIsThin],
    [0x7fff_fff3, 13.5, true],
  );
  bench.take(20);
  assert.deepEqual(
    [bench.queue.lastFlowHash, bench.queue.lastEnqueuedMs, bench.queue.lastIsThin],
    [0x7fff_fff0, 12.5, false],
  );
});

Deno.test("FlowQueue.headSojournMs is the age of the packet that has stood longest at the head of a flow", () => {
  const bench = new QueueBench();
  assert.equal(bench.queue.headSojournMs(5), 0);
  bench.put({ flow: 1 }, 10);
  bench.put({ flow: 1 }, 11);
  bench.put({ flow: 1 }, 12);
  bench.put({ flow: 9, isThin: true, lengthBytes: 52 }, 1);
  assert.equal(bench.queue.headSojournMs(30), 20);
  bench.take(30);
  bench.take(30);
  bench.take(30);
  bench.put({ flow: 2 }, 30);
  bench.take(30);
  assert.equal(bench.queue.headSojournMs(30), 18);
});

Deno.test("FlowQueue drops by CoDel what the readable twin drops, and counts it", () => {
  const bench = new QueueBench();
  const twin = new CodelTwin(30, 200, 3_000);
  let id = 0;
  for (let now = 0; now < 4_000; now += 1) {
    // 1.25 packets come in the time that one leaves.
    const arrivals = now % 4 === 0 ? 2 : 1;
    for (let i = 0; i < arrivals; i++) {
      bench.put({ flow: 5, lengthBytes: 1_400 }, now);
      twin.packets.push({ id: id++, bytes: 1_400, enqueuedMs: now, isEcn: false });
    }
    assert.equal(bench.take(now)?.id, twin.dequeue(now).packet?.id);
  }
  assert(bench.queue.codelDroppedPkts > 10, `${bench.queue.codelDroppedPkts} dropped`);
  assert.equal(bench.queue.overflowPkts, 0);
  assert.equal(bench.queue.pkts, twin.packets.length);
  assert.equal(bench.pool.usedSlots, bench.queue.pkts);
});

Deno.test("FlowQueue marks ECN-capable packets in place of dropping them", () => {
  const bench = new QueueBench();
  for (let i = 0; i < 20; i++) bench.put({ flow: 5, ecn: 2 }, 0);
  bench.take(100);
  const slot = bench.queue.dequeue(300)!;
  assert.equal(slot.bytes[slot.start + 1]! & 3, 3);
  assert.equal(checksum(slot.toBytes().subarray(0, 20)), 0);
  assert.equal(bench.queue.markedPkts, 1);
  assert.equal(bench.queue.codelDroppedPkts, 0);
});

Deno.test("FlowQueue never drops the last two packets of a flow by CoDel", () => {
  const bench = new QueueBench();
  for (let i = 0; i < 200; i++) bench.put({ flow: 5, lengthBytes: 1_400 }, 0);
  let now = 0;
  let last = -1;
  while (bench.queue.pkts > 0) last = bench.take(now += 150)?.id ?? last;
  assert(bench.queue.codelDroppedPkts > 20);
  assert.equal(last, 199);
});

Deno.test("FlowQueue.setCodel changes the target at run time", () => {
  const bench = new QueueBench();
  for (let i = 0; i < 100; i++) bench.put({ flow: 5 }, 0);
  bench.queue.setCodel(1_000, 2_000);
  for (let now = 0; now < 900; now += 20) bench.take(now);
  assert.equal(bench.queue.codelDroppedPkts, 0);
  bench.queue.setCodel(5, 20);
  for (let now = 900; now < 1_000; now += 20) bench.take(now);
  assert(bench.queue.codelDroppedPkts > 0);
});

Deno.test("FlowQueue that is full drops from the fattest flow", () => {
  const bench = new QueueBench();
  bench.queue.setLimits(1_000_000, 100);
  for (let i = 0; i < 10; i++) bench.put({ flow: 1, lengthBytes: 1_000 });
  for (let i = 0; i < 90; i++) bench.put({ flow: 2, lengthBytes: 1_000 });
  assert.equal(bench.put({ flow: 1, lengthBytes: 1_000 }), 0);
  assert.equal(bench.queue.overflowPkts, 45);
  const counts = [0, 0, 0];
  for (let packet = bench.take(); packet !== null; packet = bench.take()) counts[packet.flow]!++;
  assert.deepEqual(counts, [0, 11, 45]);
});

Deno.test("FlowQueue keeps its byte limit, and says so when the packet itself was dropped", () => {
  const bench = new QueueBench();
  bench.queue.setLimits(3_000, 100);
  assert.equal(bench.put({ flow: 1, lengthBytes: 1_400 }), 0);
  assert.equal(bench.put({ flow: 2, lengthBytes: 1_400 }), 0);
  assert.equal(bench.put({ flow: 3, lengthBytes: 1_500 }), DropReason.SEND_QUEUE_FULL);
  assert.equal(bench.queue.pkts, 2);
  assert.equal(bench.put({ flow: 3, lengthBytes: 100, isThin: true }), 0);
  bench.queue.setLimits(50, 100);
  assert.equal(
    bench.put({ flow: 3, lengthBytes: 100, isThin: true }),
    DropReason.SEND_QUEUE_FULL,
  );
  assert.equal(bench.queue.pkts, 0);
  assert.equal(bench.pool.usedSlots, 0);
});

Deno.test("FlowQueue.clear gives all slots back, and the queue works on", () => {
  const bench = new QueueBench();
  for (let i = 0; i < 500; i++) bench.put({ flow: i % 77, isThin: i % 5 === 0 });
  bench.queue.clear();
  assert.equal(bench.pool.usedSlots, 0);
  assert.equal(bench.queue.pkts, 0);
  assert.equal(bench.queue.bytes, 0);
  bench.put({ flow: 3 });
  assert.equal(bench.take()?.flow, 3);
  assert.equal(bench.pool.usedSlots, 0);
});

Deno.test("FlowQueue makes no flows while traffic is steady, and idle queues share them", () => {
  const flowPool = new FlowPool();
  const pool = new PacketPool();
  const packet = new Packet(1_500);
  packet.fill(new Uint8Array(100));
  for (let i = 0; i < 200; i++) {
    const queue = new FlowQueue(pool, flowPool);
    for (let flow = 0; flow < 8; flow++) queue.enqueue(pool.acquireCopy(packet)!, flow, false, i);
    for (let slot = queue.dequeue(i); slot !== null; slot = queue.dequeue(i)) pool.release(slot);
  }
  assert.equal(flowPool.madeFlows, 8);
  assert.equal(pool.usedSlots, 0);
});
