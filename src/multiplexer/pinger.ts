/**
 * Asks over each link whether the peer is there, and measures each link's own round trip and transit. Pure.
 *
 * @module
 */

import { toWireUs } from "../wire/data_header.ts";
import type { Packet } from "../wire/packet.ts";
import { Ping, PingFlag } from "../wire/ping.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";

/** How often while data may flow. */
export const ACTIVE_PING_MS = 1_000;

/**
 * While none does, a link is only kept open: 15 to 25 s, at random so that links do not take turns together. NATs forget after 30 s at
 * the soonest, RFC 8085 section 3.5 allows no more than one in 15 s, and a phone's radio falls asleep after about ten.
 */
export const IDLE_PING_MS = 15_000;
const IDLE_SPREAD_MS = 10_000;

/** A new link until it is known, a suspect one until it is up or down, one that is down at first and later. */
const GREETING_MS = 100;
const GREETINGS = 3;
const SUSPECT_MS = 50;
const DOWN_MS = 250;
const LONG_DOWN_MS = 1_000;
const LONG_DOWN_AFTER_MS = 30_000;

const US_PER_MS = 1_000;

/** Pings of one peer's links. */
export class Pinger {
  /** What our newest ping took, as the peer measured it: u32 µs. */
  echoedTransitUs = 0;
  /** When we had sent that ping: u32 µs. */
  echoedUs = 0;
  readonly #rng: () => number;
  readonly #ping = new Ping();
  readonly #heard = new Ping();

  /** @param rng uniform in [0, 1) */
  constructor(rng: () => number) {
    this.#rng = rng;
  }

  /** Writes a ping of the link, and notes when the next one is due. @param isIdle no data has come or gone for long */
  craft(link: MultiplexerLink, isIdle: boolean, out: Packet, now: number): void {
    const intervalMs = this.#intervalMs(link, isIdle, now);
    link.askIntervalMs = intervalMs;
    // Asked again soon, unless it is answered: one ping that is lost is not the peer's end.
    link.nextPingMs = now + Math.min(intervalMs, ACTIVE_PING_MS);
    this.#encode(link, PingFlag.WANTS_ANSWER, saidIntervalMs(link, intervalMs), out, now);
  }

  /** Writes the answer to a ping. */
  craftAnswer(link: MultiplexerLink, out: Packet, now: number): void {
    const leftMs = link.nextPingMs - now;
    // Due so soon, it may be put off by an answer that is on its way.
    const latestMs = leftMs > ACTIVE_PING_MS ? leftMs : link.askIntervalMs;
    this.#encode(link, 0, saidIntervalMs(link, latestMs), out, now);
  }

  /**
   * A ping came over the link. With HAS_ECHO, {@link Pinger.echoedTransitUs} is news.
   * @returns flags of {@link PingFlag}, or a DropReason.
   */
  handle(
    link: MultiplexerLink,
    message: Packet,
    now: number,
  ): number {
    const ping = this.#heard;
    const result = ping.decode(message);
    if (result < 0) return result;
    link.peerIntervalMs = ping.intervalMs;
    link.pingSentUs = ping.sentUs;
    link.pingReceivedMs = now;
    link.pingTransitUs = (toWireUs(now) - ping.sentUs) >>> 0;
    if ((ping.flags & PingFlag.HAS_ECHO) === 0) return ping.flags;
    const roundTripUs = (toWireUs(now) - ping.echoedUs - ping.heldUs) | 0;
    if (roundTripUs >= 0) this.#handleEcho(link, roundTripUs / US_PER_MS, ping, now);
    this.echoedTransitUs = ping.transitUs;
    this.echoedUs = ping.echoedUs;
    return ping.flags;
  }

  /** A suspect link whose peer answers what was asked since is as good as before. */
  #handleEcho(link: MultiplexerLink, roundTripMs: number, ping: Ping, now: number): void {
    link.echoes++;
    link.ownRoundTripMs = roundTripMs;
    // What the user wants of the link goes with a ping until it is heard.
    const isIdle = link.askIntervalMs > ACTIVE_PING_MS && link.isNoticeHeard;
    if (isIdle) link.nextPingMs = now + link.askIntervalMs;
    if (!link.rtt.hasSample || link.sent.inFlightPkts === 0) {
      link.rtt.handleSample(roundTripMs, now);
    }
    const echoedAgoMs = ((toWireUs(now) - ping.echoedUs) | 0) / US_PER_MS;
    if (link.isSuspect && now - echoedAgoMs >= link.suspectSinceMs) link.lastAckedMs = now;
  }

  #intervalMs(link: MultiplexerLink, isIdle: boolean, now: number): number {
    if (link.isSuspect && link.isAlive) return SUSPECT_MS;
    if (!link.isAlive) {
      const sinceMs = Math.max(link.lastHeardMs, link.openedMs);
      return now - sinceMs < LONG_DOWN_AFTER_MS ? DOWN_MS : LONG_DOWN_MS;
    }
    if (link.echoes < GREETINGS) return GREETING_MS;
    return isIdle ? IDLE_PING_MS + this.#rng() * IDLE_SPREAD_MS : ACTIVE_PING_MS;
  }

  #encode(
    link: MultiplexerLink,
    flags: number,
    intervalMs: number,
    out: Packet,
    now: number,
  ): void {
    const ping = this.#ping;
    const hasEcho = !Number.isNaN(link.pingSentUs);
    ping.flags = flags | (hasEcho ? PingFlag.HAS_ECHO : 0);
    ping.intervalMs = intervalMs;
    // Even: odd times are those of MTU probes.
    ping.sentUs = (toWireUs(now) & ~1) >>> 0;
    ping.echoedUs = hasEcho ? link.pingSentUs : 0;
    ping.heldUs = hasEcho ? toWireUs(now - link.pingReceivedMs) : 0;
    ping.transitUs = link.pingTransitUs;
    ping.encode(out);
  }
}

/** The end that opened the link keeps it open by its pings; the other one only says back what it was told. */
export function saidIntervalMs(link: MultiplexerLink, intervalMs: number): number {
  return link.port.isInitiator ? intervalMs : link.peerIntervalMs;
}
