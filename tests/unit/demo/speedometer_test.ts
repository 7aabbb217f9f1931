import assert from "node:assert/strict";
import type { Report } from "../../../scripts/demo/report.ts";
import { Speedometer } from "../../../scripts/demo/speedometer.ts";

/** A report with so many bytes out of the tunnel and over each link. */
function report(atMs: number, receivedBytes: number, linkBytes: readonly number[]): Report {
  const links = linkBytes.map((bytes, place) => ({
    id: place + 1,
    state: "up" as const,
    receivedBytes: bytes,
  }));
  return { atMs, receivedBytes, longestGapMs: 0, links, roundTripsMs: [] };
}

Deno.test("Speedometer.tunnelBps is the rate over its window, not since the start", () => {
  const speedometer = new Speedometer(500);
  speedometer.add(report(1_000, 0, []));
  speedometer.add(report(1_250, 900_000, []));
  speedometer.add(report(1_500, 1_000_000, []));
  speedometer.add(report(1_750, 1_100_000, []));
  assert.equal(speedometer.tunnelBps, 200_000 * 8 / 0.5);
});

Deno.test("Speedometer.shares divides by what came over each link", () => {
  const speedometer = new Speedometer(1_000);
  speedometer.add(report(0, 0, [1_000, 500, 0]));
  speedometer.add(report(250, 0, [1_300, 600, 0]));
  assert.deepEqual(speedometer.shares(3), [0.75, 0.25, 0]);
});

Deno.test("Speedometer.shares does not take a restarted slave's counters for negative traffic", () => {
  const speedometer = new Speedometer(1_000);
  speedometer.add(report(0, 0, [9_000_000]));
  speedometer.add(report(250, 0, [100, 100]));
  speedometer.add(report(500, 0, [200, 200]));
  assert.deepEqual(speedometer.shares(2), [100 / 300, 200 / 300]);
});

Deno.test("Speedometer knows no rate before the second report", () => {
  const speedometer = new Speedometer(1_000);
  assert.equal(speedometer.tunnelBps, 0);
  speedometer.add(report(0, 5_000, []));
  assert.equal(speedometer.tunnelBps, 0);
});
