import assert from "node:assert/strict";
import { craftPageReport, MAX_SLAVES } from "../../../src/web/page_report.ts";
import { sampleSlave } from "../metrics/sample_snapshot.ts";
import { sampleReport } from "./sample_report.ts";

Deno.test("craftPageReport shows all of a slave's report", () => {
  const report = sampleReport();
  assert.deepEqual(craftPageReport(report), { ...report, slavesLeftOut: 0 });
});

Deno.test("craftPageReport shows the first of very many slaves, connected ones before", () => {
  const slaves = Array.from(
    { length: 10_000 },
    (_, i) => sampleSlave({ name: `slave${i}`, isConnected: i % 1_000 === 999 }),
  );
  const page = craftPageReport(sampleReport({ role: "master", links: [], slaves }));
  assert.deepEqual([page.slaves.length, page.slavesLeftOut], [MAX_SLAVES, 10_000 - MAX_SLAVES]);
  assert.deepEqual([page.slaves[0]?.name, page.slaves[9]?.name, page.slaves[10]?.name], [
    "slave999",
    "slave9999",
    "slave0",
  ]);
});
