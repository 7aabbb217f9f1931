import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type LinkCounters,
  LinkEmulator,
  type LinkEmulatorOptions,
  SendResult,
} from "../../support/link_emulator.ts";
import { type LinkProfile, linkProfile } from "../../support/link_profile.ts";
import { mulberry32 } from "../../support/rng.ts";

const SIZE_BYTES = 1000;

interface Arrival {
  readonly payload: number;
  readonly atMs: number;
}

function makeLink(
  profile: Partial<LinkProfile>,
  options: Partial<LinkEmulatorOptions<number>> = {},
): LinkEmulator<number> {
  return new LinkEmulator({ profile: linkProfile(profile), rng: mulberry32(1), ...options });
}

/** Polls at each time the link names, up to `untilMs`. */
function drain(link: LinkEmulator<number>, untilMs: number = 1e9): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let now = link.nextTimeout(); now <= untilMs; now = link.nextTimeout()) {
    link.poll(now, (payload) => arrivals.push({ payload, atMs: now }));
  }
  return arrivals;
}

/** Sends packets 0..count-1 at even intervals, polling in between, and drains the link. */
function stream(link: LinkEmulator<number>, count: number, intervalMs: number): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let i = 0; i < count; i++) {
    arrivals.push(...drain(link, i * intervalMs));
    link.send(i, SIZE_BYTES, i * intervalMs);
  }
  return arrivals.concat(drain(link));
}

function payloads(arrivals: readonly Arrival[]): number[] {
  return arrivals.map((arrival) => arrival.payload);
}

function accountedPkts(counters: Readonly<LinkCounters>): number {
  return counters.deliveredPkts + counters.queueFullPkts + counters.refusedDownPkts +
    counters.cutPkts + counters.randomLossPkts + counters.burstLossPkts + counters.queuedPkts +
    counters.inFlightPkts;
}

Deno.test("LinkEmulator delivers a lone packet after its transmission time and the delay", () => {
  const link = makeLink({ rateBps: 1_000_000, delayMs: 30 });
  link.send(7, SIZE_BYTES, 100);
  assert.deepEqual(drain(link), [{ payload: 7, atMs: 100 + 8 + 30 }]);
});

Deno.test("LinkEmulator holds its rate within 1 % under a backlog", () => {
  const link = makeLink({ rateBps: 8_000_000, delayMs: 20, queueBytes: 50_000 });
  const arrivals = stream(link, 20_000, 0.5); // 16 Mbit/s offered
  const spanMs = arrivals.at(-1)!.atMs - arrivals[0]!.atMs;
  const rateBps = (arrivals.length - 1) * SIZE_BYTES * 8 * 1000 / spanMs;
  assert.ok(Math.abs(rateBps / 8_000_000 - 1) < 0.01, `${rateBps} bit/s`);
});

Deno.test("LinkEmulator holds its rate when it is polled late", () => {
  const link = makeLink({ rateBps: 8_000_000, delayMs: 20, queueBytes: 50_000 });
  let deliveredPkts = 0;
  for (let now = 0; now < 10_000; now += 7.3) {
    for (let i = 0; i < 20; i++) link.send(i, SIZE_BYTES, now);
    link.poll(now, () => deliveredPkts++);
  }
  assert.ok(Math.abs(deliveredPkts - 9_980) < 100, `${deliveredPkts} in 9.98 s at 1 a ms`);
});

Deno.test("LinkEmulator without a rate limit delays only", () => {
  const link = makeLink({ delayMs: 5 });
  for (let i = 0; i < 1000; i++) link.send(i, SIZE_BYTES, 0);
  const arrivals = drain(link);
  assert.equal(arrivals.length, 1000);
  assert.ok(arrivals.every((arrival) => arrival.atMs === 5));
});

Deno.test("LinkEmulator refuses what its queue has no room for", () => {
  const link = makeLink({ rateBps: 1_000_000, queueBytes: 2_500 });
  const results = [0, 1, 2].map((i) => link.send(i, SIZE_BYTES, 0));
  const { ACCEPTED, QUEUE_FULL } = SendResult;
  assert.deepEqual(results, [ACCEPTED, ACCEPTED, QUEUE_FULL]);
  assert.equal(link.counters.queuedBytes, 2_000);
  assert.equal(link.send(3, SIZE_BYTES, 8), ACCEPTED, "the first one has left by then");
  assert.deepEqual(payloads(drain(link)), [0, 1, 3]);
});

Deno.test("LinkEmulator takes a packet larger than the queue when it is idle", () => {
  const link = makeLink({ rateBps: 1_000_000, queueBytes: 100 });
  assert.equal(link.send(0, SIZE_BYTES, 0), SendResult.ACCEPTED);
  assert.equal(drain(link).length, 1);
});

