import assert from "node:assert/strict";
import fc from "fast-check";
import { CapacityEstimator } from "../../../src/multiplexer/capacity_estimator.ts";

const FEEDBACK_MS = 20;
const WINDOW_MS = 100;

/** What a feedback says besides what was received. */
interface Load {
  readonly isBusy?: boolean;
  readonly mayFall?: boolean;
  readonly lossFraction?: number;
  /** By which the queue grows from one feedback to the next. */
  readonly growthMs?: number;
}

/** A link whose peer reports what it receives, every 20 ms. */
class ReportedLink {
  readonly capacity = new CapacityEstimator();
  now = 0;
  receivedBytes = 0;
  queueMs = 0;
  /** What the peer's clock shows more than ours. */
  peerOffsetMs = 0;

  /** Lets a rate be received for a time. */
  receive(rateBps: number, durationMs: number, load: Load = {}): void {
    const endMs = this.now + durationMs;
    while (this.now < endMs) {
      this.now += FEEDBACK_MS;
      this.receivedBytes += rateBps / 8_000 * FEEDBACK_MS;
      this.queueMs += load.growthMs ?? 0;
      this.report(this.now, this.now - 30 - this.queueMs, load);
    }
  }

  report(receivedMs: number, sentMs: number, load: Load = {}): void {
    this.capacity.handleSample(
      sentMs,
      receivedMs + this.peerOffsetMs,
      this.receivedBytes,
      WINDOW_MS,
      load.lossFraction ?? 0,
      load.isBusy ?? false,
      load.mayFall ?? false,
      this.queueMs,
      5,
      this.now + 30,
    );
  }

  /** Of Mbit/s. */
  get megabits(): number {
    return this.capacity.capacityBps / 1e6;
  }
}

const BUSY = { isBusy: true };
const TOO_LONG = { isBusy: true, mayFall: true };

Deno.test("CapacityEstimator takes what was delivered without a queue for the least there is", () => {
  const link = new ReportedLink();
  link.receive(30e6, 1_000);
  assert(Math.abs(link.megabits - 30) < 0.1);
  assert.equal(link.capacity.isKnown, false);
});

Deno.test("CapacityEstimator is never lowered by a sample without a queue", () => {
  const rates = fc.array(fc.double({ min: 0, max: 50e6, noNaN: true }), { maxLength: 60 });
  fc.assert(fc.property(rates, (list) => {
    const link = new ReportedLink();
    for (const rateBps of list) {
      const before = link.capacity.capacityBps;
      link.receive(rateBps, FEEDBACK_MS);
      assert(link.capacity.capacityBps >= before);
    }
  }));
});

Deno.test("CapacityEstimator follows a capacity that halves within 300 ms", () => {
  const link = new ReportedLink();
  link.receive(40e6, 1_000, BUSY);
  assert(Math.abs(link.megabits - 40) < 0.5);
  link.receive(20e6, 300, TOO_LONG);
  assert(link.megabits < 23, `${link.megabits}`);
  link.receive(20e6, 300, TOO_LONG);
  assert(Math.abs(link.megabits - 20) < 0.5, `${link.megabits}`);
});

Deno.test("CapacityEstimator follows a capacity that falls when the queue grows, before it is too long", () => {
  const link = new ReportedLink();
  link.receive(40e6, 1_000, BUSY);
  link.receive(20e6, 400, { isBusy: true, growthMs: 11 }); // sent at 44
  assert(link.megabits < 25, `${link.megabits}`);
});

Deno.test("CapacityEstimator does not fall by a queue that grows though little was sent: that is jitter", () => {
  const link = new ReportedLink();
  link.receive(40e6, 1_000, BUSY);
  link.receive(5e6, 400, { isBusy: true, growthMs: 10 }); // sent at 10
  assert(Math.abs(link.megabits - 40) < 0.5, `${link.megabits}`);
});

