import assert from "node:assert/strict";
import fc from "fast-check";
import { LEAST_DATAGRAM_BYTES, PathMtu } from "../../../src/multiplexer/path_mtu.ts";
import { mulberry32 } from "../../support/rng.ts";

const MOST_BYTES = 1_472;
const ROUND_TRIP_MS = 40;
const WAIT_MS = 150;

/** A path of any MTU that loses at random, with a search at its end. */
class Path {
  readonly mtu = new PathMtu();
  now = 1_000;
  probes = 0;
  /** Sizes of probes, oldest first. */
  readonly sizes: number[] = [];
  truthBytes: number;
  readonly #lossFraction: number;
  readonly #rng: () => number;

  constructor(truthBytes: number, options: { lossFraction?: number; seed?: number } = {}) {
    this.truthBytes = truthBytes;
    this.#lossFraction = options.lossFraction ?? 0;
    this.#rng = mulberry32(options.seed ?? 1);
    this.mtu.restart(MOST_BYTES, this.now);
  }

  /** Lets the search go on until nothing is due before a time. */
  runUntil(untilMs: number): void {
    while (this.mtu.nextTimeoutMs <= untilMs) {
      this.now = Math.max(this.now, this.mtu.nextTimeoutMs);
      const sentMs = this.now;
      const bytes = this.mtu.handleTimeout(WAIT_MS, sentMs);
      if (bytes === 0) continue;
      this.sizes.push(bytes);
      const smallArrives = this.#passes(40);
      const arrives = this.#passes(bytes);
      this.now += ROUND_TRIP_MS;
      if (smallArrives) this.mtu.handleSmallAnswer(sentMs);
      if (arrives) this.mtu.handleAnswer(this.now);
    }
    this.now = Math.max(this.now, untilMs);
  }

  /** There and back. */
  #passes(bytes: number): boolean {
    const isLost = this.#rng() < this.#lossFraction;
    return this.#rng() >= this.#lossFraction && !isLost && bytes <= this.truthBytes;
  }
}

const anyTruth = fc.integer({ min: LEAST_DATAGRAM_BYTES, max: MOST_BYTES + 50 });

Deno.test("PathMtu.putOff skips a search that would repeat one, and no other", () => {
  const mtu = new PathMtu();
  mtu.restart(1_472, 0);
  mtu.putOff(0);
  assert.equal(mtu.nextTimeoutMs, 0, "the first one is made");
  for (let now = 0; !mtu.isKnown; now++) {
    assert.ok(now < 10_000);
    if (mtu.handleTimeout(100, now) > 0) mtu.handleAnswer(now);
  }
  const dueMs = mtu.nextTimeoutMs;
  mtu.putOff(dueMs - 1);
  assert.equal(mtu.nextTimeoutMs, dueMs, "what is not due is left alone");
  mtu.putOff(dueMs);
  assert.equal(mtu.nextTimeoutMs, dueMs + 600_000);
  mtu.recheck(dueMs);
  mtu.putOff(dueMs);
  assert.equal(mtu.nextTimeoutMs, dueMs, "one that has a reason is made");
});

Deno.test("PathMtu ends less than 8 bytes below what any path carries, never above", () => {
  fc.assert(fc.property(anyTruth, (truthBytes) => {
    const path = new Path(truthBytes);
    path.runUntil(20_000);
    assert(path.mtu.isKnown);
    assert(path.mtu.bytes <= truthBytes);
    assert(
      path.mtu.bytes > Math.min(truthBytes, MOST_BYTES) - 8,
      `${path.mtu.bytes} of ${truthBytes}`,
    );
  }));
});

Deno.test("PathMtu never ends above what a path carries that loses a fifth of all packets", () => {
  fc.assert(fc.property(anyTruth, fc.integer(), (truthBytes, seed) => {
    const path = new Path(truthBytes, { lossFraction: 0.2, seed });
    for (const untilMs of [30_000, 100_000, 2_000_000]) {
      path.runUntil(untilMs);
      assert(path.mtu.isKnown);
      assert(path.mtu.bytes <= truthBytes);
    }
  }));
});

