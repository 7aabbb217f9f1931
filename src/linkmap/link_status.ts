/**
 * What is shown of a link: its own counters and what the multiplexer knows of it.
 *
 * @module
 */

import type { MultiplexerLink } from "../multiplexer/multiplexer_link.ts";
import type { LinkSnapshot } from "../snapshot.ts";
import type { Link } from "./link.ts";

/** A link now. @param context.slave whose link it is, at a master; else empty. */
export function snapshotLink(
  link: Link,
  known: MultiplexerLink,
  { slave, now }: { readonly slave: string; readonly now: number },
): LinkSnapshot {
  const isOpen = link.socket !== null;
  return {
    id: link.id,
    name: link.name,
    slave,
    transport: link.transport,
    state: !isOpen ? "connecting" : known.isAlive ? "up" : "probing",
    reason: !isOpen ? link.reason : known.isAlive ? "" : "waiting to hear from the other end",
    remote: link.remote,
    sentPackets: link.sentPackets,
    sentBytes: link.sentBytes,
    receivedPackets: link.receivedPackets,
    receivedBytes: link.receivedBytes,
    peerReceivedBytesPerSecond: known.linkRateBytesPerSecond,
    receivedBytesPerSecond: known.receivedBytesPerSecond(now),
    share: known.share,
    silentMs: known.lastHeardMs < 0 ? -1 : now - known.lastHeardMs,
    reconnects: link.reconnects,
    moves: link.moves,
  };
}
