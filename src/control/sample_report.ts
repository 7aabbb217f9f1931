/**
 * What is kept of a running slave's links for a recording (`samples`): counters and what the estimators have at one time, without
 * rates over a second, reasons or events. No addresses. Pure.
 *
 * @module
 */

import type { DaemonSnapshot, LinkMeasures, LinkSnapshot } from "../snapshot.ts";
import type { LinkSettingsReport } from "./status_report.ts";
import { capOrNull } from "./status_report.ts";

/** Changes when a program that reads samples would get a newer one wrong; fields are added without. */
export const SAMPLE_VERSION = 1;

/** One link. */
export interface LinkSample extends
  LinkMeasures,
  Pick<
    LinkSnapshot,
    | "id"
    | "kind"
    | "transport"
    | "state"
    | "sentPackets"
    | "sentBytes"
    | "lostPackets"
    | "queueMs"
    | "jitterMs"
  > {
  /** As the user named it; null: it is called after where it leads. */
  readonly name: string | null;
  /** Smoothed, feedback included; null: not known. */
  readonly roundTripMs: number | null;
  /** In this end's direction, bits per second. */
  readonly capacityBps: number;
  readonly settings: LinkSettingsReport;
}

/** The links at one time. */
export interface SampleReport {
  /** Monotonic ms of the daemon. */
  readonly atMs: number;
  readonly io: string;
  readonly tunMtuBytes: number;
  readonly mode: string;
  readonly links: readonly LinkSample[];
}

/** Makes a report. @param atMs monotonic ms */
export function craftSample(daemon: DaemonSnapshot, atMs: number): SampleReport {
  return {
    atMs,
    io: daemon.io ?? "",
    tunMtuBytes: daemon.tunMtuBytes,
    mode: daemon.mode,
    links: daemon.links.flatMap((link) => {
      const { measures } = link;
      return measures === undefined ? [] : [craftLink(link, measures)];
    }),
  };
}

function craftLink(link: LinkSnapshot, measures: LinkMeasures): LinkSample {
  const { id, kind, transport, state, sentPackets, sentBytes, lostPackets, queueMs, jitterMs } =
    link;
  return {
    ...{ id, kind, transport, state, sentPackets, sentBytes, lostPackets, queueMs, jitterMs },
    ...measures,
    name: isTelling(link) ? null : link.name,
    roundTripMs: link.roundTripMs < 0 ? null : link.roundTripMs,
    capacityBps: link.capacityBps,
    settings: {
      mode: link.mode,
      isMetered: link.isMetered,
      capUpBps: capOrNull(link.capUpBps),
      capDownBps: capOrNull(link.capDownBps),
    },
  };
}

/**
 * Whether a name may say where the link leads, or whose it is: it is that, or looks like an address, a host's name or a host with a
 * port; or it has a hardware address in it, as the names of many USB interfaces do (`enx8e1f02a4b3c5`).
 */
function isTelling({ name, kind, address }: LinkSnapshot): boolean {
  return (name === address && kind !== "interface") || /[.:@/\\[\]]|[0-9a-f]{12}/i.test(name);
}
