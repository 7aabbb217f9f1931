/**
 * What a running daemon says of itself over the control socket, and what `bindlink status --json` prints: docs/control.md
 * describes it for programs. Made out of the daemon's snapshot. Pure.
 *
 * Rates are bits per second of whole datagrams (links) or of packets in the tunnel (totals), from the difference of counters
 * over {@link StatusReport.rateSeconds}. What is not known is null.
 *
 * @module
 */

import type { BudgetSnapshot, DaemonSnapshot, LinkSnapshot } from "../snapshot.ts";
import type { RecentEvent } from "../recent_events.ts";
import type { CounterRates } from "./rate_meter.ts";

/** Changes when a program that reads reports would get a newer one wrong; fields are added without. */
export const STATUS_VERSION = 1;

/** One direction of something that is counted. */
export interface Flow {
  readonly packets: number;
  readonly bytes: number;
  readonly bps: number;
}

/** What the user says of a link. */
export interface LinkSettingsReport {
  readonly mode: string;
  readonly isMetered: boolean;
  /** Bits per second; null: no cap. A master knows `capDownBps` only. */
  readonly capUpBps: number | null;
  readonly capDownBps: number | null;
}

/** One link. */
export interface LinkReport {
  readonly id: number;
  readonly name: string;
  readonly kind: LinkSnapshot["kind"];
  /** The proxy, interface or target, as it was named; at a master, where the link comes from. */
  readonly address: string;
  /** Where its datagrams go now; empty while that is not known. */
  readonly remote: string;
  readonly transport: "udp" | "tcp";
  /** `up`, `probing`, `connecting`, `off`. */
  readonly state: LinkSnapshot["state"];
  /** What it does, in a word: see `bindlink_link_use`. */
  readonly doing: string;
  /** The same in words, with numbers. */
  readonly reason: string;
  readonly sent: Flow;
  readonly received: Flow;
  readonly roundTripMs: number | null;
  readonly jitterMs: number;
  /** Fraction of what this end sent, 0..1. */
  readonly lossFraction: number;
  /** Of the data that this end sends, 0..1. */
  readonly share: number;
  /** What it carries in this end's direction, as far as it is known. */
  readonly capacityBps: number | null;
  /** Milliseconds since anything came. */
  readonly silentMs: number | null;
  readonly settings: LinkSettingsReport;
  /** At a slave, of a link with a budget or a price. */
  readonly budget?: BudgetSnapshot;
}

/** A slave, as its master has it. */
export interface SlaveReport {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly isConnected: boolean;
  /** Inner bytes, over all runs. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly links: readonly LinkReport[];
}

/** The whole daemon. */
export interface StatusReport {
  readonly statusVersion: typeof STATUS_VERSION;
  readonly version: string;
  readonly role: "master" | "slave";
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly tun: { readonly name: string; readonly mtuBytes: number };
  /** A slave's, for links that say nothing themselves; null at a master. */
  readonly mode: string | null;
  /** What entered the tunnel here, and what came out of it. */
  readonly totals: { readonly sent: Flow; readonly received: Flow };
  /** Packets that were dropped, by reason; reasons without any are left out. */
  readonly drops: Readonly<Record<string, number>>;
  /** Over how long the rates were measured. */
  readonly rateSeconds: number;
  /** A slave's; a master's are with its slaves. */
  readonly links: readonly LinkReport[];
  readonly slaves: readonly SlaveReport[];
  /** The newest last. */
  readonly events: readonly RecentEvent[];
}

/** What stands in a report besides the snapshot. */
export interface ReportContext {
  readonly pid: number;
  readonly rates: CounterRates;
  readonly events: readonly RecentEvent[];
}

/** Makes a report. */
export function craftStatus(daemon: DaemonSnapshot, context: ReportContext): StatusReport {
  const { rates } = context;
  const bySlave = Map.groupBy(daemon.links, ({ slave }) => slave);
  const ofSlave = (name: string): readonly LinkReport[] =>
    (bySlave.get(name) ?? []).map((link) => craftLink(link, rates));
  return {
    statusVersion: STATUS_VERSION,
    version: daemon.version,
    role: daemon.role,
    pid: context.pid,
    uptimeSeconds: daemon.uptimeSeconds,
    tun: { name: daemon.tunName, mtuBytes: daemon.tunMtuBytes },
    mode: daemon.mode === "" ? null : daemon.mode,
    totals: {
      sent: {
        packets: daemon.tunReadPackets,
        bytes: daemon.tunReadBytes,
        bps: rates.totals.sentBps,
      },
      received: {
        packets: daemon.tunWrittenPackets,
        bytes: daemon.tunWrittenBytes,
        bps: rates.totals.receivedBps,
      },
    },
    drops: Object.fromEntries([...daemon.drops].filter(([, count]) => count > 0)),
    rateSeconds: rates.seconds,
    links: daemon.role === "slave" ? daemon.links.map((link) => craftLink(link, rates)) : [],
    slaves: daemon.slaves.map(({ linksUp: _, ...slave }) => ({
      ...slave,
      links: ofSlave(slave.name),
    })),
    events: context.events,
  };
}

function craftLink(link: LinkSnapshot, rates: CounterRates): LinkReport {
  const { sentBps, receivedBps } = rates.ofLink(link);
  return {
    id: link.id,
    name: link.name,
    kind: link.kind,
    address: link.address === "" ? link.remote : link.address,
    remote: link.remote,
    transport: link.transport,
    state: link.state,
    doing: link.doing,
    reason: link.reason,
    sent: { packets: link.sentPackets, bytes: link.sentBytes, bps: sentBps },
    received: { packets: link.receivedPackets, bytes: link.receivedBytes, bps: receivedBps },
    roundTripMs: link.roundTripMs < 0 ? null : link.roundTripMs,
    jitterMs: link.jitterMs,
    lossFraction: link.lossFraction,
    share: link.share,
    capacityBps: link.capacityBps > 0 ? link.capacityBps : null,
    silentMs: link.silentMs < 0 ? null : link.silentMs,
    settings: {
      mode: link.mode,
      isMetered: link.isMetered,
      capUpBps: capOrNull(link.capUpBps),
      capDownBps: capOrNull(link.capDownBps),
    },
    ...(link.budget === undefined ? {} : { budget: link.budget }),
  };
}

/** A cap as reports have it: none is null. */
export function capOrNull(capBps: number): number | null {
  return Number.isFinite(capBps) ? capBps : null;
}
