/**
 * Every metric, as data: name, help, type, labels, and where its numbers come from. Pure. The names
 * are an interface: dashboards and alerts hold them, so they change only with a new major version.
 *
 * @module
 */

import type { LinkState } from "../snapshot.ts";
import { DROP_REASON_LABELS } from "../wire/drop_reason.ts";
import { BONDING_METRICS } from "./bonding_metrics.ts";
import { BUDGET_METRICS } from "./budget_metrics.ts";
import {
  type HistogramDefinition,
  labelsOf,
  LINK_LABELS,
  linkMetric,
  type MetricDefinition,
  plainMetric,
  slaveMetric,
} from "./metric.ts";

const LINK_STATES: readonly LinkState[] = ["connecting", "probing", "up", "off"];

/** All metrics, in the order they are shown. */
export const METRICS: readonly MetricDefinition[] = [
  linkMetric("counter", "sent_packets_total", "Datagrams sent on the link.", (l) => l.sentPackets),
  linkMetric("counter", "sent_bytes_total", "Bytes of the datagrams sent.", (l) => l.sentBytes),
  linkMetric(
    "counter",
    "received_packets_total",
    "Valid datagrams received on the link.",
    (l) => l.receivedPackets,
  ),
  linkMetric(
    "counter",
    "received_bytes_total",
    "Bytes of the valid datagrams received.",
    (l) => l.receivedBytes,
  ),
  linkMetric(
    "counter",
    "reconnects_total",
    "Times the link was opened anew after a failure.",
    (l) => l.reconnects,
  ),
  linkMetric(
    "counter",
    "moves_total",
    "How often the link's other end was seen at a new address.",
    (l) => l.moves,
  ),
  linkMetric(
    "gauge",
    "up",
    "1 when the link carries data, else 0.",
    (l) => l.state === "up" ? 1 : 0,
  ),
  {
    name: "bindlink_link_state",
    help: "1 for the state the link is in, 0 for the others.",
    type: "gauge",
    labelNames: [...LINK_LABELS, "state"],
    read: ({ daemon }, emit) => {
      for (const link of daemon.links) {
        for (const state of LINK_STATES) {
          emit(link.state === state ? 1 : 0, ...labelsOf(link), state);
        }
      }
    },
  },
  {
    name: "bindlink_link_rate_bytes_per_second",
    help:
      "Mean over 5 s of what arrived: sent, as the other end reports it; received, as counted here.",
    type: "gauge",
    labelNames: [...LINK_LABELS, "direction"],
    read: ({ daemon }, emit) => {
      for (const link of daemon.links) {
        emit(link.peerReceivedBytesPerSecond, ...labelsOf(link), "sent");
        emit(link.receivedBytesPerSecond, ...labelsOf(link), "received");
      }
    },
  },
  {
    // The original's gauge, under its own name, so that an old dashboard goes on.
    name: "link_rate",
    help: "Bytes per second that the other end reports to have received on the link.",
    type: "gauge",
    labelNames: ["link", "slave"],
    read: ({ daemon }, emit) => {
      for (const link of daemon.links) {
        emit(link.peerReceivedBytesPerSecond, link.name, link.slave);
      }
    },
  },
  linkMetric(
    "gauge",
    "share",
    "Share of the data packets that the link gets now, 0 to 1.",
    (l) => l.share,
  ),
  {
    name: "bindlink_link_silent_seconds",
    help: "Time since anything valid came over the link; absent when nothing ever did.",
    type: "gauge",
    labelNames: LINK_LABELS,
    read: ({ daemon }, emit) => {
      for (const link of daemon.links) {
        if (link.silentMs >= 0) emit(link.silentMs / 1000, ...labelsOf(link));
      }
    },
  },
  linkMetric(
    "gauge",
    "over_tcp",
    "1 when the link goes over TCP, because UDP does not get through.",
    (l) => l.transport === "tcp" ? 1 : 0,
  ),
  ...BONDING_METRICS,
  ...BUDGET_METRICS,
  slaveMetric(
    "gauge",
    "connected",
    "1 when the slave has a session.",
    (s) => s.isConnected ? 1 : 0,
  ),
  slaveMetric("gauge", "links_up", "Links of the slave that carry data.", (s) => s.linksUp),
  slaveMetric(
    "counter",
    "sent_bytes_total",
    "Bytes of the packets sent to the slave, over all runs.",
    (s) => s.sentBytes,
  ),
  slaveMetric(
    "counter",
    "received_bytes_total",
    "Bytes of the packets received from the slave, over all runs.",
    (s) => s.receivedBytes,
  ),
  plainMetric(
    "counter",
    "bindlink_tun_read_packets_total",
    "Packets that entered the tunnel here.",
    ({ daemon }) => daemon.tunReadPackets,
  ),
  plainMetric(
    "counter",
    "bindlink_tun_read_bytes_total",
    "Bytes of the packets that entered the tunnel here.",
    ({ daemon }) => daemon.tunReadBytes,
  ),
  plainMetric(
    "counter",
    "bindlink_tun_written_packets_total",
    "Packets that left the tunnel here.",
    ({ daemon }) => daemon.tunWrittenPackets,
  ),
  plainMetric(
    "counter",
    "bindlink_tun_written_bytes_total",
    "Bytes of the packets that left the tunnel here.",
    ({ daemon }) => daemon.tunWrittenBytes,
  ),
  plainMetric(
    "gauge",
    "bindlink_tun_mtu_bytes",
    "Largest packet in the tunnel.",
    ({ daemon }) => daemon.tunMtuBytes,
  ),
  {
    name: "bindlink_dropped_packets_total",
    help: "Packets that went no further, by reason.",
    type: "counter",
    labelNames: ["reason"],
    read: ({ daemon }, emit) => {
      // Zeros too: a rate over a series that begins at its first drop misses that drop.
      const known = DROP_REASON_LABELS.slice(1);
      for (const label of known) emit(daemon.drops.get(label) ?? 0, label);
      for (const [label, count] of daemon.drops) if (!known.includes(label)) emit(count, label);
    },
  },
  plainMetric(
    "gauge",
    "bindlink_uptime_seconds",
    "Time since the daemon started.",
    ({ daemon }) => daemon.uptimeSeconds,
  ),
  {
    name: "bindlink_build_info",
    help: "Always 1; what runs here is in the labels.",
    type: "gauge",
    labelNames: ["version", "role", "protocol", "tundev", "deno"],
    read: ({ daemon, process }, emit) => {
      const { version, role, protocol, tunName } = daemon;
      emit(1, version, role, protocol, tunName, process.runtimeVersion);
    },
  },
  plainMetric(
    "gauge",
    "process_resident_memory_bytes",
    "Resident memory of the process.",
    ({ process }) => process.residentBytes,
  ),
  plainMetric(
    "gauge",
    "bindlink_heap_used_bytes",
    "JavaScript heap in use.",
    ({ process }) => process.heapUsedBytes,
  ),
  plainMetric(
    "gauge",
    "process_open_fds",
    "Open file descriptors.",
    ({ process }) => process.openDescriptors,
  ),
];

/** Those that are counted by size; shown after the others. */
export const HISTOGRAMS: readonly HistogramDefinition[] = [
  {
    name: "bindlink_timer_delay_seconds",
    help:
      "How late a timer of 100 ms of the daemon's event loop fired; it runs while packets flow.",
    read: ({ daemon }) => daemon.timerDelay,
  },
];