Deno.test("PathMtu seldom ends far below on a path that loses a tenth", () => {
  let far = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const path = new Path(MOST_BYTES, { lossFraction: 0.1, seed });
    path.runUntil(100_000);
    if (path.mtu.bytes < MOST_BYTES) far++;
  }
  assert(far <= 4, `${far} of 200`);
});

Deno.test("PathMtu needs two probes where all is as usual", () => {
  const path = new Path(MOST_BYTES);
  path.runUntil(20_000);
  assert.deepEqual(path.sizes, [1_384, MOST_BYTES]);
  assert.equal(path.mtu.bytes, MOST_BYTES);
});

Deno.test("PathMtu believes in a size that nearly all paths carry until it knows", () => {
  const path = new Path(900);
  assert.equal(path.mtu.bytes, 1_384);
  assert(!path.mtu.isKnown);
  path.runUntil(1_000 + 3 * WAIT_MS);
  assert(path.mtu.bytes <= 1_232, "refuted after three probes");
});

Deno.test("PathMtu finds the usual sizes of smaller paths exactly", () => {
  for (const bytes of [1_464, 1_452, 1_392, 1_372, 1_272, 1_232]) {
    const path = new Path(bytes);
    path.runUntil(20_000);
    assert(path.mtu.bytes >= bytes - 7);
    assert(
      path.now <= 20_000 && path.sizes.length <= 24,
      `${path.sizes.length} probes for ${bytes}`,
    );
  }
});

Deno.test("PathMtu searches again a minute after a poor result, then every ten minutes", () => {
  const path = new Path(1_300);
  path.runUntil(20_000);
  const afterMs = path.mtu.nextTimeoutMs;
  assert(afterMs > 60_000 && afterMs < 80_000);
  path.truthBytes = MOST_BYTES;
  path.runUntil(afterMs + 20_000);
  assert.equal(path.mtu.bytes, MOST_BYTES);
  assert(path.mtu.nextTimeoutMs >= afterMs + 600_000);
  assert(path.mtu.nextTimeoutMs < afterMs + 620_000);
});

Deno.test("PathMtu keeps what is known in use while it looks again", () => {
  const path = new Path(MOST_BYTES);
  path.runUntil(20_000);
  path.mtu.recheck(path.now);
  assert.equal(path.mtu.bytes, MOST_BYTES);
  path.runUntil(path.now + 1_000);
  assert.equal(path.mtu.bytes, MOST_BYTES);
});

Deno.test("PathMtu lowers when large packets vanish, within three probes", () => {
  fc.assert(fc.property(anyTruth, (truthBytes) => {
    fc.pre(truthBytes < MOST_BYTES);
    const path = new Path(MOST_BYTES);
    path.runUntil(20_000);
    path.truthBytes = truthBytes;
    path.mtu.handleLargeLost(path.now);
    path.runUntil(path.now + 3 * WAIT_MS + 1);
    assert(path.mtu.bytes < MOST_BYTES);
    path.runUntil(path.now + 20_000);
    assert(path.mtu.bytes <= truthBytes && path.mtu.bytes > truthBytes - 8);
  }));
});

Deno.test("PathMtu takes lost packets for chance when a probe of that size arrives", () => {
  const path = new Path(MOST_BYTES);
  path.runUntil(20_000);
  const before = path.sizes.length;
  path.mtu.handleLargeLost(path.now);
  path.runUntil(path.now + 1_000);
  path.mtu.handleLargeLost(path.now);
  path.runUntil(path.now + 1_000);
  assert.equal(path.mtu.bytes, MOST_BYTES);
  assert.equal(path.sizes.length, before + 1, "and looks again no sooner than after some seconds");
});

Deno.test("PathMtu learns nothing from a path that carries nothing for a time", () => {
  const path = new Path(0);
  path.runUntil(20_000);
  assert.equal(path.mtu.bytes, 1_384, "small pings are not answered either");
  assert(path.sizes.length < 30, `${path.sizes.length} probes in 20 s`);
  path.truthBytes = MOST_BYTES;
  path.runUntil(40_000);
  assert.equal(path.mtu.bytes, MOST_BYTES);
});
