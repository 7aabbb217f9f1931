import assert from "node:assert/strict";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { DELIVERED, ReorderWorld, wrap } from "./reorder_world.ts";

const G = 7;

function worldWith(...numbers: number[]): ReorderWorld {
  const world = new ReorderWorld();
  for (const number of numbers) world.receive(G, number);
  return world;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

Deno.test("ReorderBuffer delivers packets in order at once", () => {
  const world = new ReorderWorld();
  for (const number of range(5, 100)) assert.equal(world.receive(G, number), DELIVERED);
  assert.deepEqual(world.delivered[G], range(5, 100));
  assert.equal(world.buffer.inOrderPkts, 95);
  assert.equal(world.buffer.heldPkts, 0);
});

Deno.test("ReorderBuffer delivers group 0, and groups there are none of, in any order and as often as they come", () => {
  const world = new ReorderWorld();
  for (const number of [5, 3, 3, 9]) assert.equal(world.receive(0, number), DELIVERED);
  assert.deepEqual(world.delivered[0], [5, 3, 3, 9]);
  assert.equal(world.buffer.nextTimeout(), Infinity);
});

Deno.test("ReorderBuffer holds what is ahead until the missing packet comes", () => {
  const world = worldWith(1);
  assert.equal(world.receive(G, 3, 10), 0);
  assert.equal(world.receive(G, 4, 20), 0);
  assert.equal(world.buffer.heldBytes, 80);
  assert.equal(world.receive(G, 2, 30), DELIVERED);
  assert.deepEqual(world.delivered[G], [1, 2, 3, 4]);
  assert.equal(world.buffer.filledGaps, 1);
  assert.equal(world.buffer.heldPkts, 2);
  assert.equal(world.buffer.heldBytes, 0);
  assert.equal(world.buffer.holdMsSum, 30);
  assert.equal(world.buffer.holdCount, 2);
  assert.equal(world.pool.usedSlots, 0);
});

Deno.test("ReorderBuffer keeps groups apart", () => {
  const world = worldWith(1, 3);
  world.receive(G + 1, 3);
  world.receive(G + 1, 4);
  assert.deepEqual(world.delivered[G + 1], [3, 4]);
  assert.deepEqual(world.delivered[G], [1]);
});

Deno.test("ReorderBuffer refuses repeated packets: delivered, held and late ones", () => {
  const world = worldWith(10, 11, 13);
  assert.equal(world.receive(G, 11), DropReason.DUPLICATE);
  assert.equal(world.receive(G, 13), DropReason.DUPLICATE);
  assert.equal(world.receive(G, 9), DELIVERED);
  assert.equal(world.receive(G, 9), DropReason.DUPLICATE);
  assert.equal(world.buffer.duplicatePkts, 3);
  assert.deepEqual(world.delivered[G], [10, 11, 9]);
});

Deno.test("ReorderBuffer counts what comes below a group's first packet as late, and delivers it", () => {
  const world = worldWith(10, 8, 9, 11);
  assert.deepEqual(world.delivered[G], [10, 8, 9, 11]);
  assert.equal(world.buffer.latePkts, 2);
});

Deno.test("ReorderBuffer waits for a gap from the first packet behind it, each gap for itself", () => {
  const world = worldWith(1);
  world.receive(G, 3, 1_000); // 2 is missing
  world.receive(G, 4, 1_010);
  world.receive(G, 6, 1_050); // and 5
  assert.equal(world.buffer.nextTimeout(), 1_100);
  world.buffer.handleTimeout(1_099);
  assert.deepEqual(world.delivered[G], [1]);
  world.buffer.handleTimeout(1_100);
  assert.deepEqual(world.delivered[G], [1, 3, 4]);
  assert.equal(world.buffer.nextTimeout(), 1_150);
  world.buffer.handleTimeout(1_200);
  assert.deepEqual(world.delivered[G], [1, 3, 4, 6]);
  assert.equal(world.buffer.timedOutGaps, 2);
  assert.equal(world.receive(G, 2, 1_201), DELIVERED);
  assert.equal(world.receive(G, 7, 1_201), DELIVERED);
  assert.deepEqual(world.delivered[G], [1, 3, 4, 6, 2, 7]);
  assert.equal(world.buffer.latePkts, 1);
});

Deno.test("ReorderBuffer's timer of a gap is that of the packets behind it, not of those that came", () => {
  const world = worldWith(1);
  world.receive(G, 3, 1_000); // 2 is missing
  world.receive(G, 5, 1_050); // and 4
  world.receive(G, 2, 1_060);
  assert.deepEqual(world.delivered[G], [1, 2, 3]);
  assert.equal(world.buffer.nextTimeout(), 1_150);
});

Deno.test("ReorderBuffer holds real-time packets no longer than they may be, also behind bulk ones", () => {
  const world = worldWith(1);
  world.receive(G, 3, 1_000);
  world.receive(G, 6, 1_010, true);
  world.receive(G, 8, 1_020);
  assert.equal(world.buffer.nextTimeout(), 1_040);
  world.buffer.handleTimeout(1_040);
  assert.deepEqual(world.delivered[G], [1, 3, 6]);
  assert.equal(world.buffer.nextTimeout(), 1_120);
});

Deno.test("ReorderBuffer takes new hold times for packets that come after", () => {
  const world = worldWith(1);
  world.buffer.setHold(50, 10);
  world.receive(G, 3, 1_000);
  assert.equal(world.buffer.nextTimeout(), 1_050);
  world.receive(G, 4, 1_000, true);
  assert.equal(world.buffer.nextTimeout(), 1_010);
  world.buffer.setHold(0, 0);
  world.receive(G, 9, 1_001);
  assert.deepEqual(world.delivered[G], [1, 3, 4, 9]);
  assert.equal(world.pool.usedSlots, 0);
});

Deno.test("ReorderBuffer handles the earliest of several groups, and knows the next", () => {
  const world = new ReorderWorld();
  for (const group of [1, 2, 3]) world.receive(group, 0, 1_000);
  world.receive(2, 2, 1_020);
  world.receive(1, 2, 1_030);
  world.receive(3, 2, 1_010);
  assert.equal(world.buffer.nextTimeout(), 1_110);
  world.receive(3, 1, 1_040); // filled
  assert.equal(world.buffer.nextTimeout(), 1_120);
  world.buffer.handleTimeout(1_120);
  assert.deepEqual(world.delivered[2], [0, 2]);
  assert.equal(world.buffer.nextTimeout(), 1_130);
  world.buffer.handleTimeout(1_130);
  assert.deepEqual(world.delivered[1], [0, 2]);
  assert.equal(world.buffer.timedOutGaps, 2);
});

Deno.test("ReorderBuffer does not wait for a number that was given up", () => {
  const world = worldWith(1, 3, 5);
  world.giveUp(G, 4); // not the first gap: 2 is still waited for
  assert.deepEqual(world.delivered[G], [1]);
  world.giveUp(G, 2);
  assert.deepEqual(world.delivered[G], [1, 3, 5]);
  assert.equal(world.buffer.givenUpGaps, 2);
  assert.equal(world.pool.usedSlots, 0);
  assert.equal(world.receive(G, 4), DELIVERED); // all the same
  assert.equal(world.receive(G, 4), DropReason.DUPLICATE);
});

Deno.test("ReorderBuffer does not wait for numbers given up before anything came behind them", () => {
  const world = worldWith(1);
  world.giveUp(G, 3);
  world.giveUp(G, 3);
  world.giveUp(G, 2);
  assert.equal(world.receive(G, 4), DELIVERED);
  assert.equal(world.buffer.inOrderPkts, 2);
  assert.equal(world.buffer.givenUpGaps, 2);
});

Deno.test("ReorderBuffer delivers in its turn a packet that came though it was given up", () => {
  const world = worldWith(1, 3);
  world.giveUp(G, 4);
  assert.equal(world.receive(G, 4), 0);
  world.receive(G, 2);
  assert.deepEqual(world.delivered[G], [1, 2, 3, 4]);
  assert.equal(world.buffer.givenUpGaps, 0);
});

Deno.test("ReorderBuffer ignores the giving up of what came, is too far, or of an unknown group", () => {
  const world = worldWith(1, 3);
  for (const number of [0, 1, 3, 5_000, -3_000]) world.giveUp(G, number);
  world.giveUp(9, 1);
  world.giveUp(0, 1);
  world.giveUp(700, 1);
  assert.deepEqual(world.delivered[G], [1]);
  assert.equal(world.buffer.givenUpGaps, 0);
});

Deno.test("ReorderBuffer holds 2048 packets ahead, and stops waiting for the oldest gap at one more", () => {
  const world = worldWith(0);
  for (const number of range(2, 2_050)) assert.equal(world.receive(G, number), 0);
  assert.equal(world.pool.usedSlots, 2_048);
  assert.equal(world.receive(G, 2_051), 0); // 2050 is missing
  assert.deepEqual(world.delivered[G], [0, ...range(2, 2_050)]);
  assert.equal(world.buffer.overflowGaps, 1);
  assert.equal(world.receive(G, 2_050), DELIVERED);
  assert.equal(world.delivered[G]!.at(-1), 2_051);
  assert.equal(world.pool.usedSlots, 0);
});

Deno.test("ReorderBuffer goes on at a number far ahead, after what it held", () => {
  const world = worldWith(0, 2, 5);
  assert.equal(world.receive(G, 9_000_000), DELIVERED);
  assert.equal(world.receive(G, 9_000_001), DELIVERED);
  assert.deepEqual(world.delivered[G], [0, 2, 5, 9_000_000, 9_000_001]);
  assert.equal(world.buffer.jumps, 1);
  assert.equal(world.pool.usedSlots, 0);
  assert.equal(world.receive(G, 8_999_999), DELIVERED);
});

Deno.test("ReorderBuffer tells repeated packets across a jump ahead that leaves them near", () => {
  const world = worldWith(...range(0, 100));
  world.receive(G, 3_000);
  assert.equal(world.receive(G, 99), DropReason.DUPLICATE);
  assert.equal(world.receive(G, 100), DELIVERED);
  assert.equal(world.receive(G, 100), DropReason.DUPLICATE);
  assert.equal(world.receive(G, 3_000), DropReason.DUPLICATE);
});

Deno.test("ReorderBuffer delivers a packet that is very late without losing its place", () => {
  const world = worldWith(10_000, 10_002);
  assert.equal(world.receive(G, 10_001 - 4_097), DELIVERED);
  assert.equal(world.receive(G, 10_001), DELIVERED);
  assert.deepEqual(world.delivered[G], [10_000, 10_001 - 4_097, 10_001, 10_002]);
  assert.equal(world.buffer.latePkts, 1);
});

Deno.test("ReorderBuffer begins anew where a sender does that goes far back and stays there", () => {
  const world = worldWith(100_000, 100_002);
  for (const number of range(5, 30)) assert.equal(world.receive(G, number), DELIVERED);
  assert.equal(world.buffer.jumps, 1);
  assert.equal(world.receive(G, 31), 0);
  assert.equal(world.receive(G, 30), DELIVERED);
  assert.deepEqual(world.delivered[G], [100_000, ...range(5, 20), 100_002, ...range(20, 32)]);
  assert.equal(world.pool.usedSlots, 0);
});

Deno.test("ReorderBuffer holds 4 MiB in all groups, and then releases what waited longest", () => {
  const world = new ReorderWorld();
  for (const group of [1, 2, 3]) world.receive(group, 0, 0);
  let now = 0;
  const bytes = 9_000;
  for (let number = 2; world.buffer.overflowGaps === 0; number++) {
    for (const group of [2, 1, 3]) world.receive(group, number, now += 0.001, false, bytes);
    assert(world.buffer.heldBytes <= 4 * 1024 * 1024);
  }
  assert(world.buffer.heldBytes > 2.5 * 1024 * 1024);
  assert(world.delivered[2]!.length > 100);
  assert.deepEqual(world.delivered[1], [0]);
  assert.deepEqual(world.delivered[3], [0]);
  world.buffer.handleTimeout(1_000);
  assert.equal(world.buffer.heldBytes, 0);
  assert.equal(world.pool.usedSlots, 0);
});

Deno.test("ReorderBuffer delivers what it can't hold, and does not wait for it again", () => {
  const world = new ReorderWorld(1);
  world.receive(G, 0);
  assert.equal(world.receive(G, 2), 0);
  assert.equal(world.receive(G, 40), DELIVERED); // further than the first slots reach
  assert.equal(world.receive(G, 40), DropReason.DUPLICATE);
  assert.deepEqual(world.delivered[G], [0, 40]);
  for (const number of range(3, 40)) world.receive(G, number);
  assert.equal(world.receive(G, 1), DELIVERED);
  assert.equal(world.receive(G, 41), DELIVERED);
  assert.equal(world.buffer.inOrderPkts, 3);
  assert.equal(world.buffer.unheldPkts, 38);
  assert.equal(world.pool.usedSlots, 0);
  assert.equal(world.delivered[G]!.length, 42);
});

Deno.test("ReorderBuffer goes over the wrap of its numbers", () => {
  const start = 2 ** 32 - 3;
  const world = worldWith(start, start + 2, start + 4, start + 5, start + 3, start + 1);
  assert.deepEqual(world.delivered[G], range(start, start + 6).map(wrap));
  assert.equal(world.receive(G, start + 1), DropReason.DUPLICATE);
  assert.equal(world.receive(G, start - 1), DELIVERED);
  assert.equal(world.pool.usedSlots, 0);
});

Deno.test("ReorderBuffer forgets groups that are idle for 10 s, and has no timeout then", () => {
  const world = new ReorderWorld();
  world.receive(1, 5, 1_000);
  world.receive(2, 5, 9_000);
  assert.equal(world.buffer.nextTimeout(), 11_000);
  world.buffer.handleTimeout(11_000);
  assert.equal(world.receive(2, 5, 11_001), DropReason.DUPLICATE);
  assert.equal(world.receive(1, 90, 11_001), DELIVERED); // its first packet again
  world.buffer.handleTimeout(world.buffer.nextTimeout());
  world.buffer.handleTimeout(world.buffer.nextTimeout());
  assert.equal(world.buffer.nextTimeout(), Infinity);
});

Deno.test("ReorderBuffer that is reset gives all slots back and begins anew", () => {
  const world = worldWith(1, 3, 4, 9, 40, 600);
  world.giveUp(G, 17); // shares a slot with 1 modulo 16
  world.receive(8, 0);
  world.receive(8, 2);
  world.receive(8, 17);
  world.giveUp(8, 17 + 512);
  world.buffer.reset();
  assert.equal(world.pool.usedSlots, 0);
  assert.equal(world.buffer.heldBytes, 0);
  assert.equal(world.buffer.nextTimeout(), Infinity);
  assert.deepEqual(world.delivered[G], [1]);
  assert.equal(world.receive(G, 3), DELIVERED);
});
