/**
 * What the daemon shows of itself: plain numbers, read when someone asks. The core counts into
 * plain fields; nothing here costs anything per packet.
 *
 * @module
 */

/**
 * State of a link, in the order of its life:
 * - `connecting`: being opened (name resolved, SOCKS5 association made), or waiting for a retry;
 * - `probing`: open, but nothing heard from the other end for 3 s (or yet): no data goes over it;
 * - `up`: heard within 3 s: carries data.
 */
export type LinkState = "connecting" | "probing" | "up";

/** One link now. Counters grow for the link's life; bytes are those of whole bindlink datagrams. */
export interface LinkSnapshot {
  readonly id: number;
  readonly name: string;
  /** At a master with sessions, the slave it belongs to; else empty. */
  readonly slave: string;
  /** What carries it: tcp where UDP does not get through. */
  readonly transport: "udp" | "tcp";
  readonly state: LinkState;
  /** In words, e.g. `Connection refused by 192.168.43.1:1080, retry in 4 s`; empty when up. */
  readonly reason: string;
  /** The other end as text, or empty while unknown. */
  readonly remote: string;
  readonly sentPackets: number;
  readonly sentBytes: number;
  readonly receivedPackets: number;
  readonly receivedBytes: number;
  /** What the peer says it received from us on this link, in bytes per second over its last 5 s. */
  readonly peerReceivedBytesPerSecond: number;
  /** What we received on this link, in bytes per second over the last 5 s. */
  readonly receivedBytesPerSecond: number;
  /** Share of the data packets that the scheduler gives this link now, 0..1. */
  readonly share: number;
  /** Milliseconds since anything valid came over the link; -1 when never. */
  readonly silentMs: number;
  /** How often the link was opened anew after a failure. */
  readonly reconnects: number;
  /** How often its other end was seen at a new address. */
  readonly moves: number;
}

/** A slave as its master sees it. Bytes are those of inner packets, over all runs. */
export interface SlaveSnapshot {
  readonly name: string;
  /** Inner addresses. */
  readonly addresses: readonly string[];
  /** Whether it has a session. */
  readonly isConnected: boolean;
  readonly linksUp: number;
  /** To the slave. */
  readonly sentBytes: number;
  /** From the slave. */
  readonly receivedBytes: number;
}

/** The whole daemon now. */
export interface DaemonSnapshot {
  readonly role: "master" | "slave";
  readonly protocol: "secure" | "legacy";
  /** At a master with sessions: its slaves, but for the revoked. */
  readonly slaves: readonly SlaveSnapshot[];
  readonly version: string;
  /** Links that exist now, by slave and id. */
  readonly links: readonly LinkSnapshot[];
  /** Packets and bytes read from the tundev (into the tunnel) and written to it. */
  readonly tunReadPackets: number;
  readonly tunReadBytes: number;
  readonly tunWrittenPackets: number;
  readonly tunWrittenBytes: number;
  /** Drops so far: label of the reason -> count. */
  readonly drops: ReadonlyMap<string, number>;
  readonly tunName: string;
  readonly tunMtuBytes: number;
  /** Seconds since start. */
  readonly uptimeSeconds: number;
}

/** Something that can be asked for a snapshot. */
export interface SnapshotSource {
  snapshot(): DaemonSnapshot;
}
