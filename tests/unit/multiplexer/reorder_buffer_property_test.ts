import assert from "node:assert/strict";
import fc from "fast-check";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { DELIVERED, ReorderWorld, wrap } from "./reorder_world.ts";

const MAX_AHEAD = 2_048;
const MAX_BEHIND = 4_096;
const HOLD_MS = 100;
const REALTIME_HOLD_MS = 30;

/** What a group must do, so simple that it can be seen. Numbers don't wrap, and nothing is forgotten. */
class SlowGroup {
  readonly delivered: number[] = [];
  readonly seen = new Set<number>();
  /** Number -> when it must be passed on. */
  readonly held = new Map<number, number>();
  readonly givenUp = new Set<number>();

  constructor(public next: number) {}

  receive(number: number, deadlineMs: number): number {
    if (this.seen.has(number)) return DropReason.DUPLICATE;
    this.seen.add(number);
    while (number - this.next > MAX_AHEAD && this.held.size + this.givenUp.size > 0) this.#skip();
    if (number - this.next > MAX_AHEAD) this.next = number;
    if (number < this.next) {
      this.delivered.push(number);
      return DELIVERED;
    }
    const result = number === this.next ? DELIVERED : 0;
    this.givenUp.delete(number);
    this.held.set(number, deadlineMs);
    this.#run();
    return result;
  }

  giveUp(number: number): void {
    const isOpen = number >= this.next && number <= this.next + MAX_AHEAD;
    if (!isOpen || this.seen.has(number)) return;
    this.givenUp.add(number);
    this.#run();
  }

  deadlineMs(): number {
    return Math.min(...this.held.values());
  }

  handleTimeout(now: number): void {
    while (this.deadlineMs() <= now) this.#skip();
  }

  #skip(): void {
    this.next++;
    this.#run();
  }

  #run(): void {
    for (;; this.next++) {
      if (this.held.delete(this.next)) this.delivered.push(this.next);
      else if (!this.givenUp.delete(this.next)) return;
    }
  }
}

type Step =
  | { readonly kind: "receive"; readonly offset: number; readonly isRealtime: boolean }
  | { readonly kind: "run"; readonly count: number }
  | { readonly kind: "giveUp"; readonly offset: number }
  | { readonly kind: "wait"; readonly ms: number };

const near = fc.integer({ min: -12, max: 24 });
const offsets = fc.oneof(
  { arbitrary: near, weight: 12 },
  { arbitrary: fc.integer({ min: -MAX_BEHIND, max: MAX_AHEAD }), weight: 2 },
  { arbitrary: fc.constantFrom(-MAX_BEHIND, 15, 16, 17, 2_047, 2_048, 2_049, 2_060), weight: 1 },
  { arbitrary: fc.constantFrom(4_096, 8_192, 20_000), weight: 1 },
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant("receive" as const),
      offset: offsets,
      isRealtime: fc.boolean(),
    }),
    weight: 10,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant("run" as const),
      count: fc.integer({ min: 1, max: 90 }),
    }),
    weight: 2,
  },
  { arbitrary: fc.record({ kind: fc.constant("giveUp" as const), offset: near }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(40) }), weight: 3 },
);
const starts = fc.constantFrom(0, 100_000, 2 ** 31 - 200, 2 ** 32 - 200, 2 ** 32 - 5_000);
const groups = fc.constantFrom(1, 2, 255);

