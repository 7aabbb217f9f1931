/**
 * What the tests of `bindlink top` show.
 *
 * @module
 */

import type { LinkReport, SlaveReport, StatusReport } from "../../../src/control/status_report.ts";
import { firstState, type TopState, withReport } from "../../../src/top/top_state.ts";

/** The time of all samples. */
export const NOW_MS = Date.parse("2026-03-01T12:00:00.000Z");

/** A link that carries something. */
export function sampleLink(changes: Partial<LinkReport> = {}): LinkReport {
  return {
    id: 1,
    name: "phone1",
    kind: "proxy",
    address: "192.168.43.1:1080",
    remote: "203.0.113.5:4321",
    transport: "udp",
    state: "up",
    doing: "carrying",
    reason: "carrying 950 kbit/s",
    sent: { packets: 100, bytes: 140_000, bps: 950_000 },
    received: { packets: 1_000, bytes: 1_400_000, bps: 12_100_000 },
    roundTripMs: 61.3,
    jitterMs: 8,
    lossFraction: 0.003,
    share: 0.5,
    capacityBps: 8_000_000,
    silentMs: 12,
    settings: { mode: "speed", isMetered: true, capUpBps: 5e6, capDownBps: 5e6 },
    ...changes,
  };
}

/** Three links: one that carries, one that is held out, one that does not get through. */
export const LINKS: readonly LinkReport[] = [
  sampleLink(),
  sampleLink({
    id: 2,
    name: "phone2",
    address: "192.168.44.1:1080",
    doing: "late",
    reason: "held out: 310 ms later than the best, budget 200 ms",
    sent: { packets: 1, bytes: 100, bps: 4_000 },
    received: { packets: 1, bytes: 100, bps: 18_400_000 },
    roundTripMs: 402,
    lossFraction: 0,
    share: 0,
    settings: { mode: "speed", isMetered: false, capUpBps: null, capDownBps: null },
  }),
  sampleLink({
    id: 3,
    name: "modem",
    kind: "direct",
    address: "203.0.113.5:4321",
    transport: "tcp",
    state: "connecting",
    doing: "silent",
    reason: "Connection refused by 203.0.113.5:4321, retry in 4 s",
    sent: { packets: 0, bytes: 0, bps: 0 },
    received: { packets: 0, bytes: 0, bps: 0 },
    roundTripMs: null,
    lossFraction: 0,
    share: 0,
    settings: { mode: "backup", isMetered: false, capUpBps: null, capDownBps: null },
  }),
];

/** A slave's report. */
export function sampleReport(changes: Partial<StatusReport> = {}): StatusReport {
  return {
    statusVersion: 1,
    version: "0.1.0",
    role: "slave",
    pid: 7,
    uptimeSeconds: 755,
    tun: { name: "bind0", mtuBytes: 1340 },
    mode: "speed",
    totals: {
      sent: { packets: 1_000, bytes: 123_456_789, bps: 930_000 },
      received: { packets: 2_000, bytes: 1_610_612_736, bps: 30_000_000 },
    },
    drops: { truncated: 7 },
    rateSeconds: 1,
    links: LINKS,
    slaves: [],
    events: [
      event(62 * 60, "Link up", { link: "phone1", id: "1", remote: "203.0.113.5:4321" }),
      event(125, "Link up", { link: "phone2", id: "2", remote: "203.0.113.5:4321" }),
      event(14, "Link down", {
        link: "modem",
        reason: "Connection refused by 203.0.113.5:4321",
      }, "warning"),
      event(1, "Mode changed", { mode: "speed" }),
    ],
    ...changes,
  };
}

/** A slave as its master reports it. */
export function sampleSlave(changes: Partial<SlaveReport> = {}): SlaveReport {
  return {
    name: "laptop",
    addresses: ["10.10.10.2", "fd00::2"],
    isConnected: true,
    sentBytes: 3_000_000,
    receivedBytes: 90_000,
    links: LINKS.slice(0, 2).map((link) => ({ ...link, kind: "learned", address: link.remote })),
    ...changes,
  };
}

/** A master's report. */
export function sampleMaster(changes: Partial<StatusReport> = {}): StatusReport {
  const slaves = [
    sampleSlave(),
    sampleSlave({ name: "van", isConnected: false, addresses: ["10.10.10.3"], links: [] }),
  ];
  return sampleReport({ role: "master", mode: null, links: [], slaves, ...changes });
}

/** A state after some reports, whose rates rise and fall. */
export function sampleState(report: StatusReport = sampleReport(), reports = 30): TopState {
  let state = firstState("slave bind0", scaled(report, 0));
  for (let i = 1; i < reports; i++) {
    state = withReport(
      state,
      i === reports - 1 ? report : scaled(report, Math.abs(Math.sin(i / 4))),
    );
  }
  return state;
}

function scaled(report: StatusReport, factor: number): StatusReport {
  const scaleLink = (link: LinkReport): LinkReport => ({
    ...link,
    sent: { ...link.sent, bps: link.sent.bps * factor },
    received: { ...link.received, bps: link.received.bps * factor },
  });
  const { sent, received } = report.totals;
  return {
    ...report,
    totals: {
      sent: { ...sent, bps: sent.bps * factor },
      received: { ...received, bps: received.bps * factor },
    },
    links: report.links.map(scaleLink),
    slaves: report.slaves.map((slave) => ({ ...slave, links: slave.links.map(scaleLink) })),
  };
}

function event(
  agoSeconds: number,
  message: string,
  properties: Readonly<Record<string, string>>,
  level: "info" | "warning" = "info",
): StatusReport["events"][number] {
  const at = new Date(NOW_MS - 1_000 * agoSeconds).toISOString();
  return { at, level, message, properties };
}
