import assert from "node:assert/strict";
import { METRICS } from "../../../src/metrics/catalog.ts";
import type { MetricInput } from "../../../src/metrics/metric.ts";
import { Exposition } from "../../../src/metrics/exposition.ts";
import { LINK_DOINGS } from "../../../src/snapshot.ts";
import { DROP_REASON_LABELS } from "../../../src/wire/drop_reason.ts";
import { SAMPLE_PROCESS, sampleDaemon, sampleLink, sampleSlave } from "./sample_snapshot.ts";

const SAMPLE: MetricInput = { daemon: sampleDaemon(), process: SAMPLE_PROCESS };

/** Series -> value. Checks each line against the format (prometheus.io, "Text-based format"). */
function parseExposition(text: string): Map<string, number> {
  assert.ok(text.endsWith("\n"));
  const series = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.trimEnd().split("\n")) {
    if (line === "") continue;
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === "TYPE") types.set(comment[2] ?? "", comment[3] ?? "");
      continue;
    }
    const sample =
      /^(([a-z_]+)(?:\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})?) (\S+)$/
        .exec(line);
    assert.ok(sample !== null, `not in the format: ${line}`);
    const [, name = "", metric = "", value = ""] = sample;
    const family = metric.replace(/_(bucket|sum|count)$/, "");
    const type = types.get(metric) ?? types.get(family) ?? "";
    assert.match(
      type,
      metric === family ? /^(counter|gauge)$/ : /^histogram$/,
      `TYPE of ${metric}`,
    );
    assert.ok(!series.has(name), `twice: ${name}`);
    series.set(name, value === "Nan" || value === "NaN" ? NaN : Number(value));
  }
  return series;
}

async function render(input: MetricInput): Promise<Map<string, number>> {
  return parseExposition(await new Exposition(() => input).render());
}

