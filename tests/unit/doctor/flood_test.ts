import assert from "node:assert/strict";
import { Flood, type FloodOptions, rateOf } from "../../../src/doctor/flood.ts";
import { assertNear } from "../../support/assert_near.ts";
import { mulberry32 } from "../../support/rng.ts";

const DATAGRAM_BYTES = 1_384;
const WIRE_BYTES = DATAGRAM_BYTES + 28;

/** A bottleneck with a queue: each ping leaves it after those before it. */
interface Bottleneck {
  readonly rateBps: number;
  readonly delayMs: number;
  readonly queueMs: number;
  readonly lossFraction?: number;
}

/** Runs a flood over a bottleneck, in time of its own; the master's clock is another one, near its wrap. */
function run(link: Bottleneck, options: Partial<FloodOptions> = {}): Flood {
  const flood = new Flood({
    idleMs: 2 * link.delayMs,
    datagramBytes: DATAGRAM_BYTES,
    mostBytes: 20e6,
    endMs: 2_000,
    ...options,
  });
  const rng = mulberry32(1);
  const answers: { atMs: number; sentUs: number; transitUs: number }[] = [];
  let freeMs = 0;
  let sentUs = 0;
  for (let now = 0; now < 5_000; now += 0.1) {
    while (answers.length > 0 && answers[0]!.atMs <= now) {
      const { sentUs, transitUs } = answers.shift()!;
      flood.noteEcho(sentUs, transitUs, now);
    }
    while (flood.wants(now)) {
      sentUs = Math.max(sentUs + 2, Math.floor(now * 500) * 2);
      flood.noteSent(sentUs, now);
      const startMs = Math.max(freeMs, now);
      if (startMs - now > link.queueMs || rng() < (link.lossFraction ?? 0)) continue;
      freeMs = startMs + WIRE_BYTES * 8_000 / link.rateBps;
      const arrivedMs = freeMs + link.delayMs;
      const transitUs = Math.round((arrivedMs * 1_000 - sentUs) + CLOCK_OFFSET_US) >>> 0;
      answers.push({ atMs: arrivedMs + link.delayMs, sentUs, transitUs });
    }
  }
  return flood;
}

const CLOCK_OFFSET_US = 2 ** 32 - 500_000;

Deno.test("a flood finds the rate of a link, whatever its delay and queue", () => {
  for (const rateBps of [500e3, 4e6, 30e6]) {
    for (const [delayMs, queueMs] of [[2, 50], [20, 200], [100, 100]] as const) {
      const { rateBps: found, isAtLeast } = run({ rateBps, delayMs, queueMs }).result();
      assertNear(found, rateBps, 0.1 * rateBps, `${delayMs} ms, queue ${queueMs} ms`);
      assert.equal(isAtLeast, false, `${rateBps} ${delayMs} ${queueMs}`);
    }
  }
});

Deno.test("a flood shows a long queue as a long delay, and a short one as a short delay", () => {
  const bloated = run({ rateBps: 4e6, delayMs: 10, queueMs: 2_000 }).result();
  assert(bloated.loadedMs > 420, `${bloated.loadedMs} ms`);
  const short = run({ rateBps: 4e6, delayMs: 10, queueMs: 30 }).result();
  assert(short.loadedMs < 60, `${short.loadedMs} ms`);
});

Deno.test("a flood does not fill a queue without end", () => {
  const { loadedMs } = run({ rateBps: 4e6, delayMs: 10, queueMs: 60_000 }, { endMs: 4_000 })
    .result();
  assert(loadedMs < 2_200, `${loadedMs} ms`);
});

Deno.test("random loss does not hide the rate", () => {
  const { rateBps } = run({
    rateBps: 8e6,
    delayMs: 20,
    queueMs: 200,
    lossFraction: 0.03,
  }).result();
  assertNear(rateBps, 8e6, 1e6, "rate");
});

Deno.test("a flood keeps to its bytes, and a link that it could not fill may carry more", () => {
  const { sentBytes, isAtLeast } = run(
    { rateBps: 1e9, delayMs: 50, queueMs: 50 },
    { mostBytes: 500_000 },
  ).result();
  assert(sentBytes <= 500_000);
  assert(sentBytes > 480_000);
  assert.equal(isAtLeast, true);
});

Deno.test("answers to other pings, and second answers, are none of a flood's", () => {
  const flood = new Flood({ idleMs: 1, datagramBytes: 1_000, mostBytes: 1e6, endMs: 100 });
  flood.noteSent(2, 0);
  flood.noteEcho(4, 0, 1);
  assert.equal(flood.inFlightPkts, 1);
  flood.noteEcho(2, 0, 1);
  flood.noteEcho(2, 0, 2);
  assert.equal(flood.inFlightPkts, 0);
});

Deno.test("a rate needs some packets", () => {
  assert.equal(rateOf([1, 2, 3], 1_000), 0);
  assertNear(rateOf([0, 10, 20, 30, 40, 50], 1_000), 800_000, 1, "rate");
});
