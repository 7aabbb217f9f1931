import assert from "node:assert/strict";
import type { FlowQueue } from "../../../src/multiplexer/flow_queue.ts";
import { LinkUse, type MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { QueueTuning } from "../../../src/multiplexer/queue_tuning.ts";
import { measuredLink } from "../../support/measured_link.ts";

/** What the queue is told. */
function tuned(...links: MultiplexerLink[]): { targetMs: number; intervalMs: number } {
  return tune(new QueueTuning(), links, 1_000);
}

function tune(
  tuning: QueueTuning,
  links: readonly MultiplexerLink[],
  now: number,
): { targetMs: number; intervalMs: number } {
  const result = { targetMs: NaN, intervalMs: NaN };
  const queue = {
    setCodel: (targetMs: number, intervalMs: number): void => {
      result.targetMs = targetMs;
      result.intervalMs = intervalMs;
    },
  };
  tuning.tune(queue as FlowQueue, links, now);
  return result;
}

function carrying(roundTripMs: number, capacityBps = 20e6): MultiplexerLink {
  const { link } = measuredLink(1, { transitMs: roundTripMs / 2, capacityBps });
  link.use = LinkUse.CARRYING;
  return link;
}

function lossy(roundTripMs: number, share: number): MultiplexerLink {
  const link = carrying(roundTripMs);
  for (let now = 0; now < 3_000; now += 100) link.loss.handle(100 * (1 - share), 100 * share, now);
  return link;
}

Deno.test("the queue without a link still has a target", () => {
  const { targetMs, intervalMs } = tuned();
  assert(targetMs > 0 && intervalMs >= targetMs);
});

Deno.test("the queue may be as long as the slowest link that carries needs, within bounds", () => {
  let lastMs = 0;
  for (const roundTripMs of [10, 50, 100, 200, 400, 1_000, 3_000]) {
    const { targetMs, intervalMs } = tuned(carrying(10), carrying(roundTripMs));
    assert(targetMs >= lastMs);
    assert(targetMs >= 20 && targetMs <= 300, `${targetMs}`);
    assert(intervalMs > roundTripMs, "a flow has a round trip to answer");
    lastMs = targetMs;
  }
  // CUBIC backs off by 0.3: what stands in the queue has to bridge that.
  assert(tuned(carrying(200)).targetMs >= 0.3 * 200);
});

Deno.test("the queue of links that lose much may be longer", () => {
  assert(tuned(lossy(60, 0.05)).targetMs > tuned(carrying(60)).targetMs + 20);
  assert(tuned(lossy(60, 0.00001)).targetMs < tuned(carrying(60)).targetMs + 5);
});

Deno.test("the queue does not follow a link that carries nothing", () => {
  const spare = carrying(800);
  spare.use = LinkUse.SPARE;
  assert.deepEqual(tuned(carrying(20), spare), tuned(carrying(20)));
});

Deno.test("the queue may be longer while a link's rate is still being found out", () => {
  const young = carrying(20);
  Object.defineProperty(young.rate, "isStartingUp", { value: true });
  assert(tuned(young).targetMs > tuned(carrying(20)).targetMs);
});

Deno.test("the queue may be longer for some seconds when links fall out, and only so long", () => {
  const tuning = new QueueTuning();
  const both = [carrying(60, 20e6), carrying(60, 20e6)];
  const usual = tune(tuning, both, 0).targetMs;
  for (let now = 50; now < 1_000; now += 50) tune(tuning, both, now);
  const first = tune(tuning, both.slice(1), 1_000).targetMs;
  assert(first > usual, `${first}`);
  let last = first;
  for (let now = 1_050; now < 30_000; now += 50) {
    const { targetMs } = tune(tuning, both.slice(1), now);
    assert(targetMs <= last);
    last = targetMs;
  }
  assert(Math.abs(last - usual) < 1, `${last}`);
});

Deno.test("when most of it falls out, there is room for what flows have in flight, and half as much again", () => {
  const tuning = new QueueTuning();
  const links = [carrying(40, 20e6), carrying(120, 8e6)];
  const before = tune(tuning, links, 0).targetMs;
  const inFlightMs = 28 / 8 * (before + 120);
  const { targetMs } = tune(tuning, links.slice(1), 50);
  assert(targetMs >= 1.3 * (inFlightMs - 120), `${targetMs}`);
  // However much it was.
  tune(tuning, [carrying(40, 500e6)], 100);
  assert(tune(tuning, links.slice(1), 150).targetMs <= 1_500);
});

Deno.test("how long that is counts from when they fell out, however much their rates varied before", () => {
  const tuning = new QueueTuning();
  const both = [carrying(60, 20e6), carrying(60, 20e6)];
  tune(tuning, both, 0);
  // A few percent less than the best that was measured, for seconds.
  for (const link of both) link.capacity.capacityBps *= 0.97;
  for (let now = 50; now < 8_000; now += 50) tune(tuning, both, now);
  const first = tune(tuning, both.slice(1), 8_000).targetMs;
  assert.equal(tune(tuning, both.slice(1), 11_000).targetMs, first);
  assert(tune(tuning, both.slice(1), 14_000).targetMs < first);
});

Deno.test("the queue may be longer while what is measured of the links grows, and not for long after", () => {
  const tuning = new QueueTuning();
  const link = carrying(20, 5e6);
  const usual = tune(tuning, [link], 0).targetMs;
  link.capacity.capacityBps = 5.2e6;
  assert(Math.abs(tune(tuning, [link], 50).targetMs - usual) < 5, "it varies");
  for (let now = 100; now < 1_000; now += 50) {
    link.capacity.capacityBps *= 1.1;
    assert(tune(tuning, [link], now).targetMs >= 5 * usual, `${now}`);
  }
  tune(tuning, [link], 1_800);
  assert(Math.abs(tune(tuning, [link], 1_850).targetMs - usual) < 5);
});
