/**
 * The metrics of bonding: what each link is good for, and how packets wait, are sent again and put in order. Pure. Part of
 * the catalog.
 *
 * @module
 */

import { type BondingSnapshot, LINK_DOINGS, type LinkSnapshot } from "../snapshot.ts";
import { labelsOf, LINK_LABELS, linkMetric, type MetricDefinition, plainMetric } from "./metric.ts";

const MS_PER_S = 1_000;

/** What is measured of links, and counted of packets. The legacy protocol measures nothing: its links are left out, its counts 0. */
export const BONDING_METRICS: readonly MetricDefinition[] = [
  measured(
    "capacity_bits_per_second",
    "What the link carries in our direction, as far as it is known.",
    (l) => l.capacityBps,
  ),
  measured(
    "round_trip_seconds",
    "Smoothed round trip, feedback included.",
    (l) => l.roundTripMs < 0 ? -1 : l.roundTripMs / MS_PER_S,
  ),
  measured(
    "queue_delay_seconds",
    "How long packets of ours stand in the link's own buffers.",
    (l) => l.queueMs / MS_PER_S,
  ),
  measured(
    "jitter_seconds",
    "How much the time on the link goes up and down besides.",
    (l) => l.jitterMs / MS_PER_S,
  ),
  measured(
    "loss_ratio",
    "Share of our packets that the link lost lately, 0 to 1.",
    (l) => l.lossFraction,
  ),
  linkMetric(
    "gauge",
    "suspect",
    "1 when the link is up but stopped acknowledging: it gets nothing new.",
    (l) => l.doing === "suspect" ? 1 : 0,
  ),
  linkMetric(
    "gauge",
    "metered",
    "1 when the user said that the link's traffic costs money.",
    (l) => l.isMetered ? 1 : 0,
  ),
  linkMetric(
    "counter",
    "resent_packets_total",
    "Packets sent over the link that had been sent before.",
    (l) => l.resentPackets,
  ),
  linkMetric(
    "counter",
    "lost_packets_total",
    "Packets sent over the link that did not arrive.",
    (l) => l.lostPackets,
  ),
  {
    name: "bindlink_link_use",
    help: "1 for what the link does now, 0 for all else.",
    type: "gauge",
    labelNames: [...LINK_LABELS, "use"],
    read: ({ daemon }, emit) => {
      for (const link of daemon.links) {
        if (link.doing === "") continue;
        for (const use of LINK_DOINGS) emit(link.doing === use ? 1 : 0, ...labelsOf(link), use);
      }
    },
  },
  {
    name: "bindlink_link_mode",
    help: "Always 1; how the user wants the link used is in the label.",
    type: "gauge",
    labelNames: [...LINK_LABELS, "mode"],
    read: ({ daemon }, emit) => {
      for (const link of daemon.links) emit(1, ...labelsOf(link), link.mode);
    },
  },
  counted("gauge", "queue_packets", "Packets that wait for a link.", (b) => b.queuedPackets),
  counted("gauge", "queue_bytes", "Bytes that wait for a link.", (b) => b.queuedBytes),
  counted(
    "counter",
    "queue_marked_packets_total",
    "Packets marked (ECN) so that their senders slow down.",
    (b) => b.markedPackets,
  ),
  {
    name: "bindlink_queue_dropped_packets_total",
    help:
      "Packets dropped from the queue: codel, so that their senders slow down; overflow, because it was full.",
    type: "counter",
    labelNames: ["reason"],
    read: ({ daemon: { bonding } }, emit) => {
      emit(bonding.codelDroppedPackets, "codel");
      emit(bonding.overflowDroppedPackets, "overflow");
    },
  },
  counted("counter", "resent_packets_total", "Packets sent again.", (b) => b.resentPackets),
  counted(
    "counter",
    "copied_packets_total",
    "Packets sent over two links at once.",
    (b) => b.copiedPackets,
  ),
  counted(
    "counter",
    "given_up_packets_total",
    "Packets that were lost and not sent again.",
    (b) => b.givenUpPackets,
  ),
  counted(
    "counter",
    "filtered_acks_total",
    "TCP acknowledgements not sent, since a later one said the same.",
    (b) => b.filteredAcks,
  ),
  counted(
    "gauge",
    "reorder_held_bytes",
    "Bytes that wait for packets before them.",
    (b) => b.heldBytes,
  ),
  counted(
    "counter",
    "reorder_held_packets_total",
    "Packets that came before their turn and waited.",
    (b) => b.heldPackets,
  ),
  counted(
    "counter",
    "reorder_late_packets_total",
    "Packets that came when nobody waited for them any more; passed on all the same.",
    (b) => b.latePackets,
  ),
  counted(
    "counter",
    "reorder_duplicate_packets_total",
    "Packets that came twice and were dropped.",
    (b) => b.duplicatePackets,
  ),
  counted(
    "counter",
    "reorder_timeouts_total",
    "Packets that were waited for in vain.",
    (b) => b.gapTimeouts,
  ),
];

/** A measure of each link; left out where it is not known, which is below 0. */
function measured(
  name: string,
  help: string,
  value: (link: LinkSnapshot) => number,
): MetricDefinition {
  return {
    name: `bindlink_link_${name}`,
    help: `${help} Absent when not known.`,
    type: "gauge",
    labelNames: LINK_LABELS,
    read: ({ daemon }, emit) => {
      for (const link of daemon.links) {
        const number = value(link);
        if (link.doing !== "" && number >= 0) emit(number, ...labelsOf(link));
      }
    },
  };
}

function counted(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: (bonding: BondingSnapshot) => number,
): MetricDefinition {
  return plainMetric(type, `bindlink_${name}`, help, ({ daemon }) => value(daemon.bonding));
}