Deno.test("CapacityEstimator does not fall while the queue is short and does not grow", () => {
  const link = new ReportedLink();
  link.receive(40e6, 1_000, BUSY);
  link.receive(20e6, 1_000, BUSY);
  assert(Math.abs(link.megabits - 40) < 0.5, `${link.megabits}`);
});

Deno.test("CapacityEstimator follows a capacity that doubles within 300 ms", () => {
  const link = new ReportedLink();
  link.receive(10e6, 1_000, BUSY);
  link.receive(20e6, 300, BUSY);
  assert(link.megabits > 17, `${link.megabits}`);
  assert(link.capacity.isKnown);
});

Deno.test("CapacityEstimator adds what is lost behind the bottleneck", () => {
  const link = new ReportedLink();
  link.receive(9e6, 2_000, { isBusy: true, lossFraction: 0.1 });
  assert(Math.abs(link.megabits - 10) < 0.1, `${link.megabits}`);
});

Deno.test("CapacityEstimator takes a burst that was held up for no faster than it was sent", () => {
  const link = new ReportedLink();
  link.receive(4e6, 1_000);
  // 200 ms of it come within 20.
  const sentMs = link.now - 30;
  for (let i = 1; i <= 4; i++) {
    link.now += 5;
    link.receivedBytes += 4e6 / 8_000 * 50;
    link.report(link.now + 180, sentMs + i * 50);
  }
  assert(link.megabits < 4.2, `${link.megabits}`);
});

Deno.test("CapacityEstimator makes nothing of a report that is no news", () => {
  const link = new ReportedLink();
  link.receive(10e6, 1_000, BUSY);
  const before = link.capacity.capacityBps;
  link.receivedBytes += 1e6;
  link.report(link.now, link.now, BUSY);
  link.report(link.now - 100, link.now, BUSY);
  assert.equal(link.capacity.capacityBps, before);
});

Deno.test("CapacityEstimator makes nothing of a few packets", () => {
  const link = new ReportedLink();
  link.receive(40e6, 1_000, BUSY);
  const before = link.capacity.capacityBps;
  link.capacity.restart();
  // One packet in 100 ms.
  for (let i = 0; i < 10; i++) {
    link.now += 100;
    link.receivedBytes += 100;
    link.report(link.now, link.now - 30, TOO_LONG);
  }
  assert.equal(link.capacity.capacityBps, before);
});

Deno.test("CapacityEstimator.restart does not continue a rate across it", () => {
  const link = new ReportedLink();
  link.receive(20e6, 1_000, BUSY);
  const before = link.capacity.capacityBps;
  link.capacity.restart();
  assert.equal(link.capacity.capacityBps, before);
  assert.equal(link.capacity.deliveredBps, 0);
  // The peer is another one: it counts from 0, by another clock.
  link.receivedBytes = 0;
  link.peerOffsetMs = -link.now;
  link.receive(10e6, 600, TOO_LONG);
  assert(Math.abs(link.megabits - 10) < 0.5, `${link.megabits}`);
});

Deno.test("CapacityEstimator stays a positive, finite rate whatever the peer says", () => {
  const reports = fc.array(
    fc.record({
      afterMs: fc.double({ min: 0, max: 1_000, noNaN: true }),
      receivedMs: fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      receivedBytes: fc.double({ min: 0, max: 2 ** 48, noNaN: true }),
      lossFraction: fc.double({ min: 0, max: 1, noNaN: true }),
      isBusy: fc.boolean(),
      mayFall: fc.boolean(),
      queueMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
    }),
    { maxLength: 60 },
  );
  fc.assert(fc.property(reports, (list) => {
    const capacity = new CapacityEstimator();
    let now = 0;
    for (const it of list) {
      now += it.afterMs;
      const { receivedMs, receivedBytes, lossFraction, isBusy, mayFall, queueMs } = it;
      capacity.handleSample(
        now - 50,
        receivedMs,
        receivedBytes,
        WINDOW_MS,
        lossFraction,
        isBusy,
        mayFall,
        queueMs,
        5,
        now,
      );
      assert(capacity.capacityBps > 0 && capacity.capacityBps < Infinity);
    }
  }));
});
