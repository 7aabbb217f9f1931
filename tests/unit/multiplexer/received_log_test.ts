import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_RANGES, ReceivedLog } from "../../../src/multiplexer/received_log.ts";

const TWO_TO_32 = 2 ** 32;

function rangesOf(log: ReceivedLog): [first: number, last: number][] {
  return Array.from(
    { length: log.rangeCount },
    (_, i) => [log.rangeFirst(i), log.rangeLast(i)] as [number, number],
  );
}

/** Ranges of a set of numbers, newest first. */
function slowRanges(seqNos: ReadonlySet<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const seqNo of [...seqNos].sort((a, b) => b - a)) {
    const last = ranges.at(-1);
    if (last && last[0] === seqNo + 1) last[0] = seqNo;
    else ranges.push([seqNo, seqNo]);
  }
  return ranges;
}

function receiveAll(log: ReceivedLog, seqNos: readonly number[]): void {
  for (const seqNo of seqNos) log.receive(seqNo, 100, 0, 0);
}

Deno.test("ReceivedLog that received nothing says so", () => {
  const log = new ReceivedLog();
  assert.equal(log.newestSeqNo, -1);
  assert.equal(log.rangeCount, 0);
  assert.equal(log.minTransitUs(5), 0);
});

Deno.test("ReceivedLog keeps the ranges of any order, as a set would", () => {
  const starts = fc.constantFrom(0, 2 ** 32 - 30, 2 ** 52);
  const offsets = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 120, size: "max" });
  fc.assert(
    fc.property(starts, offsets, (start, numbers) => {
      const log = new ReceivedLog();
      const seen = new Set<number>();
      for (const number of numbers) {
        log.receive(start + number, 100, -1, 0);
        seen.add(start + number);
        assert.deepEqual(rangesOf(log), slowRanges(seen)); // 61 numbers: at most 31 ranges
        assert.equal(log.newestSeqNo, Math.max(...seen));
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("ReceivedLog of more ranges than it keeps has the newest, and none that was not received", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -20, max: 8 }), { maxLength: 300, size: "max" }),
      (steps) => {
        const log = new ReceivedLog();
        const seen = new Set<number>();
        for (const step of steps) {
          const seqNo = Math.max(log.newestSeqNo + step, 0);
          log.receive(seqNo, 100, -1, 0);
          seen.add(seqNo);
          const ranges = rangesOf(log);
          assert(ranges.length <= MAX_RANGES);
          for (const [i, [first, last]] of ranges.entries()) {
            for (let number = first; number <= last; number++) assert(seen.has(number));
            if (i > 0) assert(ranges[i - 1]![0] > last + 1);
          }
        }
      },
    ),
    { numRuns: 30 },
  );
  const log = new ReceivedLog();
  receiveAll(log, Array.from({ length: 100 }, (_, i) => 2 * i));
  assert.equal(log.rangeCount, MAX_RANGES);
  assert.deepEqual(rangesOf(log).at(-1), [198 - 62, 198 - 62]);
  log.receive(3, 100, 0, 0); // older than all that are kept: forgotten at once
  assert.deepEqual(rangesOf(log).at(-1), [198 - 62, 198 - 62]);
  log.receive(198 - 61, 100, 0, 0); // joins the two oldest
  assert.deepEqual(rangesOf(log).at(-1), [198 - 62, 198 - 60]);
  assert.equal(log.rangeCount, MAX_RANGES - 1);
});

Deno.test("ReceivedLog remembers when the newest number came, not the last one", () => {
  const log = new ReceivedLog();
  log.receive(7, 1_000, 0, 10);
  log.receive(5, 500, 0, 20);
  assert.equal(log.newestReceivedMs, 10);
  log.receive(8, 1, 0, 30);
  assert.equal(log.newestReceivedMs, 30);
  assert.equal(log.receivedBytes, 1_501);
  assert.equal(log.receivedPkts, 3);
});

Deno.test("ReceivedLog counts packets that feedback is about since the last one", () => {
  const log = new ReceivedLog();
  receiveAll(log, [0, 1, 2]);
  log.receive(3, 64, -1, 0); // a message without a send time
  assert.equal(log.unreportedPkts, 3);
  log.takeReport();
  assert.equal(log.unreportedPkts, 0);
  assert.equal(log.receivedPkts, 4);
});

Deno.test("ReceivedLog has the lowest transit of the last 25 to 50 ms", () => {
  const log = new ReceivedLog();
  const receive = (seqNo: number, transitUs: number, now: number): void =>
    log.receive(seqNo, 100, (now * 1_000 - transitUs) >>> 0, now);
  receive(0, 300, 1_000);
  receive(1, 200, 1_010);
  receive(2, 400, 1_020);
  assert.equal(log.minTransitUs(1_020), 200);
  receive(3, 350, 1_040);
  assert.equal(log.minTransitUs(1_049), 200);
  assert.equal(log.minTransitUs(1_060), 350);
  assert.equal(log.minTransitUs(2_000), 350); // the newest, when there is no other
  receive(4, 900, 2_100);
  assert.equal(log.minTransitUs(2_100), 900);
});

Deno.test("ReceivedLog compares transits that wrap around", () => {
  const log = new ReceivedLog();
  const now = 5_000_000;
  const nowUs = now * 1_000;
  log.receive(0, 100, (nowUs - 5) >>> 0, now);
  log.receive(1, 100, (nowUs + 10) >>> 0, now); // the clocks differ: -10 us
  assert.equal(log.minTransitUs(now), TWO_TO_32 - 10);
});

Deno.test("ReceivedLog's lowest transit is never above the newest nor below all of the last 50 ms", () => {
  const samples = fc.array(fc.tuple(fc.nat(40), fc.nat(5_000)), { minLength: 1, maxLength: 100 });
  fc.assert(fc.property(samples, fc.integer({ min: 0, max: TWO_TO_32 - 1 }), (steps, offsetUs) => {
    const log = new ReceivedLog();
    const all: [now: number, transitUs: number][] = [];
    let now = 100;
    for (const [i, [stepMs, transitUs]] of steps.entries()) {
      now += stepMs;
      all.push([now, transitUs]);
      log.receive(i, 100, (now * 1_000 - transitUs - offsetUs) >>> 0, now);
      const minUs = (log.minTransitUs(now) - offsetUs) >>> 0;
      const least = (spanMs: number): number =>
        Math.min(...all.filter(([at]) => now - at < spanMs).map(([, us]) => us));
      assert(minUs >= least(50) && minUs <= least(25), `${minUs} at ${now}`);
    }
  }));
});

Deno.test("ReceivedLog that is reset is as new", () => {
  const log = new ReceivedLog();
  receiveAll(log, [1, 3, 5]);
  log.reset();
  assert.equal(log.newestSeqNo, -1);
  assert.equal(log.rangeCount, 0);
  assert.equal(log.receivedPkts, 0);
  assert.equal(log.unreportedPkts, 0);
  log.receive(0, 10, -1, 3);
  assert.deepEqual(rangesOf(log), [[0, 0]]);
  assert.equal(log.minTransitUs(3), 0);
});
