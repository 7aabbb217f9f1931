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
 * - `up`: heard within 3 s: carries data;
 * - `off`: switched off by `bindlink link down`.
 */
export type LinkState = "connecting" | "probing" | "up" | "off";

/** One link now. Counters grow for the link's life; bytes are those of whole bindlink datagrams. */
export interface LinkSnapshot {
  readonly id: number;
  readonly name: string;
  /** At a master with sessions, the slave it belongs to; else empty. */
  readonly slave: string;
  /** What carries it: tcp where UDP does not get through. */
  readonly transport: "udp" | "tcp";
  readonly state: LinkState;
  /**
   * In words, also when up: `Connection refused by 192.168.43.1:1080, retry in 4 s`, `carrying 18.2 Mbit/s`. The legacy
   * protocol says nothing of a link that is up.
   */
  readonly reason: string;
  /** How it goes: by a proxy, straight, by a network interface; or a master learned it. */
  readonly kind: "proxy" | "direct" | "interface" | "learned";
  /** The proxy, the interface, or the target, as the user named it; empty of a learned one. */
  readonly address: string;
  /** The other end as text, or empty while unknown. */
  readonly remote: string;
  readonly sentPackets: number;
  readonly sentBytes: number;
  readonly receivedPackets: number;
  readonly receivedBytes: number;
  /** What the peer received from us on this link as far as it said so, in bytes per second over the last 5 s. */
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
  /** What the link carries in our direction, as far as it is known, bits per second; -1 with the legacy protocol. */
  readonly capacityBps: number;
  /** Over the link, feedback included; -1: not known. */
  readonly roundTripMs: number;
  /** How long packets of ours stand in the link's own buffers. */
  readonly queueMs: number;
  /** How much what they take goes up and down besides. */
  readonly jitterMs: number;
  /** Fraction of our packets lost over the last seconds, 0..1. */
  readonly lossFraction: number;
  /** What it does now, or why it does nothing; empty with the legacy protocol. */
  readonly doing: LinkDoing | "";
  /** What the user said of it. */
  readonly mode: string;
  readonly isMetered: boolean;
  /** The user's caps, bits per second; Infinity: none, or not known at this end. */
  readonly capUpBps: number;
  readonly capDownBps: number;
  /** At a slave, of a link with a budget or a price. */
  readonly budget?: BudgetSnapshot;
  /** Packets sent over it that were sent before, and packets sent over it that were lost. */
  readonly resentPackets: number;
  readonly lostPackets: number;
  /** For recordings; not there with the legacy protocol. */
  readonly measures?: LinkMeasures;
}

/** What is measured of a link, as it is: for those who look many times a second. Counters, but for a peer that began anew, only grow. */
export interface LinkMeasures {
  /** Round trip of the last ping over this very link, ms; 0: none yet. */
  readonly ownRoundTripMs: number;
  /** Rate that the peer says arrived lately, bits per second of IP; 0: not known. */
  readonly deliveredBps: number;
  /** Whether the capacity was ever reached: before, it is what was tried so far. */
  readonly isCapacityKnown: boolean;
  /** Whether what we send waits for the link now, so that what arrives is what it carries. */
  readonly hasQueue: boolean;
  /** Messages of the peer so far, and those of them that arrived; bytes of IP of these. */
  readonly peerSentPackets: number;
  readonly arrivedPackets: number;
  readonly arrivedBytes: number;
  /** Least time of the last 25 to 50 ms from the peer to here, as u32 µs with an offset that nobody knows. */
  readonly arrivedTransitUs: number;
}

/** Where a link stands with its budget. Days are local ones, `YYYY-MM-DD`. */
export interface BudgetSnapshot {
  /** Since the last reset, both ways together, with IP and UDP or TCP headers. */
  readonly usedBytes: number;
  /** Null: no budget. */
  readonly limitBytes: number | null;
  /** Of what was used, in the price's currency; null: no price. */
  readonly cost: number | null;
  readonly pricePerGb: number | null;
  readonly startsOn: string;
  readonly resetsOn: string;
  /** If it goes on like this; null: it lasts until the reset, or there is no budget. */
  readonly runsOutOn: string | null;
  /** Used up: what follows is in the next field. */
  readonly isSpent: boolean;
  /** Then it is off; else it is used while no other link is up. */
  readonly isHard: boolean;
}

/** All that a link can be doing: those of the multiplexer, which names them; `silent` is also one that is not open. */
export const LINK_DOINGS = [
  "carrying",
  "spare",
  "late",
  "little",
  "lossy",
  "backup",
  "costly",
  "leaving",
  "spent",
  "idle",
  "capped",
  "suspect",
  "silent",
] as const;

/** One of {@link LINK_DOINGS}. */
export type LinkDoing = typeof LINK_DOINGS[number];

/**
 * How packets are queued, sent again and put in order: of all peers together, zeros with the legacy protocol. All but what is
 * queued and held now are counters.
 */
export interface BondingSnapshot {
  /** What waits for a link now. */
  readonly queuedPackets: number;
  readonly queuedBytes: number;
  /** Packets marked (ECN) or dropped to tell their senders to send less, and dropped because the queue was full. */
  readonly markedPackets: number;
  readonly codelDroppedPackets: number;
  readonly overflowDroppedPackets: number;
  /** Sent again; sent twice at once; given up. */
  readonly resentPackets: number;
  readonly copiedPackets: number;
  readonly givenUpPackets: number;
  /** ACKs not sent since a later one said the same. */
  readonly filteredAcks: number;
  /** Bytes that wait for earlier packets now, and packets that had to. */
  readonly heldBytes: number;
  readonly heldPackets: number;
  /** Came when nobody waited any more; came twice. */
  readonly latePackets: number;
  readonly duplicatePackets: number;
  /** Packets that were waited for in vain. */
  readonly gapTimeouts: number;
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

/** How late something was, each time: counted by how late. */
export interface DelayHistogram {
  /** Upper bounds, rising. */
  readonly boundsSeconds: readonly number[];
  /** How often it was later than the bound before, and not than this one; the last: later than all bounds. */
  readonly counts: readonly number[];
  /** All of them together. */
  readonly sumSeconds: number;
}

/** The whole daemon now. */
export interface DaemonSnapshot {
  readonly role: "master" | "slave";
  readonly protocol: "secure" | "legacy";
  /** At a master with sessions: its slaves, but for the revoked. */
  readonly slaves: readonly SlaveSnapshot[];
  readonly version: string;
  /** What `--mode` says now, at a slave with sessions; else empty. */
  readonly mode: string;
  /** Links that exist now, by slave and id. */
  readonly links: readonly LinkSnapshot[];
  readonly bonding: BondingSnapshot;
  /** Packets and bytes read from the tundev (into the tunnel) and written to it. */
  readonly tunReadPackets: number;
  readonly tunReadBytes: number;
  readonly tunWrittenPackets: number;
  readonly tunWrittenBytes: number;
  /** Drops so far: label of the reason -> count. */
  readonly drops: ReadonlyMap<string, number>;
  /** How late the event loop's own timers fired while packets flowed. */
  readonly timerDelay: DelayHistogram;
  /** What moves the packets: `ffi` or `deno`. */
  readonly io?: string;
  readonly tunName: string;
  readonly tunMtuBytes: number;
  /** Seconds since start. */
  readonly uptimeSeconds: number;
}

/** Something that can be asked for a snapshot. */
export interface SnapshotSource {
  snapshot(): DaemonSnapshot;
}
