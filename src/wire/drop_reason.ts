/**
 * Why a packet went no further. Network bytes never throw: a parser or a sender returns one of
 * these negative numbers and the caller counts it (metric `bindlink_dropped_packets_total`).
 *
 * @module
 */

/** Negative result codes; zero and above mean success. */
export const DropReason = {
  /** Shorter than the header it must have. */
  TRUNCATED: -1,
  /** Does not begin with the bytes 'B' 'L'. */
  BAD_MAGIC: -2,
  /** A type byte that this protocol does not know. */
  UNKNOWN_TYPE: -3,
  /** Link id 0. */
  BAD_LINK_ID: -4,
  /** A datagram that names another link than the one it came over. */
  LINK_ID_MISMATCH: -5,
  /** From an address that is not this link's other end. */
  WRONG_SOURCE: -6,
  /** A control packet that does not decode. */
  BAD_CONTROL: -7,
  /** A control packet that repeats a sequence number or goes back. */
  STALE_CONTROL: -8,
  /** A payload that is not an IPv4 or IPv6 packet. */
  NOT_IP: -9,
  /** An empty packet. */
  EMPTY: -10,
  /** Larger than the tun's MTU or than a datagram can carry. */
  TOO_LARGE: -11,
  /** No live link to send over. */
  NO_LINK: -12,
  /** The socket's send queue is full. */
  SEND_QUEUE_FULL: -13,
  /** The system refused to send (network unreachable, permission, ...). */
  SEND_ERROR: -14,
  /** The link or the tundev is not open now. */
  CLOSED: -15,
  /** The tun did not take the packet (queue full, device down). */
  TUN_WRITE_ERROR: -16,
  /** A SOCKS5 UDP header that is malformed. */
  BAD_SOCKS_HEADER: -17,
  /** A SOCKS5 UDP datagram that is a fragment (FRAG is not 0). */
  SOCKS_FRAGMENT: -18,
  /** A master learns only so many links in a short time. */
  TOO_MANY_LINKS: -19,
  /** A payload that is not a packet of the TCP stand-in: the other end has a tun. */
  NOT_STREAM: -20,
  /** A packet of the TCP stand-in that does not decode or breaks its limits. */
  BAD_STREAM: -21,
  /** A packet of a session of the TCP stand-in that is over: one end was restarted. */
  STALE_STREAM: -22,
  /** A datagram of a protocol that this end does not speak: legacy ones where sessions are secure, or the other way round. */
  WRONG_PROTOCOL: -23,
  /** A transport packet of no session that is known here (any more), or nothing to seal with. */
  NO_SESSION: -24,
  /** A transport packet that does not authenticate. */
  NOT_AUTHENTIC: -25,
  /** A transport packet whose sequence number was seen on its link, or is too old. */
  REPLAYED: -26,
  /** A handshake datagram of a wrong length or layout. */
  BAD_HANDSHAKE: -27,
  /** A handshake datagram without the right mac1: its sender does not know our public key. */
  BAD_MAC: -28,
  /** A handshake that does not decrypt, or whose key is unknown. */
  UNKNOWN_KEY: -29,
  /** A handshake that repeats a stamp or goes back: a replay, or a clock that did. */
  STALE_HANDSHAKE: -30,
  /** A handshake beyond what is worked on in a second. */
  HANDSHAKE_FLOOD: -31,
  /** An answer to a handshake that is not under way (any more). */
  UNEXPECTED_RESPONSE: -32,
  /** A cookie reply that does not authenticate. */
  BAD_COOKIE: -33,
  /** An authenticated message of an unknown kind: the other end is newer. */
  UNKNOWN_KIND: -34,
  /** A slave's packet whose inner source is not its own address. */
  WRONG_INNER_SOURCE: -35,
  /** A packet to an inner address that no slave has. */
  NO_ROUTE: -36,
  /** A packet from one slave to another, which is not allowed. */
  SLAVE_TO_SLAVE: -37,
  /** A TCP connection whose bytes are not our frames: something else, or out of step. */
  BAD_FRAMING: -38,
  /**
   * A copy of a handshake datagram that was taken already: the other links' copies, or somebody who repeats it. An
   * initiation's is answered by the same response again; nothing changes.
   */
  HANDSHAKE_COPY: -39,
  /** An initiation under load, answered by a cookie reply only: its sender has to prove its address first. */
  COOKIE_ASKED: -40,
  /** An initiation answered by a refusal: its stamp is an old one (a replay, or a clock that went back), its key revoked, ... */
  HANDSHAKE_REFUSED: -41,
  /** A data packet that came before, over this link or another: sent again though it had only been late. */
  DUPLICATE: -42,
  /** A datagram to an address that is not listened on: everybody's (broadcast), or the tun's own. */
  NOT_LISTENED: -43,
} as const;

/** One of {@link DropReason}'s values. */
export type DropReason = typeof DropReason[keyof typeof DropReason];

/** Metric label of each reason, indexed by the negated value; index 0 is unused. */
export const DROP_REASON_LABELS: readonly string[] = (() => {
  const labels: string[] = ["none"];
  for (const [name, value] of Object.entries(DropReason)) labels[-value] = name.toLowerCase();
  return labels;
})();

/**
 * Counts drops by reason, in one dense array: nothing is allocated per packet.
 *
 * @example
 * ```ts
 * import { DropCounters, DropReason } from "./drop_reason.ts";
 *
 * const drops = new DropCounters();
 * drops.count(DropReason.TRUNCATED);
 * if (drops.get(DropReason.TRUNCATED) !== 1) throw new Error("not counted");
 * ```
 */
export class DropCounters {
  readonly #counts = new Float64Array(DROP_REASON_LABELS.length);

  /** Hot. Adds packets to a reason and returns it, so that a caller can `return drops.count(reason)`. */
  count(reason: DropReason, pkts = 1): DropReason {
    this.#counts[-reason]! += pkts;
    return reason;
  }

  /** Drops so far for one reason. */
  get(reason: DropReason): number {
    return this.#counts[-reason]!;
  }

  /** Drops so far for all reasons. */
  total(): number {
    return this.#counts.reduce((sum, n) => sum + n, 0);
  }

  /** Reasons that occurred, with their counts. */
  *entries(): IterableIterator<[label: string, count: number]> {
    for (let i = 1; i < this.#counts.length; i++) {
      if (this.#counts[i]! > 0) yield [DROP_REASON_LABELS[i]!, this.#counts[i]!];
    }
  }
}
