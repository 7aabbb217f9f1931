/**
 * Tells the senders of packets that are too large for the tunnel: an ICMP message back to where the packet came from.
 *
 * @module
 */

import { TokenBucket } from "../linkmap/token_bucket.ts";
import { craftTooBig } from "../wire/icmp_too_big.ts";
import { checkIpPacket } from "../wire/ip_packet.ts";
import { Packet } from "../wire/packet.ts";

/** RFC 4443 §2.4 (f) wants a limit; a sender needs one answer in ten minutes for each destination. */
const ANSWERS = { capacity: 20, perSecond: 20 };

/** Largest answer: the least MTU of IPv6. */
const ANSWER_BYTES = 1_280;

/** Answers about the packets of one peer. */
export class TooBigAnswers {
  readonly #reply: (answer: Packet) => number;
  readonly #bucket = new TokenBucket(ANSWERS);
  #answer: Packet | null = null;

  /** @param reply takes an answer, borrowed until return, to whom it is addressed */
  constructor(reply: (answer: Packet) => number) {
    this.#reply = reply;
  }

  /**
   * A packet is too large; borrowed until return.
   * @param mtuBytes what would not be
   * @returns whether its sender is told, or was told often enough. If not, it cannot be: it is no IP packet, may be fragmented, is itself an error, ...
   */
  handle(packet: Packet, mtuBytes: number, now: number): boolean {
    if (checkIpPacket(packet) < 0) return false;
    const answer = this.#answer ??= new Packet(ANSWER_BYTES);
    if (!craftTooBig(packet, mtuBytes, answer)) return false;
    if (this.#bucket.take(now)) this.#reply(answer);
    return true;
  }
}
