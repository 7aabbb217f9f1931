/**
 * The multiplexer's own messages: what is said about links, over links. Pure.
 *
 * @module
 */

import type { GivenUp } from "../wire/given_up.ts";
import { LinkNotice } from "../wire/link_notice.ts";
import { Packet } from "../wire/packet.ts";
import { PingFlag } from "../wire/ping.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";
import { craftLinkNotice } from "./noticed_settings.ts";
import { Pinger } from "./pinger.ts";
import type { Receiver } from "./receiver.ts";

/** The longest of them. */
const MESSAGE_BYTES = 1_400;

/** Writes and reads them; one at a time is in the making. */
export class LinkMessages {
  readonly #pinger: Pinger;
  readonly #notice = new LinkNotice();
  readonly #message = new Packet(MESSAGE_BYTES);

  /** @param rng uniform in [0, 1) */
  constructor(rng: () => number) {
    this.#pinger = new Pinger(rng);
  }

  /** What our newest ping took to get there, as the peer measured it: u32 µs. */
  get echoedTransitUs(): number {
    return this.#pinger.echoedTransitUs;
  }

  /** When that ping of ours was sent: u32 µs. */
  get echoedUs(): number {
    return this.#pinger.echoedUs;
  }

  /** Asks over a link, and says what the user wants of it until the peer has heard that. */
  sendPing(link: MultiplexerLink, isIdle: boolean, now: number): void {
    this.#pinger.craft(link, isIdle, this.#message, now);
    link.port.send(this.#message, now);
    if (link.port.isInitiator && !link.isNoticeHeard) this.sendNotice(link, now);
  }

  /** Takes a ping, and answers it when that is asked. @returns flags of {@link PingFlag}, or a DropReason. */
  handlePing(link: MultiplexerLink, message: Packet, now: number): number {
    const flags = this.#pinger.handle(link, message, now);
    if (flags >= 0 && (flags & PingFlag.WANTS_ANSWER) !== 0) {
      this.#pinger.craftAnswer(link, this.#message, now);
      link.port.send(this.#message, now);
    }
    return flags;
  }

  /** Says what the user wants of the link; at the master, that it was heard. */
  sendNotice(link: MultiplexerLink, now: number): void {
    craftLinkNotice(link, this.#notice);
    this.#notice.encode(this.#message);
    link.port.send(this.#message, now);
  }

  /** Reads a notice; it is valid until the next one is sent or read. Null: it is malformed. */
  takeNotice(message: Packet): LinkNotice | null {
    return this.#notice.decode(message) < 0 ? null : this.#notice;
  }

  /** Says what arrived, over up to two links. With none it is lost: the next one says it again. */
  sendFeedback(
    receiver: Receiver,
    first: MultiplexerLink | null,
    second: MultiplexerLink | null,
    now: number,
  ): void {
    receiver.craftFeedback(this.#message, now);
    first?.port.send(this.#message, now);
    second?.port.send(this.#message, now);
  }

  /** Says what will not be sent again, and empties the list. */
  sendGivenUp(list: GivenUp, link: MultiplexerLink | null, now: number): void {
    list.encode(this.#message);
    list.clear();
    link?.port.send(this.#message, now);
  }
}
