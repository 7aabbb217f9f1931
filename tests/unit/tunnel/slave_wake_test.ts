import assert from "node:assert/strict";
import type { Initiator } from "../../../src/peer/initiator.ts";
import type { SlaveLinks } from "../../../src/tunnel/slave_links.ts";
import { SlaveWake } from "../../../src/tunnel/slave_wake.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

/** Counts what it sets off. */
class Rig {
  now = 100_000;
  /** When links that wait, or open, were told to begin anew. */
  readonly retriedMs: number[] = [];
  readonly wake: SlaveWake;

  constructor() {
    const linkMap = { retry: () => this.retriedMs.push(this.now), wake: () => {} };
    this.wake = new SlaveWake({
      links: { linkMap } as unknown as SlaveLinks,
      initiator: { handleWake: () => {} } as unknown as Initiator,
      logger: new RecordingLogger(),
      wallClock: () => this.now,
      reschedule: () => {},
    });
  }

  /** Time passes, with a network that changes so often. */
  pass(ms: number, changeEveryMs: number): void {
    for (const untilMs = this.now + ms; this.now < untilMs; this.now += 100) {
      if (this.now % changeEveryMs === 0) this.wake.handleNetworkChange(this.now);
      this.wake.handleTimeout(this.now);
    }
  }
}

Deno.test("a network that comes is seen to at once, and so are those right behind it", () => {
  const rig = new Rig();
  rig.pass(2_000, 500);
  assert.deepEqual(rig.retriedMs, [100_000, 100_500, 101_000, 101_500]);
});

Deno.test("a network that flaps without end leaves other links the time to open, and counts anew after a rest", () => {
  const rig = new Rig();
  rig.pass(60_000, 500);
  const gaps = rig.retriedMs.slice(1).map((atMs, i) => atMs - rig.retriedMs[i]!);
  assert.equal(gaps.at(-1), 8_000);
  assert.ok(gaps.length <= 16, `${gaps}`);
  rig.pass(20_000, Infinity);
  const before = rig.retriedMs.length;
  const atMs = rig.now;
  rig.pass(1_000, 500);
  assert.deepEqual(rig.retriedMs.slice(before), [atMs, atMs + 500]);
});