Deno.test("Exposition shows every number of a link", async () => {
  const series = await render(SAMPLE);
  const labels = 'link="192.168.43.1:1080",id="1",slave=""';
  const expected: Record<string, number> = {
    [`bindlink_link_sent_packets_total{${labels}}`]: 10,
    [`bindlink_link_sent_bytes_total{${labels}}`]: 14_000,
    [`bindlink_link_received_packets_total{${labels}}`]: 20,
    [`bindlink_link_received_bytes_total{${labels}}`]: 28_000,
    [`bindlink_link_reconnects_total{${labels}}`]: 3,
    [`bindlink_link_moves_total{${labels}}`]: 4,
    [`bindlink_link_up{${labels}}`]: 1,
    [`bindlink_link_state{${labels},state="connecting"}`]: 0,
    [`bindlink_link_state{${labels},state="probing"}`]: 0,
    [`bindlink_link_state{${labels},state="up"}`]: 1,
    [`bindlink_link_rate_bytes_per_second{${labels},direction="sent"}`]: 2_800,
    [`bindlink_link_rate_bytes_per_second{${labels},direction="received"}`]: 5_600,
    [`bindlink_link_share{${labels}}`]: 0.25,
    [`bindlink_link_silent_seconds{${labels}}`]: 1.5,
    [`bindlink_link_over_tcp{${labels}}`]: 0,
    'link_rate{link="192.168.43.1:1080",slave=""}': 2_800,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(series.get(name), value, name);
});

Deno.test("Exposition shows what is measured of a link", async () => {
  const series = await render(SAMPLE);
  const labels = 'link="192.168.43.1:1080",id="1",slave=""';
  const expected: Record<string, number> = {
    [`bindlink_link_capacity_bits_per_second{${labels}}`]: 8_000_000,
    [`bindlink_link_round_trip_seconds{${labels}}`]: 0.12,
    [`bindlink_link_queue_delay_seconds{${labels}}`]: 0.025,
    [`bindlink_link_jitter_seconds{${labels}}`]: 0.008,
    [`bindlink_link_loss_ratio{${labels}}`]: 0.01,
    [`bindlink_link_suspect{${labels}}`]: 0,
    [`bindlink_link_metered{${labels}}`]: 1,
    [`bindlink_link_resent_packets_total{${labels}}`]: 5,
    [`bindlink_link_lost_packets_total{${labels}}`]: 6,
    [`bindlink_link_use{${labels},use="carrying"}`]: 1,
    [`bindlink_link_use{${labels},use="late"}`]: 0,
    [`bindlink_link_mode{${labels},mode="speed"}`]: 1,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(series.get(name), value, name);
});

Deno.test("Exposition shows what a link does: one thing of all that there are", async () => {
  for (const doing of LINK_DOINGS) {
    const series = await render({
      ...SAMPLE,
      daemon: sampleDaemon({ links: [sampleLink({ doing })] }),
    });
    const labels = 'link="192.168.43.1:1080",id="1",slave=""';
    for (const use of LINK_DOINGS) {
      assert.equal(
        series.get(`bindlink_link_use{${labels},use="${use}"}`),
        use === doing ? 1 : 0,
        use,
      );
    }
    assert.equal(series.get(`bindlink_link_suspect{${labels}}`), doing === "suspect" ? 1 : 0);
  }
});

Deno.test("Exposition leaves out what is not known of a link, and of one of the legacy protocol", async () => {
  const unknown = sampleDaemon({ links: [sampleLink({ roundTripMs: -1 })] });
  const labels = 'link="192.168.43.1:1080",id="1",slave=""';
  const series = await render({ ...SAMPLE, daemon: unknown });
  assert.equal(series.get(`bindlink_link_round_trip_seconds{${labels}}`), undefined);
  assert.equal(series.get(`bindlink_link_queue_delay_seconds{${labels}}`), 0.025);
  const legacy = sampleDaemon({ links: [sampleLink({ doing: "" })] });
  const names = [...(await render({ ...SAMPLE, daemon: legacy })).keys()];
  assert(!names.some((name) => /^bindlink_link_(capacity|queue|jitter|loss|use)/.test(name)));
});

Deno.test("Exposition shows how packets are queued, sent again and put in order", async () => {
  const series = await render(SAMPLE);
  const expected: Record<string, number> = {
    bindlink_queue_packets: 21,
    bindlink_queue_bytes: 22,
    bindlink_queue_marked_packets_total: 23,
    'bindlink_queue_dropped_packets_total{reason="codel"}': 24,
    'bindlink_queue_dropped_packets_total{reason="overflow"}': 25,
    bindlink_resent_packets_total: 26,
    bindlink_copied_packets_total: 27,
    bindlink_given_up_packets_total: 28,
    bindlink_filtered_acks_total: 34,
    bindlink_reorder_held_bytes: 29,
    bindlink_reorder_held_packets_total: 30,
    bindlink_reorder_late_packets_total: 31,
    bindlink_reorder_duplicate_packets_total: 32,
    bindlink_reorder_timeouts_total: 33,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(series.get(name), value, name);
});

Deno.test("Exposition shows how late timers were, each bucket with those before it", async () => {
  const series = await render(SAMPLE);
  const expected: Record<string, number> = {
    'bindlink_timer_delay_seconds_bucket{le="0.001"}': 5,
    'bindlink_timer_delay_seconds_bucket{le="0.01"}': 7,
    'bindlink_timer_delay_seconds_bucket{le="+Inf"}': 8,
    bindlink_timer_delay_seconds_sum: 0.25,
    bindlink_timer_delay_seconds_count: 8,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(series.get(name), value, name);
});

Deno.test("Exposition shows the tun, the process and what runs", async () => {
  const series = await render(SAMPLE);
  const expected: Record<string, number> = {
    bindlink_tun_read_packets_total: 1,
    bindlink_tun_read_bytes_total: 100,
    bindlink_tun_written_packets_total: 2,
    bindlink_tun_written_bytes_total: 200,
    bindlink_tun_mtu_bytes: 1380,
    bindlink_uptime_seconds: 61.5,
    process_resident_memory_bytes: 64_000_000,
    bindlink_heap_used_bytes: 8_000_000,
    process_open_fds: 17,
    'bindlink_build_info{version="1.2.3",role="slave",protocol="secure",tundev="bind0",deno="2.9.6"}':
      1,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(series.get(name), value, name);
});

Deno.test("Exposition shows every drop reason, those that never occurred as 0", async () => {
  const series = await render(SAMPLE);
  for (const label of DROP_REASON_LABELS.slice(1)) {
    const value = series.get(`bindlink_dropped_packets_total{reason="${label}"}`);
    assert.equal(value, label === "truncated" ? 7 : 0, label);
  }
});

Deno.test("Exposition shows a drop reason that the catalog does not know", async () => {
  const daemon = sampleDaemon({ drops: new Map([["brand_new", 2]]) });
  const series = await render({ ...SAMPLE, daemon });
  assert.equal(series.get('bindlink_dropped_packets_total{reason="brand_new"}'), 2);
});

Deno.test("Exposition drops the series of a link that is gone", async () => {
  let daemon = sampleDaemon({ links: [sampleLink(), sampleLink({ id: 2, name: "b:1" })] });
  const exposition = new Exposition(() => ({ daemon, process: SAMPLE_PROCESS }));
  assert.match(await exposition.render(), /link="b:1"/);
  daemon = sampleDaemon({ links: [sampleLink({ sentPackets: 11 })] });
  const text = await exposition.render();
  assert.doesNotMatch(text, /link="b:1"/);
  const labels = 'link="192.168.43.1:1080",id="1",slave=""';
  assert.equal(parseExposition(text).get(`bindlink_link_sent_packets_total{${labels}}`), 11);
});

Deno.test("Exposition leaves out the silence of a link that was never heard", async () => {
  const daemon = sampleDaemon({ links: [sampleLink({ state: "probing", silentMs: -1 })] });
  const series = await render({ ...SAMPLE, daemon });
  assert.ok(![...series.keys()].some((name) => name.startsWith("bindlink_link_silent_seconds")));
  assert.equal(series.get('bindlink_link_up{link="192.168.43.1:1080",id="1",slave=""}'), 0);
});

Deno.test("Exposition tells the links of two slaves apart, though ids and names are the same", async () => {
  const links = [
    sampleLink({ name: "link1", slave: "laptop", sentPackets: 5 }),
    sampleLink({ name: "link1", slave: "phone", sentPackets: 6 }),
  ];
  const series = await render({ ...SAMPLE, daemon: sampleDaemon({ role: "master", links }) });
  for (const [slave, packets] of [["laptop", 5], ["phone", 6]]) {
    const name = `bindlink_link_sent_packets_total{link="link1",id="1",slave="${slave}"}`;
    assert.equal(series.get(name), packets);
    assert.equal(series.get(`link_rate{link="link1",slave="${slave}"}`), 2_800);
  }
});

Deno.test("Exposition shows a master's slaves, those that are away too", async () => {
  const slaves = [
    sampleSlave(),
    sampleSlave({ name: "phone", isConnected: false, linksUp: 0, sentBytes: 7, receivedBytes: 8 }),
  ];
  const series = await render({ ...SAMPLE, daemon: sampleDaemon({ role: "master", slaves }) });
  const expected: Record<string, number> = {
    'bindlink_slave_connected{slave="laptop"}': 1,
    'bindlink_slave_links_up{slave="laptop"}': 2,
    'bindlink_slave_sent_bytes_total{slave="laptop"}': 1_000,
    'bindlink_slave_received_bytes_total{slave="laptop"}': 3_000,
    'bindlink_slave_connected{slave="phone"}': 0,
    'bindlink_slave_links_up{slave="phone"}': 0,
    'bindlink_slave_sent_bytes_total{slave="phone"}': 7,
    'bindlink_slave_received_bytes_total{slave="phone"}': 8,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(series.get(name), value, name);
});

Deno.test("Exposition drops the series of a slave that was revoked", async () => {
  let daemon = sampleDaemon({ role: "master", slaves: [sampleSlave()] });
  const exposition = new Exposition(() => ({ daemon, process: SAMPLE_PROCESS }));
  assert.match(await exposition.render(), /slave="laptop"/);
  daemon = sampleDaemon({ role: "master" });
  assert.doesNotMatch(await exposition.render(), /slave="laptop"/);
});

Deno.test("Exposition shows a link that goes over TCP", async () => {
  const daemon = sampleDaemon({ links: [sampleLink({ transport: "tcp" })] });
  const series = await render({ ...SAMPLE, daemon });
  const labels = 'link="192.168.43.1:1080",id="1",slave=""';
  assert.equal(series.get(`bindlink_link_over_tcp{${labels}}`), 1);
});

Deno.test("Exposition escapes what a name may hold", async () => {
  const daemon = sampleDaemon({ links: [sampleLink({ name: 'a"\\\nb' })] });
  const series = await render({ ...SAMPLE, daemon });
  assert.equal(series.get('link_rate{link="a\\"\\\\\\nb",slave=""}'), 2_800);
});

Deno.test("Exposition answers two who ask at once from one reading", async () => {
  let readings = 0;
  const exposition = new Exposition(() => {
    readings++;
    return SAMPLE;
  });
  const [first, second] = await Promise.all([exposition.render(), exposition.render()]);
  assert.equal(first, second);
  assert.equal(readings, 1);
  await exposition.render();
  assert.equal(readings, 2);
});

Deno.test("Exposition goes on after a reading that failed", async () => {
  let isBroken = true;
  const exposition = new Exposition(() => {
    if (isBroken) throw new Error("not now");
    return SAMPLE;
  });
  await assert.rejects(exposition.render(), /not now/);
  isBroken = false;
  assert.match(await exposition.render(), /bindlink_uptime_seconds 61.5/);
});

Deno.test("METRICS keeps Prometheus' rules for names", () => {
  const names = METRICS.map((metric) => metric.name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, type, help } of METRICS) {
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.ok(help.endsWith("."), name);
  }
});
