import assert from "node:assert/strict";
import fc from "fast-check";
import { REPLAY_WINDOW_PKTS, ReplayWindow } from "../../../src/peer/replay_window.ts";

const MAX = Number.MAX_SAFE_INTEGER;

/** What the window must do, so simple that it can be seen: it forgets nothing. */
class SlowWindow {
  readonly seen = new Set<number>();
  newest = -1;

  accept(seqNo: number): boolean {
    if (this.seen.has(seqNo) || this.newest - seqNo > REPLAY_WINDOW_PKTS) return false;
    this.seen.add(seqNo);
    this.newest = Math.max(this.newest, seqNo);
    return true;
  }
}

/** Feeds numbers to both. */
function assertAgree(seqNos: Iterable<number>): void {
  const window = new ReplayWindow();
  const slow = new SlowWindow();
  for (const seqNo of seqNos) {
    const wanted = slow.accept(seqNo);
    assert.equal(window.isFresh(seqNo), wanted, `isFresh(${seqNo})`);
    assert.equal(window.isFresh(seqNo), wanted, "isFresh changed something");
    assert.equal(window.accept(seqNo), wanted, `accept(${seqNo})`);
    assert.equal(window.newest, slow.newest);
  }
}

/** Numbers as differences to the newest so far: near it, around the window's and the ring's ends, far. */
const steps = fc.oneof(
  { arbitrary: fc.integer({ min: -70, max: 70 }), weight: 6 },
  {
    arbitrary: fc.integer({ min: -REPLAY_WINDOW_PKTS - 40, max: -REPLAY_WINDOW_PKTS + 40 }),
    weight: 3,
  },
  { arbitrary: fc.integer({ min: -8_300, max: 8_300 }), weight: 3 },
  {
    arbitrary: fc.constantFrom(4_095, 4_096, 4_097, 8_160, 8_191, 8_192, 8_193, 16_384),
    weight: 2,
  },
  {
    arbitrary: fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 8_192, 2 ** 45),
    weight: 1,
  },
);

/** Where walks begin: at 0, and where bits wrap. */
const starts = fc.constantFrom(
  0,
  1,
  2 ** 31 - 5_000,
  2 ** 32 - 5_000,
  2 ** 32 - 1,
  2 ** 52,
  MAX - 5_000,
);

function* walk(start: number, differences: readonly number[]): Generator<number> {
  let newest = start;
  yield start;
  for (const difference of differences) {
    const seqNo = Math.min(Math.max(newest + difference, 0), MAX);
    yield seqNo;
    newest = Math.max(newest, seqNo);
  }
}

Deno.test("ReplayWindow agrees with a set that forgets nothing, on random walks with jumps", () => {
  fc.assert(
    fc.property(starts, fc.array(steps, { maxLength: 400, size: "max" }), (start, differences) => {
      assertAgree(walk(start, differences));
    }),
    { numRuns: 300 },
  );
});

Deno.test("ReplayWindow agrees with the set when every number near the window's ends is asked", () => {
  const jumps = fc.array(fc.oneof(fc.integer({ min: 1, max: 9_000 }), fc.constant(2 ** 32)), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(starts, jumps, (start, differences) => {
      const tops = [...walk(start, differences)];
      const newest = Math.max(...tops);
      assertAgree([...tops, ...around(newest), ...around(newest - REPLAY_WINDOW_PKTS)]);
    }),
    { numRuns: 100 },
  );
});

function around(middle: number): number[] {
  const numbers = Array.from({ length: 200 }, (_, i) => middle - 100 + i);
  return numbers.filter((number) => number >= 0 && number <= MAX);
}

Deno.test("ReplayWindow accepts each of many numbers in order exactly once", () => {
  const window = new ReplayWindow();
  for (let seqNo = 0; seqNo < 20_000; seqNo++) {
    assert(window.accept(seqNo));
    assert(!window.accept(seqNo));
  }
});

Deno.test("ReplayWindow accepts 4096 numbers behind the newest, in any order, and none older", () => {
  const window = new ReplayWindow();
  const newest = 2 ** 32 + 100;
  assert(window.accept(newest));
  for (let behind = REPLAY_WINDOW_PKTS; behind > 0; behind--) {
    assert(window.accept(newest - behind));
  }
  assert(!window.isFresh(newest - REPLAY_WINDOW_PKTS - 1));
  for (let behind = 0; behind <= REPLAY_WINDOW_PKTS; behind++) {
    assert(!window.isFresh(newest - behind));
  }
});

Deno.test("ReplayWindow takes the largest number, and none after it", () => {
  const window = new ReplayWindow();
  assert(window.accept(0));
  assert(window.accept(MAX));
  assert(!window.accept(MAX));
  assert(window.accept(MAX - REPLAY_WINDOW_PKTS));
  assert(!window.accept(MAX - REPLAY_WINDOW_PKTS - 1));
  assert(!window.accept(0));
});

Deno.test("ReplayWindow that refuses a number stays as it was", () => {
  const window = new ReplayWindow();
  window.accept(10_000);
  assert(!window.accept(1));
  assert.equal(window.newest, 10_000);
  assert(window.isFresh(9_999));
});

Deno.test("ReplayWindow forgets no number that a jump of less than the window leaves in it", () => {
  const window = new ReplayWindow();
  for (let seqNo = 0; seqNo <= 100; seqNo++) window.accept(seqNo);
  window.accept(100 + REPLAY_WINDOW_PKTS - 50);
  for (let seqNo = 50; seqNo <= 100; seqNo++) assert(!window.isFresh(seqNo), `${seqNo} again`);
});
