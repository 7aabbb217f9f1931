import assert from "node:assert/strict";
import { readProcessStats } from "../../../src/metrics/process_stats.ts";

Deno.test("readProcessStats sees a descriptor being opened", () => {
  const before = readProcessStats();
  assert.ok(before.residentBytes > before.heapUsedBytes && before.heapUsedBytes > 0);
  using _file = Deno.openSync("/dev/null");
  assert.equal(readProcessStats().openDescriptors, before.openDescriptors + 1);
});
