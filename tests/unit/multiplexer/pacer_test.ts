import assert from "node:assert/strict";
import fc from "fast-check";
import { Pacer } from "../../../src/multiplexer/pacer.ts";

const PACKET_BYTES = 1_500;

function pacerAt(rateBps: number, now = 0): Pacer {
  const pacer = new Pacer();
  pacer.setRate(rateBps, now);
  return pacer;
}

/** Sends as much as credit allows, at once. @returns packets. */
function drain(pacer: Pacer, now: number): number {
  let packets = 0;
  for (; pacer.hasCredit(now); packets++) pacer.take(PACKET_BYTES, now);
  return packets;
}

Deno.test("Pacer says its rate", () => {
  assert.equal(pacerAt(8_000_000).rateBps, 8_000_000);
});

Deno.test("Pacer lets the rate through, whenever it is asked", () => {
  const rates = fc.integer({ min: 100_000, max: 1_000_000_000 });
  const intervals = fc.array(fc.double({ min: 0.05, max: 3, noNaN: true }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(rates, intervals, (rateBps, steps) => {
      const pacer = pacerAt(rateBps);
      const burst = drain(pacer, 0);
      const durationMs = Math.min(1_000, 50 + 4e9 / rateBps);
      let packets = 0;
      let now = 0;
      for (let i = 0; now < durationMs; i++) {
        now += steps[i % steps.length]!;
        packets += drain(pacer, now);
      }
      const allowed = rateBps / 8_000 * now / PACKET_BYTES;
      assert(packets <= allowed + 1, `${packets} of ${allowed}`);
      assert(packets >= allowed - burst - 2, `${packets} of ${allowed}`);
    }),
    { numRuns: 30 },
  );
});

Deno.test("Pacer's credit never exceeds the burst, however long nothing is sent", () => {
  for (const rateBps of [64_000, 8_000_000, 500_000_000]) {
    const pacer = pacerAt(rateBps);
    drain(pacer, 0);
    const first = drain(pacer, 1_000);
    assert.equal(drain(pacer, 3_600_000), first);
    // At most what goes in 10 ms, or two or three packets.
    assert(first <= Math.max(3, rateBps / 8_000 * 10 / PACKET_BYTES), `${first} packets`);
    assert(first >= 2);
  }
});

Deno.test("Pacer has credit at the time it names and not clearly before", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 64_000, max: 200_000_000 }),
      fc.integer({ min: 1, max: 60 }),
      (rateBps, packets) => {
        const pacer = pacerAt(rateBps, 5);
        for (let i = 0; i < packets; i++) pacer.take(PACKET_BYTES, 5);
        const atMs = pacer.nextCreditMs(5);
        if (pacer.hasCredit(5)) return assert.equal(atMs, 5);
        assert(atMs > 5);
        const byteMs = 8_000 / rateBps;
        if (atMs > 5 + 1.1 * byteMs) assert.equal(pacer.hasCredit(atMs - 1.1 * byteMs), false);
        assert.equal(pacer.hasCredit(atMs + 1e-6), true);
      },
    ),
  );
});

Deno.test("Pacer forgives a debt that would silence a link for long", () => {
  const pacer = pacerAt(8_000_000);
  for (let i = 0; i < 10_000; i++) pacer.take(PACKET_BYTES, i / 1_000);
  assert.equal(pacer.hasCredit(10 + 1_000), true);
});

Deno.test("Pacer keeps what it has when the rate changes", () => {
  const pacer = pacerAt(8_000_000);
  drain(pacer, 0);
  pacer.setRate(80_000_000, 1);
  assert(drain(pacer, 1) <= 2, "the new rate holds from then on, not from before");
  assert(drain(pacer, 2) >= 6);
});
