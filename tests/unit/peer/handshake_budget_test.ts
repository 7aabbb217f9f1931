import assert from "node:assert/strict";
import { HandshakeBudget, READ_COST } from "../../../src/peer/handshake_budget.ts";

Deno.test("HandshakeBudget sees load from the 101st initiation of a second on, and for a second after the last", () => {
  const budget = new HandshakeBudget();
  for (let i = 0; i < 100; i++) assert.equal(budget.countInitiation(i), false);
  assert.equal(budget.countInitiation(100), true);
  assert.equal(budget.countInitiation(1_099), true);
  assert.equal(budget.countInitiation(1_100), false);
});

Deno.test("HandshakeBudget sees no gap in a load that goes on", () => {
  const budget = new HandshakeBudget();
  for (let i = 0; i < 101; i++) budget.countInitiation(0);
  for (let now = 1; now < 20_000; now++) assert.ok(budget.countInitiation(now), `at ${now} ms`);
});

Deno.test("HandshakeBudget gives out 1,000 operations a second after 2,000 at once", () => {
  const budget = new HandshakeBudget();
  let operations = 0;
  for (let now = 0; now < 10_000; now++) {
    for (let i = 0; i < 10; i++) if (budget.takeRead(now)) operations += READ_COST;
  }
  assert.ok(operations >= 11_900 && operations <= 12_002, `${operations} in 10 s`);
});

Deno.test("HandshakeBudget counts answers against what is read", () => {
  const budget = new HandshakeBudget();
  for (let i = 0; i < 700; i++) budget.chargeAnswer(0);
  assert.equal(budget.takeRead(0), false);
  assert.equal(budget.takeRead(100), false, "the debt is paid first");
  assert.equal(budget.takeRead(102), true);
});

Deno.test("HandshakeBudget gives a source twenty handshakes at once and ten a second, on all its ports", () => {
  const budget = new HandshakeBudget();
  let taken = 0;
  for (let now = 0; now < 2_000; now++) {
    if (budget.takeSource(`192.0.2.1:${now}`, "cookie", now)) taken++;
  }
  assert.ok(taken >= 39 && taken <= 40, `${taken} in 2 s`);
  assert.ok(budget.takeSource("192.0.2.2:1", "cookie", 2_000), "another source is not touched");
  assert.ok(budget.takeSource("192.0.2.1:1", "address", 2_000), "nor is another proof");
});

Deno.test("HandshakeBudget remembers 4,096 sources at most, and forgets the one not seen for longest", () => {
  const budget = new HandshakeBudget();
  for (let i = 0; i < 20; i++) budget.takeSource("192.0.2.1:1", "cookie", 0);
  for (let i = 0; i < 100_000; i++) {
    budget.takeSource(`10.${i >> 16}.${i >> 8 & 255}.${i & 255}:1`, "cookie", 0);
    if (i % 4_000 === 0) {
      assert.equal(budget.takeSource("192.0.2.1:1", "cookie", 0), false, "kept in mind");
    }
  }
  assert.equal(budget.sources, 4_096);
  for (let i = 0; i < 4_096; i++) budget.takeSource(`172.16.${i >> 8}.${i & 255}:1`, "cookie", 0);
  assert.equal(budget.takeSource("192.0.2.1:1", "cookie", 0), true, "forgotten");
});
