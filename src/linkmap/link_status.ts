/**
 * What is shown of a link: its own counters and what the multiplexer knows of it.
 *
 * @module
 */

import type { LegacyLink } from "../multiplexer/legacy_link.ts";
import { explainLink, stateNameOf } from "../multiplexer/link_reason.ts";
import type { MultiplexerLink } from "../multiplexer/multiplexer_link.ts";
import { TALLIER_WINDOW_MS } from "../multiplexer/tallier.ts";
import type { LinkMeasures, LinkSnapshot } from "../snapshot.ts";
import type { Link } from "./link.ts";

/** A link now. @param context.slave whose link it is, at a master; else empty. */
export function snapshotLink(
  link: Link,
  known: MultiplexerLink,
  { slave, now }: { readonly slave: string; readonly now: number },
): LinkSnapshot {
  const { settings } = known.port;
  return {
    ...snapshotSocket(link, known, now),
    reason: link.socket === null ? link.reason : explainLink(known, now),
    slave,
    peerReceivedBytesPerSecond: deliveredBytesPerSecond(known, now),
    receivedBytesPerSecond: known.receivedBytesPerSecond(now),
    share: known.share,
    capacityBps: known.capacity.capacityBps,
    roundTripMs: known.rtt.hasSample ? known.rtt.srttMs : -1,
    queueMs: finiteOr(known.delay.queueMs, 0),
    jitterMs: finiteOr(known.delay.jitterMs, 0),
    lossFraction: finiteOr(known.loss.longFraction, 0),
    doing: stateNameOf(known, now),
    mode: settings.mode,
    isMetered: settings.isMetered,
    capUpBps: settings.capUpBps,
    capDownBps: settings.capDownBps,
    resentPackets: known.resentPkts,
    lostPackets: known.lostPkts,
    measures: measuresOf(known, now),
  };
}

/** What is measured of a link, as it is. */
export function measuresOf(
  { capacity, rate, received, ownRoundTripMs }: MultiplexerLink,
  now: number,
): LinkMeasures {
  return {
    ownRoundTripMs,
    deliveredBps: capacity.deliveredBps,
    isCapacityKnown: capacity.isKnown,
    hasQueue: rate.isBusy,
    peerSentPackets: received.newestSeqNo + 1,
    arrivedPackets: received.receivedPkts,
    arrivedBytes: received.receivedBytes,
    arrivedTransitUs: received.minTransitUs(now),
  };
}

/** A link of the legacy protocol now, which measures little. */
export function snapshotLegacyLink(link: Link, known: LegacyLink, now: number): LinkSnapshot {
  return {
    ...snapshotSocket(link, known, now),
    slave: "",
    peerReceivedBytesPerSecond: known.linkRateBytesPerSecond,
    receivedBytesPerSecond: known.receivedBytesPerSecond(now),
    share: known.share,
    capacityBps: -1,
    roundTripMs: -1,
    queueMs: 0,
    jitterMs: 0,
    lossFraction: 0,
    doing: "",
    mode: "speed",
    isMetered: false,
    capUpBps: Number.POSITIVE_INFINITY,
    capDownBps: Number.POSITIVE_INFINITY,
    resentPackets: 0,
    lostPackets: 0,
  };
}

/** What stands in every snapshot and is the socket's, or the link's own. */
type SocketSnapshot = Pick<
  LinkSnapshot,
  | "id"
  | "name"
  | "transport"
  | "state"
  | "reason"
  | "kind"
  | "address"
  | "remote"
  | "sentPackets"
  | "sentBytes"
  | "receivedPackets"
  | "receivedBytes"
  | "silentMs"
  | "reconnects"
  | "moves"
>;

function snapshotSocket(
  link: Link,
  { isAlive, lastHeardMs }: { readonly isAlive: boolean; readonly lastHeardMs: number },
  now: number,
): SocketSnapshot {
  const isOpen = link.socket !== null;
  return {
    id: link.id,
    name: link.name,
    transport: link.transport,
    state: link.isOff ? "off" : !isOpen ? "connecting" : isAlive ? "up" : "probing",
    kind: link.way.kind,
    address: link.way.address,
    reason: !isOpen ? link.reason : isAlive ? "" : "waiting to hear from the other end",
    remote: link.remote,
    sentPackets: link.sentPackets,
    sentBytes: link.sentBytes,
    receivedPackets: link.receivedPackets,
    receivedBytes: link.receivedBytes,
    silentMs: lastHeardMs < 0 ? -1 : now - lastHeardMs,
    reconnects: link.reconnects,
    moves: link.moves,
  };
}

/** What of the last 5 s arrived, as far as the peer has said: nothing has when it acknowledged nothing in that time. */
function deliveredBytesPerSecond(link: MultiplexerLink, now: number): number {
  if (!(now - link.lastAckedMs < TALLIER_WINDOW_MS)) return 0;
  return link.sentBytesPerSecond(now) * (1 - finiteOr(link.loss.longFraction, 0));
}

function finiteOr(value: number, otherwise: number): number {
  return Number.isFinite(value) ? value : otherwise;
}
