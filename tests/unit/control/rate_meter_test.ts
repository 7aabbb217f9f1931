import assert from "node:assert/strict";
import { LEAST_SPAN_MS, RateMeter } from "../../../src/control/rate_meter.ts";
import type { DaemonSnapshot, LinkSnapshot } from "../../../src/snapshot.ts";
import { sampleDaemon, sampleLink } from "../metrics/sample_snapshot.ts";

function counted(
  bytes: number,
  links: readonly LinkSnapshot[] = [sampleLink({ sentBytes: bytes, receivedBytes: 2 * bytes })],
): DaemonSnapshot {
  return sampleDaemon({ tunReadBytes: bytes, tunWrittenBytes: 3 * bytes, links });
}

Deno.test("RateMeter needs two looks that are far enough apart", () => {
  const meter = new RateMeter();
  assert.equal(meter.measure(counted(0), 5_000), null);
  assert.equal(meter.measure(counted(10), 5_000 + LEAST_SPAN_MS - 1), null);
  const rates = meter.measure(counted(1_000), 6_000);
  assert.deepEqual(rates?.totals, { sentBps: 8_000, receivedBps: 24_000 });
  assert.deepEqual(rates.ofLink(sampleLink()), { sentBps: 8_000, receivedBps: 16_000 });
  assert.equal(rates.seconds, 1);
});

Deno.test("RateMeter measures over the newest look that is old enough", () => {
  const meter = new RateMeter();
  for (const second of [0, 1, 2]) meter.measure(counted(1_000 * second), 1_000 * second);
  assert.equal(meter.measure(counted(4_000), 3_000)?.totals.sentBps, 16_000);
});

Deno.test("RateMeter does not take what was long ago for now", () => {
  const meter = new RateMeter();
  meter.measure(counted(0), 0);
  assert.equal(meter.measure(counted(1_000), 60_000), null);
});

Deno.test("RateMeter counts a link that is new, or was made anew, from nothing", () => {
  const meter = new RateMeter();
  meter.measure(counted(5_000), 0);
  const anew = sampleLink({ sentBytes: 1_000, receivedBytes: 0 });
  const added = sampleLink({ id: 2, sentBytes: 2_000, receivedBytes: 0 });
  const rates = meter.measure(counted(5_000, [anew, added]), 1_000);
  assert.equal(rates?.ofLink(anew).sentBps, 8_000);
  assert.equal(rates.ofLink(added).sentBps, 16_000);
});

Deno.test("RateMeter tells slaves' links of the same id apart", () => {
  const meter = new RateMeter();
  const links = (bytes: number) =>
    ["ant", "bee"].map((slave, i) => sampleLink({ slave, sentBytes: i * bytes }));
  meter.measure(sampleDaemon({ links: links(0) }), 0);
  const rates = meter.measure(sampleDaemon({ links: links(1_000) }), 1_000);
  assert.deepEqual(links(0).map((link) => rates?.ofLink(link).sentBps), [0, 8_000]);
});

Deno.test("RateMeter keeps few looks, however often it is asked, and still measures", () => {
  const meter = new RateMeter();
  for (let now = 0; now <= 10_000; now++) {
    const rates = meter.measure(counted(now), now);
    assert.equal(rates?.totals.sentBps, now < LEAST_SPAN_MS ? undefined : 8_000, `at ${now} ms`);
  }
  assert(meter.looks <= 31, `${meter.looks}`);
});
