import assert from "node:assert/strict";
import fc from "fast-check";
import { LossEstimator } from "../../../src/multiplexer/loss_estimator.ts";

/** A link that loses a share of 100 packets in each 100 ms. @returns the time after. */
function feed(loss: LossEstimator, startMs: number, endMs: number, share: number): number {
  let now = startMs;
  for (; now < endMs; now += 100) loss.handle(100 * (1 - share), 100 * share, now);
  return now;
}

Deno.test("LossEstimator of a link that loses nothing says so", () => {
  const loss = new LossEstimator();
  feed(loss, 0, 5_000, 0);
  assert.deepEqual([loss.longFraction, loss.ownFraction, loss.recentFraction()], [0, 0, 0]);
});

Deno.test("LossEstimator finds a steady share, over the last second and over ten", () => {
  const loss = new LossEstimator();
  feed(loss, 500, 15_000, 0.1);
  assert(Math.abs(loss.longFraction - 0.1) < 0.001);
  assert(Math.abs(loss.recentFraction() - 0.1) < 0.001);
  assert(Math.abs(loss.ownFraction - 0.1) < 0.001);
});

Deno.test("LossEstimator's recent share follows within two seconds, the long one within eleven", () => {
  const loss = new LossEstimator();
  let now = feed(loss, 0, 12_000, 0);
  now = feed(loss, now, now + 1_000, 0.2);
  assert(loss.recentFraction() > 0.05);
  now = feed(loss, now, now + 1_100, 0.2);
  assert(Math.abs(loss.recentFraction() - 0.2) < 0.01);
  assert(loss.longFraction < 0.1);
  feed(loss, now, now + 10_000, 0.2);
  assert(loss.longFraction > 0.19);
});

Deno.test("LossEstimator does not take what is lost in some seconds only for the link's own", () => {
  const loss = new LossEstimator();
  let now = 0;
  for (let second = 0; second < 20; second++) {
    now = feed(loss, now, now + 1_000, second % 3 === 0 ? 0.3 : 0.02);
  }
  assert(loss.ownFraction < 0.05, `${loss.ownFraction}`);
  assert(loss.longFraction > 0.05, `${loss.longFraction}`);
});

Deno.test("LossEstimator makes nothing of a few packets", () => {
  const loss = new LossEstimator();
  for (let second = 0; second < 12; second++) loss.handle(0, 1, second * 1_000);
  assert.deepEqual([loss.longFraction, loss.ownFraction, loss.recentFraction()], [0, 0, 0]);
});

Deno.test("LossEstimator takes losses back that were only late", () => {
  const loss = new LossEstimator();
  loss.handle(90, 10, 0);
  loss.handle(10, -10, 50);
  assert.equal(loss.recentFraction(), 0);
});

Deno.test("LossEstimator takes back what was declared lost in the second before", () => {
  const loss = new LossEstimator();
  loss.handle(90, 10, 0);
  loss.handle(100, 0, 1_050);
  loss.handle(0, 4, 1_060);
  loss.handle(14, -14, 1_070);
  assert.equal(loss.recentFraction(), 0);
});

Deno.test("LossEstimator of few packets believes that a link is bad for three seconds, not for ten", () => {
  const loss = new LossEstimator();
  loss.handle(400, 600, 0);
  const handleSeconds = (from: number, to: number, lostPkts: number): void => {
    for (let i = 18 * from; i < 18 * to; i++) {
      loss.handle(i % 18 < lostPkts ? 0 : 1, i % 18 < lostPkts ? 1 : 0, 1_000 + i * 1_000 / 18);
    }
  };
  handleSeconds(0, 2.5, 0);
  assert(loss.longFraction > 0.5, `${loss.longFraction}`);
  handleSeconds(2.5, 4.5, 0);
  assert(loss.longFraction < 0.01, `${loss.longFraction}`);
});

Deno.test("LossEstimator goes on to believe that a link is bad which loses less now, but still loses", () => {
  const loss = new LossEstimator();
  loss.handle(400, 600, 0);
  for (let i = 0; i < 18 * 6; i++) {
    loss.handle(i % 18 === 0 ? 0 : 1, i % 18 === 0 ? 1 : 0, 1_000 + i * 1_000 / 18);
  }
  assert(loss.longFraction > 0.4, `${loss.longFraction}`);
});

Deno.test("LossEstimator forgets after a pause of ten seconds", () => {
  const loss = new LossEstimator();
  const now = feed(loss, 0, 5_000, 0.5);
  loss.handle(100, 0, now + 11_000);
  loss.handle(100, 0, now + 12_500);
  assert.deepEqual([loss.longFraction, loss.recentFraction()], [0, 0]);
});

Deno.test("LossEstimator's shares are between 0 and 1, whatever comes", () => {
  const steps = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 4_000 }),
      ackedPkts: fc.integer({ min: 0, max: 500 }),
      lostPkts: fc.integer({ min: -50, max: 500 }),
    }),
    { maxLength: 60 },
  );
  fc.assert(fc.property(steps, (list) => {
    const loss = new LossEstimator();
    let now = 0;
    for (const { afterMs, ackedPkts, lostPkts } of list) {
      now += afterMs;
      loss.handle(ackedPkts, lostPkts, now);
      for (const share of [loss.longFraction, loss.ownFraction, loss.recentFraction()]) {
        assert(share >= 0 && share <= 1, `${share}`);
      }
    }
  }));
});
