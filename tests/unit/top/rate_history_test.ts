import assert from "node:assert/strict";
import fc from "fast-check";
import { RateHistories, RateHistory } from "../../../src/top/rate_history.ts";

Deno.test("RateHistory is as a list of which the newest are kept", () => {
  const rate = fc.option(fc.nat(1e9));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(rate),
      fc.nat(12),
      (length, rates, most) => {
        const history = new RateHistory(length);
        for (const it of rates) history.push(it);
        const kept = rates.slice(Math.max(0, rates.length - length));
        assert.deepEqual(history.last(most), kept.slice(Math.max(0, kept.length - most)));
        assert.equal(history.highest(), Math.max(0, ...kept.map((it) => it ?? 0)));
      },
    ),
  );
});

Deno.test("RateHistories keeps those of what is there, with gaps, and forgets the others", () => {
  const histories = new RateHistories(4);
  const rates = (bps: number): { sentBps: number; receivedBps: number } => ({
    sentBps: bps,
    receivedBps: 2 * bps,
  });
  histories.record(new Map([["a", rates(1)], ["b", rates(2)]]));
  histories.recordGap();
  histories.record(new Map([["a", rates(3)]]));
  assert.deepEqual(histories.of("a").sent.last(9), [1, null, 3]);
  assert.deepEqual(histories.of("a").received.last(9), [2, null, 6]);
  assert.deepEqual(histories.of("b").sent.last(9), []);
  histories.record(new Map([["b", rates(4)]]));
  assert.deepEqual(histories.of("b").sent.last(9), [4]);
});