Deno.test("LinkEmulator ordered jitter spreads the delay and never reorders", () => {
  const link = makeLink({ delayMs: 20, jitterMs: 5, jitterKind: "ordered" });
  const arrivals = stream(link, 5_000, 1);
  assert.deepEqual(payloads(arrivals), Array.from({ length: 5_000 }, (_, i) => i));
  const delays = arrivals.map((arrival) => arrival.atMs - arrival.payload);
  assert.ok(Math.min(...delays) >= 15 && Math.min(...delays) < 16, `min ${Math.min(...delays)}`);
  assert.ok(Math.max(...delays) <= 25 && Math.max(...delays) > 24, `max ${Math.max(...delays)}`);
});

Deno.test("LinkEmulator independent jitter spreads the delay evenly and reorders", () => {
  const link = makeLink({ delayMs: 20, jitterMs: 5, jitterKind: "independent" });
  const arrivals = stream(link, 5_000, 1);
  assert.equal(new Set(payloads(arrivals)).size, 5_000);
  const overtaken = arrivals.filter((arrival, i) =>
    i > 0 && arrival.payload < arrivals[i - 1]!.payload
  );
  assert.ok(overtaken.length > 1_000, `${overtaken.length} reordered`);
  const delays = arrivals.map((arrival) => arrival.atMs - arrival.payload);
  const meanMs = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
  assert.ok(Math.abs(meanMs - 20) < 0.2, `mean ${meanMs}`);
  assert.ok(Math.min(...delays) >= 15 && Math.max(...delays) <= 25);
});

Deno.test("LinkEmulator keeps the order when the delay drops, unless the jitter is independent", () => {
  for (const jitterKind of ["ordered", "independent"] as const) {
    const link = makeLink({ delayMs: 50, jitterKind });
    link.send(0, SIZE_BYTES, 0);
    link.configure({ delayMs: 10 }, 1);
    link.send(1, SIZE_BYTES, 1);
    assert.deepEqual(payloads(drain(link)), jitterKind === "ordered" ? [0, 1] : [1, 0]);
  }
});

Deno.test("LinkEmulator loses the fraction it is told to, at random", () => {
  const link = makeLink({ lossFraction: 0.02 });
  stream(link, 100_000, 1);
  // 2000 expected, standard deviation 44.
  assert.ok(
    Math.abs(link.counters.randomLossPkts - 2_000) < 180,
    `${link.counters.randomLossPkts}`,
  );
});

Deno.test("LinkEmulator lost packets take their time on the link", () => {
  const lossy = makeLink({ rateBps: 1_000_000, lossFraction: 0.5 });
  for (let i = 0; i < 20; i++) lossy.send(i, SIZE_BYTES, 0);
  for (const { payload, atMs } of drain(lossy)) assert.equal(atMs, (payload + 1) * 8);
});

Deno.test("LinkEmulator loses in bursts of the mean length it is told", () => {
  const link = makeLink({ burstLoss: { fraction: 0.05, meanLengthPkts: 8 } });
  const arrived = payloads(stream(link, 200_000, 1));
  let burstsPkts = 0;
  let bursts = 0;
  for (let i = 1; i < arrived.length; i++) {
    const gapPkts = arrived[i]! - arrived[i - 1]! - 1;
    burstsPkts += gapPkts;
    if (gapPkts > 0) bursts++;
  }
  // 1250 bursts expected: 3 % is the standard deviation of their mean length, 4 % that of the sum.
  assert.ok(Math.abs(burstsPkts / 200_000 - 0.05) < 0.01, `${burstsPkts / 200_000} lost`);
  assert.ok(Math.abs(burstsPkts / bursts - 8) < 1, `mean length ${burstsPkts / bursts}`);
});

Deno.test("LinkEmulator delivers the fraction it is told twice, and releases each payload once", () => {
  const released: number[] = [];
  const link = makeLink({ duplicateFraction: 0.1, delayMs: 5 }, {
    release: (payload) => released.push(payload),
  });
  const arrivals = stream(link, 10_000, 1);
  assert.ok(Math.abs(link.counters.duplicatedPkts - 1_000) < 150);
  assert.equal(arrivals.length, 10_000 + link.counters.duplicatedPkts);
  assert.equal(released.length, 10_000);
  assert.equal(new Set(released).size, 10_000);
});

Deno.test("LinkEmulator that is cut loses what it holds and refuses what is sent", () => {
  const released: number[] = [];
  const link = makeLink({ rateBps: 1_000_000, delayMs: 20 }, {
    release: (payload) => released.push(payload),
  });
  for (let i = 0; i < 4; i++) link.send(i, SIZE_BYTES, 0); // at 16 ms two of them are in flight
  link.setUp(false, 16);
  assert.equal(link.send(9, SIZE_BYTES, 17), SendResult.LINK_DOWN);
  assert.equal(link.nextTimeout(), Infinity);
  assert.deepEqual(released.toSorted(), [0, 1, 2, 3]);
  assert.equal(link.counters.cutPkts, 4);
  assert.equal(link.counters.refusedDownPkts, 1);
});

Deno.test("LinkEmulator that is mended carries what is sent from then on", () => {
  const link = makeLink({ rateBps: 1_000_000, delayMs: 20 });
  link.send(0, SIZE_BYTES, 0);
  link.setUp(false, 1);
  link.setUp(true, 5);
  link.send(1, SIZE_BYTES, 10);
  assert.deepEqual(drain(link), [{ payload: 1, atMs: 10 + 8 + 20 }]);
});

