import assert from "node:assert/strict";
import { FluidLink } from "./fluid_link.ts";

const LINKS: readonly (readonly [capacityBps: number, delayMs: number])[] = [
  [3e6, 100],
  [8e6, 60],
  [20e6, 20],
  [100e6, 10],
];

function meanQueueMs(link: FluidLink, durationMs: number): number {
  let sumMs = 0;
  link.run(durationMs, () => sumMs += link.queueMs);
  return sumMs / durationMs;
}

for (const [capacityBps, delayMs] of LINKS) {
  const name = `a link of ${capacityBps / 1e6} Mbit/s and ${delayMs} ms`;

  Deno.test(`RateControl fills ${name} within three seconds, and keeps it full`, () => {
    const link = new FluidLink(capacityBps, delayMs);
    link.run(3_000);
    const bps = link.measureBps(10_000);
    assert(bps > 0.93 * capacityBps, `${bps / 1e6}`);
  });

  Deno.test(`RateControl keeps a short queue at ${name}`, () => {
    const link = new FluidLink(capacityBps, delayMs);
    link.run(4_000);
    const queueMs = meanQueueMs(link, 10_000);
    assert(queueMs < 60, `${queueMs}`);
  });

  Deno.test(`RateControl of ${name} that halves follows within 300 ms and two round trips`, () => {
    const link = new FluidLink(capacityBps, delayMs);
    link.run(6_000);
    link.capacityBps /= 2;
    link.run(300 + 4 * delayMs);
    const { capacityBps: estimateBps } = link.capacity;
    assert(estimateBps < 1.3 * link.capacityBps, `${estimateBps / 1e6}`);
    link.run(2_000);
    assert(link.measureBps(4_000) > 0.9 * link.capacityBps);
    assert(meanQueueMs(link, 2_000) < 80);
  });

  Deno.test(`RateControl of ${name} that doubles is found out within four seconds`, () => {
    const link = new FluidLink(capacityBps, delayMs);
    link.run(6_000);
    link.capacityBps *= 2;
    link.run(4_000);
    const bps = link.measureBps(4_000);
    assert(bps > 0.85 * link.capacityBps, `${bps / 1e6}`);
  });
}

Deno.test("RateControl does not lower the capacity for jitter alone", () => {
  for (const jitterMs of [10, 30]) {
    const link = new FluidLink(20e6, 30);
    link.jitterMs = jitterMs;
    link.run(5_000);
    const bps = link.measureBps(10_000);
    assert(bps > 0.85 * link.capacityBps, `${bps / 1e6} with ${jitterMs} ms`);
  }
});

Deno.test("RateControl takes a way that became longer for what it is, and does not starve the link", () => {
  const link = new FluidLink(20e6, 20);
  link.run(6_000);
  link.delayMs += 60;
  link.run(8_000);
  assert(link.measureBps(4_000) > 0.9 * link.capacityBps);
  assert(link.delay.queueMs < 60, `${link.delay.queueMs}`);
});

Deno.test("RateControl of a link that is sent little keeps what it knows", () => {
  const link = new FluidLink(20e6, 20);
  link.run(5_000);
  link.demandBps = 500_000;
  link.run(20_000);
  link.demandBps = Infinity;
  link.run(500);
  assert(link.measureBps(1_000) > 0.7 * link.capacityBps);
});

Deno.test("RateControl lets the queue run empty every few seconds", () => {
  const link = new FluidLink(20e6, 20);
  link.run(5_000);
  let leastMs = Infinity;
  link.run(8_000, () => leastMs = Math.min(leastMs, link.queueMs));
  assert(leastMs < 3, `${leastMs}`);
});

Deno.test("RateControl never exceeds the user's cap", () => {
  const link = new FluidLink(20e6, 20);
  link.rate.capBps = 5e6;
  link.run(200, () => {}); // what was set before holds until the first feedback
  let mostBps = 0;
  link.run(8_000, () => mostBps = Math.max(mostBps, link.rate.rateBps));
  assert(mostBps <= 5e6, `${mostBps}`);
  assert(link.measureBps(2_000) > 4.8e6);
});

Deno.test("RateControl never goes so low that a ring of a phone does not get through", () => {
  const link = new FluidLink(20e6, 20);
  link.run(3_000);
  link.capacityBps = 20_000;
  let leastBps = Infinity;
  link.run(10_000, () => leastBps = Math.min(leastBps, link.rate.rateBps));
  assert(leastBps >= 50_000, `${leastBps}`);
});

Deno.test("RateControl bounds what is in flight to a few round trips' worth", () => {
  const link = new FluidLink(20e6, 20);
  link.run(5_000);
  const roundTripBytes = link.capacityBps / 8_000 * 2 * link.delayMs;
  assert(link.rate.maxInFlightBytes > roundTripBytes);
  assert(link.rate.maxInFlightBytes < 4 * roundTripBytes);
});

Deno.test("RateControl.restart begins below what it was and finds it again", () => {
  const link = new FluidLink(20e6, 20);
  link.run(5_000);
  assert.equal(link.rate.isStartingUp, false);
  const before = link.capacity.capacityBps;
  link.rate.restart();
  assert(link.rate.isStartingUp);
  assert(link.capacity.capacityBps < before);
  link.run(1_500);
  assert(link.measureBps(2_000) > 0.9 * link.capacityBps);
});

Deno.test("RateControl goes on starting up while a link is given less than it carries, though its delay rises and falls", () => {
  const link = new FluidLink(20e6, 50);
  link.demandBps = 600_000; // of the 2 Mbit/s that are assumed
  for (let second = 0; second < 5; second++) {
    link.delayMs = 90;
    link.run(400);
    link.delayMs = 50;
    link.run(600);
  }
  assert.equal(link.rate.isStartingUp, true);
  assert(link.rate.rateBps >= 2e6, `${link.rate.rateBps / 1e6} Mbit/s`);
  link.demandBps = Infinity;
  link.run(1_000);
  assert(link.measureBps(1_000) > 0.85 * link.capacityBps);
});
