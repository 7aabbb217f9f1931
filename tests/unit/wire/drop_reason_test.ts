import assert from "node:assert/strict";
import { DROP_REASON_LABELS, DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";

const REASONS: readonly DropReason[] = Object.values(DropReason);

Deno.test("DropReason values are negative and each is used once, without a gap", () => {
  assert.deepEqual(REASONS.map((reason) => -reason), REASONS.map((_, index) => index + 1));
});

Deno.test("DROP_REASON_LABELS has each reason's name at its negated value", () => {
  assert.equal(DROP_REASON_LABELS.length, REASONS.length + 1);
  assert.equal(DROP_REASON_LABELS[-DropReason.BAD_CONTROL], "bad_control");
  for (const label of DROP_REASON_LABELS) assert.match(label, /^[a-z][a-z0-9_]*$/);
});

Deno.test("DropCounters.count adds to its own reason only and gives it back", () => {
  for (const reason of REASONS) {
    const counters = new DropCounters();
    assert.equal(counters.count(reason), reason);
    for (const other of REASONS) assert.equal(counters.get(other), other === reason ? 1 : 0);
  }
});

Deno.test("DropCounters.total sums all reasons", () => {
  const counters = new DropCounters();
  assert.equal(counters.total(), 0);
  for (const reason of REASONS) counters.count(reason);
  counters.count(DropReason.EMPTY);
  assert.equal(counters.total(), REASONS.length + 1);
});

Deno.test("DropCounters.entries gives what occurred, by label", () => {
  const counters = new DropCounters();
  counters.count(DropReason.NOT_IP);
  counters.count(DropReason.TRUNCATED);
  counters.count(DropReason.TRUNCATED);
  assert.deepEqual([...counters.entries()], [["truncated", 2], ["not_ip", 1]]);
});