Deno.test("LinkEmulator applies a new rate to the rest of the packet being sent", () => {
  const link = makeLink({ rateBps: 1_000_000 });
  link.send(0, SIZE_BYTES, 0);
  link.send(1, SIZE_BYTES, 0);
  link.configure({ rateBps: 2_000_000 }, 4); // half of the first one is sent
  assert.deepEqual(drain(link), [{ payload: 0, atMs: 6 }, { payload: 1, atMs: 10 }]);
});

Deno.test("LinkEmulator stalled by rate 0 keeps its queue and goes on later", () => {
  const link = makeLink({ rateBps: 1_000_000, delayMs: 1 });
  link.send(0, SIZE_BYTES, 0);
  link.configure({ rateBps: 0 }, 4);
  assert.equal(link.nextTimeout(), Infinity);
  link.configure({ rateBps: 1_000_000 }, 1_000);
  assert.deepEqual(drain(link), [{ payload: 0, atMs: 1_005 }]);
});

Deno.test("LinkEmulator repeats itself for a seed, and not for another one", () => {
  const profile: Partial<LinkProfile> = {
    rateBps: 9_000_000,
    delayMs: 20,
    jitterMs: 10,
    jitterKind: "independent",
    lossFraction: 0.01,
    burstLoss: { fraction: 0.01, meanLengthPkts: 3 },
    duplicateFraction: 0.01,
  };
  const run = (seed: number): Arrival[] =>
    stream(makeLink(profile, { rng: mulberry32(seed) }), 2_000, 1);
  assert.deepEqual(run(5), run(5));
  assert.notDeepEqual(run(5), run(6));
});

Deno.test("LinkEmulator delivery may send on the same link", () => {
  const link = makeLink({ delayMs: 10 });
  const arrivals: Arrival[] = [];
  link.send(0, SIZE_BYTES, 0);
  for (let now = link.nextTimeout(); now < 100; now = link.nextTimeout()) {
    link.poll(now, (payload) => {
      arrivals.push({ payload, atMs: now });
      link.send(payload + 1, SIZE_BYTES, now);
    });
  }
  assert.deepEqual(arrivals.slice(0, 3).map((arrival) => arrival.atMs), [10, 20, 30]);
});

Deno.test("LinkEmulator loses sight of no packet, whatever is done to it", () => {
  const action = fc.oneof(
    { weight: 10, arbitrary: fc.record({ sizeBytes: fc.integer({ min: 0, max: 3000 }) }) },
    { weight: 5, arbitrary: fc.record({ poll: fc.constant(true) }) },
    fc.record({ isUp: fc.boolean() }),
    fc.record({
      change: fc.record({
        rateBps: fc.constantFrom(0, 64_000, 1e6, 50e6, Infinity),
        delayMs: fc.integer({ min: 0, max: 300 }),
        jitterMs: fc.integer({ min: 0, max: 100 }),
        jitterKind: fc.constantFrom("ordered" as const, "independent" as const),
        lossFraction: fc.constantFrom(0, 0.3, 1),
        burstLoss: fc.constantFrom(null, { fraction: 0.2, meanLengthPkts: 4 }),
        duplicateFraction: fc.constantFrom(0, 0.3, 1),
        queueBytes: fc.integer({ min: 0, max: 20_000 }),
      }, { requiredKeys: [] }),
    }),
  );
  const step = fc.record({ waitMs: fc.double({ min: 0, max: 30, noNaN: true }), action });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.nat(), (steps, seed) => {
    let held = 0;
    const link = new LinkEmulator<number>({
      profile: linkProfile({ rateBps: 1e6, delayMs: 20, queueBytes: 10_000 }),
      rng: mulberry32(seed),
      release: () => held--,
    });
    let now = 0;
    const isWhole = (): void => {
      const { counters } = link;
      assert.equal(counters.sentPkts + counters.duplicatedPkts, accountedPkts(counters));
      assert.ok(counters.queuedBytes >= 0 && counters.queuedPkts >= 0);
      assert.ok(held >= counters.queuedPkts && held <= counters.queuedPkts + counters.inFlightPkts);
    };
    for (const { waitMs, action } of steps) {
      now += waitMs;
      if ("sizeBytes" in action) {
        if (link.send(1, action.sizeBytes, now) === SendResult.ACCEPTED) held++;
      } else if ("isUp" in action) link.setUp(action.isUp, now);
      else if ("change" in action) link.configure(action.change, now);
      else {
        link.poll(now, () => {});
        assert.ok(link.nextTimeout() > now, "poll leaves nothing that is due");
      }
      isWhole();
    }
    link.configure({ rateBps: 1e9 }, now);
    drain(link);
    assert.equal(link.counters.queuedPkts + link.counters.inFlightPkts, 0);
    assert.equal(held, 0);
    isWhole();
  }));
});
