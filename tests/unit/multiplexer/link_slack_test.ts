import assert from "node:assert/strict";
import fc from "fast-check";
import { LinkSlack } from "../../../src/multiplexer/link_slack.ts";

Deno.test("LinkSlack of a link that keeps the order is a few ms", () => {
  const slack = new LinkSlack();
  assert.equal(slack.isLearned, false);
  assert(slack.ms(1_000) > 0 && slack.ms(1_000) <= 5);
});

Deno.test("LinkSlack covers the latest packet it saw, up to a bound", () => {
  fc.assert(fc.property(fc.double({ min: 10, max: 150, noNaN: true }), (latenessMs) => {
    const slack = new LinkSlack();
    slack.handleLate(latenessMs, 100);
    assert.equal(slack.isLearned, true);
    assert(slack.ms(100) >= latenessMs && slack.ms(100) <= 2 * latenessMs);
  }));
  const slack = new LinkSlack();
  slack.handleLate(100_000, 0);
  assert(slack.ms(0) <= 500);
});

Deno.test("LinkSlack does not grow by what it covers already", () => {
  const slack = new LinkSlack();
  slack.handleLate(50, 0);
  const ms = slack.ms(0);
  slack.handleLate(20, 0);
  assert.equal(slack.ms(0), ms);
});

Deno.test("LinkSlack is unlearned within some minutes, and not within a second", () => {
  const slack = new LinkSlack();
  const leastMs = slack.ms(0);
  slack.handleLate(100, 0);
  assert(slack.ms(1_000) > 100);
  assert.equal(slack.ms(600_000), leastMs);
});

Deno.test("LinkSlack never grows by itself and is never below the least", () => {
  const steps = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 60_000 }),
      latenessMs: fc.double({ min: 0, max: 500, noNaN: true }),
    }),
  );
  fc.assert(fc.property(steps, (list) => {
    const slack = new LinkSlack();
    const leastMs = slack.ms(0);
    let now = 0;
    for (const { afterMs, latenessMs } of list) {
      const before = slack.ms(now);
      now += afterMs;
      assert(slack.ms(now) <= before && slack.ms(now) >= leastMs);
      slack.handleLate(latenessMs, now);
    }
  }));
});
