import assert from "node:assert/strict";
import { craftStatus, STATUS_VERSION } from "../../../src/control/status_report.ts";
import type { CounterRates } from "../../../src/control/rate_meter.ts";
import { sampleDaemon, sampleLink, sampleSlave } from "../metrics/sample_snapshot.ts";

const RATES: CounterRates = {
  seconds: 1,
  totals: { sentBps: 11, receivedBps: 12 },
  ofLink: ({ id }) => ({ sentBps: 100 * id, receivedBps: 200 * id }),
};

Deno.test("craftStatus reports a slave whole", () => {
  const events = [{
    at: "2026-11-29T00:00:00.000Z",
    level: "info",
    message: "Link up",
    properties: { link: "a" },
  }] as const;
  assert.deepEqual(craftStatus(sampleDaemon(), { pid: 7, rates: RATES, events }), {
    statusVersion: STATUS_VERSION,
    version: "1.2.3",
    role: "slave",
    pid: 7,
    uptimeSeconds: 61.5,
    tun: { name: "bind0", mtuBytes: 1380 },
    mode: "speed",
    totals: {
      sent: { packets: 1, bytes: 100, bps: 11 },
      received: { packets: 2, bytes: 200, bps: 12 },
    },
    drops: { truncated: 7 },
    rateSeconds: 1,
    links: [{
      id: 1,
      name: "192.168.43.1:1080",
      kind: "proxy",
      address: "192.168.43.1:1080",
      remote: "203.0.113.5:4321",
      transport: "udp",
      state: "up",
      doing: "carrying",
      reason: "",
      sent: { packets: 10, bytes: 14_000, bps: 100 },
      received: { packets: 20, bytes: 28_000, bps: 200 },
      roundTripMs: 120,
      jitterMs: 8,
      lossFraction: 0.01,
      share: 0.25,
      capacityBps: 8_000_000,
      silentMs: 1_500,
      settings: { mode: "speed", isMetered: true, capUpBps: null, capDownBps: 5_000_000 },
    }],
    slaves: [],
    events,
  });
});

Deno.test("craftStatus gives a master's links to their slaves", () => {
  const links = [
    sampleLink({ slave: "ant", id: 1, kind: "learned", address: "" }),
    sampleLink({ slave: "bee", id: 1 }),
    sampleLink({ slave: "ant", id: 2 }),
  ];
  const slaves = ["ant", "bee", "cat"].map((name) => sampleSlave({ name }));
  const daemon = sampleDaemon({ role: "master", mode: "", links, slaves });
  const status = craftStatus(daemon, { pid: 7, rates: RATES, events: [] });
  assert.deepEqual([status.mode, status.links], [null, []]);
  assert.deepEqual(status.slaves.map((it) => [it.name, it.links.map(({ id }) => id)]), [
    ["ant", [1, 2]],
    ["bee", [1]],
    ["cat", []],
  ]);
  assert.equal(status.slaves[0]!.links[0]!.address, "203.0.113.5:4321", "where it comes from");
});

Deno.test("craftStatus has null for what is not known", () => {
  const link = sampleLink({ roundTripMs: -1, capacityBps: -1, silentMs: -1 });
  const context = { pid: 7, rates: RATES, events: [] };
  const [report] = craftStatus(sampleDaemon({ links: [link] }), context).links;
  assert.deepEqual([report?.roundTripMs, report?.capacityBps, report?.silentMs], [
    null,
    null,
    null,
  ]);
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report, "it is JSON");
});
