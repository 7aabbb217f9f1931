import assert from "node:assert/strict";
import { KnownSeries } from "../../support/known_series.ts";
import { SAMPLE_PROCESS, sampleDaemon, sampleLink, sampleSlave } from "./sample_snapshot.ts";

const KNOWN = await KnownSeries.of({
  daemon: sampleDaemon({ links: [sampleLink({ slave: "laptop" })], slaves: [sampleSlave()] }),
  process: SAMPLE_PROCESS,
});

Deno.test("KnownSeries takes what /metrics prints", () => {
  assert.deepEqual(
    KNOWN.check(
      'sum by (instance, link) (rate(bindlink_link_sent_bytes_total{job=~"$job"}[$__rate_interval])) * 8' +
        ' unless on (instance, link) bindlink_link_state{state="off"} == 1',
    ),
    ["bindlink_link_sent_bytes_total", "bindlink_link_state"],
  );
});

Deno.test("KnownSeries refuses what it does not print", () => {
  const cases: Readonly<Record<string, RegExp>> = {
    "bindlink_link_upp == 0": /no metric bindlink_link_upp/,
    'bindlink_link_up{name="x"}': /bindlink_link_up has no label name/,
    'bindlink_link_state{state="gone"}': /bindlink_link_state has no state="gone"/,
    'rate(bindlink_dropped_packets_total{reason=~"no_link|no_luck"}[5m])': /reason="no_luck"/,
    "sum by (phone) (bindlink_link_up)": /No metric has the label phone/,
    "bindlink_link_sent_bytes_total > 0": /must not be asked for by ""/,
    "rate(bindlink_queue_bytes[5m])": /must not be asked for by "rate"/,
    "sum by (": /Not PromQL at 8/,
    "1 + 1": /names no metric/,
  };
  for (const [expression, message] of Object.entries(cases)) {
    assert.throws(() => KNOWN.check(expression), message, expression);
  }
});