Deno.test("ReorderBuffer does what a slow one does, whatever comes", () => {
  const walks = fc.array(fc.tuple(groups, steps), { maxLength: 200, size: "max" });
  fc.assert(
    fc.property(starts, walks, (start, walk) => {
      const world = new ReorderWorld();
      const slow = new Map<number, SlowGroup>();
      let now = 500;
      const receive = (group: number, number: number, isRealtime: boolean): void => {
        const deadlineMs = now + (isRealtime ? REALTIME_HOLD_MS : HOLD_MS);
        const wanted = slow.get(group)!.receive(number, deadlineMs);
        assert.equal(world.receive(group, number, now, isRealtime), wanted);
      };
      for (const group of [1, 2, 255]) {
        slow.set(group, new SlowGroup(start));
        receive(group, start, false);
      }
      for (const [group, step] of walk) {
        const state = slow.get(group)!;
        if (step.kind === "receive") {
          receive(group, state.next + step.offset, step.isRealtime);
        } else if (step.kind === "run") {
          for (let i = 0; i < step.count; i++) receive(group, state.next, false);
        } else if (step.kind === "giveUp") {
          const number = state.next + step.offset;
          state.giveUp(number);
          world.giveUp(group, number, now);
        } else {
          now += step.ms;
          for (const each of slow.values()) each.handleTimeout(now);
          world.buffer.handleTimeout(now);
        }
        const deadlineMs = Math.min(...[...slow.values()].map((each) => each.deadlineMs()), 10_500);
        if (now < 10_500) assert.equal(world.buffer.nextTimeout(), deadlineMs);
        assert.equal(world.pool.usedSlots, sum([...slow.values()].map((each) => each.held.size)));
        assert.equal(world.buffer.heldBytes, 40 * world.pool.usedSlots);
      }
      for (const [group, state] of slow) {
        state.handleTimeout(now + HOLD_MS);
        world.buffer.handleTimeout(now + HOLD_MS);
        assert.deepEqual(world.delivered[group], state.delivered.map(wrap));
      }
      assert.equal(world.pool.usedSlots, 0);
    }),
    { numRuns: 40 },
  );
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** A number's place in an order that no number leaves by more than the displacement. */
function shuffled(count: number, displacement: number, random: () => number): number[] {
  return Array.from(
    { length: count },
    (_, number) => ({ number, at: number + random() * displacement }),
  )
    .sort((a, b) => a.at - b.at)
    .map(({ number }) => number);
}

/** Repeatable random numbers, 0 to 1. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const displacements = fc.constantFrom(2, 20, 300, 2_000);

Deno.test("ReorderBuffer without timeouts delivers every packet once and in order, repeated ones refused", () => {
  fc.assert(
    fc.property(starts, displacements, seeds, (start, displacement, seed) => {
      const world = new ReorderWorld();
      world.buffer.setHold(Infinity, Infinity);
      const random = randomFrom(seed);
      const count = 5_000;
      const copies: number[] = [];
      for (const group of [1, 2]) world.receive(group, start);
      for (const number of shuffled(count, displacement, random)) {
        for (const group of [1, 2]) world.receive(group, start + 1 + number);
        if (random() < 0.1) copies.push(number);
        if (random() < 0.1 && copies.length > 0) {
          const copy = copies.splice(Math.floor(random() * copies.length), 1)[0]!;
          if (number - copy < MAX_BEHIND - displacement) {
            assert.equal(world.receive(1, start + 1 + copy), DropReason.DUPLICATE);
          }
        }
      }
      const wanted = Array.from({ length: count + 1 }, (_, i) => wrap(start + i));
      assert.deepEqual(world.delivered[1], wanted);
      assert.deepEqual(world.delivered[2], wanted);
      assert.equal(world.pool.usedSlots, 0);
      assert.equal(world.buffer.latePkts + world.buffer.timedOutGaps + world.buffer.jumps, 0);
    }),
    { numRuns: 8 },
  );
});

Deno.test("ReorderBuffer with losses delivers what comes once, in order but for late ones, within the hold", () => {
  fc.assert(
    fc.property(starts, fc.constantFrom(3, 40, 400), seeds, (start, displacement, seed) => {
      const world = new ReorderWorld();
      const random = randomFrom(seed);
      const sent = shuffled(3_000, displacement, random).filter(() => random() > 0.05);
      const late = new Set<number>();
      let now = 0;
      world.receive(1, start, now);
      for (const number of sent) {
        now += 0.5;
        if (world.buffer.nextTimeout() <= now) world.buffer.handleTimeout(now);
        const latePkts = world.buffer.latePkts;
        world.receive(1, start + 1 + number, now);
        if (world.buffer.latePkts > latePkts) late.add(wrap(start + 1 + number));
        assert(world.buffer.nextTimeout() > now);
        assert(world.buffer.nextTimeout() <= now + HOLD_MS || world.pool.usedSlots === 0);
      }
      world.buffer.handleTimeout(now + HOLD_MS);
      assert.equal(world.pool.usedSlots, 0);
      const delivered = world.delivered[1]!;
      assert.equal(new Set(delivered).size, delivered.length);
      assert.equal(delivered.length, sent.length + 1);
      const inOrder = delivered.filter((number) => !late.has(number)).map((number) =>
        wrap(number - start)
      );
      for (let i = 1; i < inOrder.length; i++) assert(inOrder[i]! > inOrder[i - 1]!);
      assert(world.buffer.holdMsSum <= HOLD_MS * world.buffer.holdCount);
    }),
    { numRuns: 8 },
  );
});

Deno.test("ReorderBuffer delivers nothing twice, whatever comes and though its pool is too small", () => {
  const walks = fc.array(fc.tuple(fc.integer({ min: -60, max: 60 }), fc.nat(9)), {
    maxLength: 300,
    size: "max",
  });
  fc.assert(
    fc.property(starts, walks, fc.nat(6), (start, walk, maxSlots) => {
      const world = new ReorderWorld(maxSlots);
      const seen = new Set<number>();
      let newest = start + 100;
      let now = 0;
      for (const [offset, ms] of walk) {
        now += ms;
        world.buffer.handleTimeout(now);
        const number = newest + offset;
        newest = Math.max(newest, number);
        const result = world.receive(3, number, now);
        assert.equal(result === DropReason.DUPLICATE, seen.has(number));
        seen.add(number);
      }
      world.buffer.handleTimeout(now + HOLD_MS);
      assert.deepEqual(world.delivered[3]!.toSorted(), [...seen].map(wrap).toSorted());
      assert.equal(world.pool.usedSlots, 0);
    }),
    { numRuns: 50 },
  );
});
