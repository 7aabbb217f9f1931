/**
 * The slave's side of handshakes, as a state machine: when an initiation is sent over which link, what an answer makes of it, when a new
 * handshake is due. Pure.
 *
 * ```
 *            start             welcome
 *   IDLE ------------> SEEKING --------> SETTLED
 *                        |   ^             |
 *      replaced, stop()  |   |             | silence, rekey, closing, session too old
 *   AWAY <---------------+   +-------------+
 * ```
 *
 * In SEEKING an attempt runs, or waits for its time or for a link; the session in use, if any, is used meanwhile.
 *
 * @module
 */

import { CookieChecker } from "./cookie.ts";
import type { HandshakeAttempt } from "./handshake_attempt.ts";
import { readCookieReceiver, readResponse } from "./handshake_message.ts";
import {
  decodeAnswer,
  MIN_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type Refusal,
  RefusalCode,
  type Welcome,
} from "./handshake_payload.ts";
import { HandshakeNeed } from "./handshake_need.ts";
import { InitiationMaker } from "./initiation_maker.ts";
import { InitiationSender } from "./initiation_sender.ts";
import type { InitiatorOptions } from "./initiator_options.ts";
import type { NoiseKeys } from "./noise.ts";
import { Session } from "./session.ts";
import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";

/** How long an attempt lasts before a fresh one takes its place, in ms. */
const ATTEMPT_MS = 5_000;

/** The same after a refusal that only a person can change (revoked, versions, ciphers), in ms. */
const REFUSED_ATTEMPT_MS = 60_000;

/** Both are spread over ± this fraction: slaves that lost a master together do not come back together. */
const JITTER_FRACTION = 0.2;

/** Attempts that begin at once for a reason that may repeat (stale stamp, closing) keep this distance, in ms. */
const AT_ONCE_MS = 1_000;

type State = "idle" | "seeking" | "settled" | "away";

/** The slave's handshakes. */
export class Initiator {
  readonly #options: InitiatorOptions;
  readonly #maker: InitiationMaker;
  readonly #need: HandshakeNeed;
  readonly #checker: CookieChecker;
  readonly #sender: InitiationSender;
  #state: State = "idle";
  /** In SEEKING: the initiation that may be answered. */
  #attempt: HandshakeAttempt | null = null;
  /** In SEEKING: when the attempt goes on or a fresh one begins; Infinity while no link is open. */
  #dueMs = Infinity;
  /** Index of the attempt whose answer was taken last; -1: none. */
  #answeredIndex = -1;
  #atOnceMs = -Infinity;
  /** Code of the refusal in force; 0: none. */
  #refusalCode = 0;

  constructor(options: InitiatorOptions) {
    this.#options = options;
    this.#maker = new InitiationMaker(options);
    this.#sender = new InitiationSender(options);
    this.#need = new HandshakeNeed(options);
    this.#checker = new CookieChecker(options.localStatic.publicKey, options.randomBytes);
  }

  /** Begins a handshake now, unless one runs or the master has sent us away for good. */
  start(now: number): void {
    if (this.#state === "away" || this.#attempt !== null) return;
    this.#seekAt(now, now);
  }

  /** A link is open (again): a running handshake is also tried over it at once. */
  handleLinkOpen(linkId: number, now: number): void {
    if (this.#state !== "seeking") return;
    const attempt = this.#attempt;
    if (attempt !== null && now < attempt.endMs) {
      this.#sender.sendOver(attempt, linkId, now);
      if (this.#dueMs === Infinity) this.#dueMs = attempt.nextDueMs(now);
    } else if (attempt !== null || this.#dueMs === Infinity) {
      this.#beginAttempt(now);
    }
  }

  /** Hot. Any packet was authenticated: the master is there. */
  handleHeard(): void {
    this.#need.handleHeard();
  }

  /** Hot. Something was sent, over a link that may carry it, that the master answers if it is there. */
  handleAsked(now: number): void {
    this.#need.handleAsked(now);
  }

  /** A response ('R'), whole datagram. @returns 0, or a DropReason. A copy of an answer that was taken is a HANDSHAKE_COPY. */
  handleResponse(packet: Packet, now: number): number {
    const fields = readResponse(packet);
    if (fields === null) return DropReason.BAD_HANDSHAKE;
    const attempt = this.#attempt;
    const isAnswer = attempt !== null && fields.receiverIndex === attempt.localIndex;
    const isCopy = fields.receiverIndex === this.#answeredIndex;
    if (!isAnswer && !isCopy) return DropReason.UNEXPECTED_RESPONSE;
    if (!this.#checker.hasGoodMac1(packet)) return DropReason.BAD_MAC;
    if (attempt === null || !isAnswer) return DropReason.HANDSHAKE_COPY;
    const read = attempt.readResponse(fields.noiseMessage);
    if (read === null) return DropReason.UNKNOWN_KEY;
    this.#attempt = null;
    this.#dueMs = attempt.endMs;
    this.#answeredIndex = attempt.localIndex;
    const answer = decodeAnswer(read.payload);
    if (answer?.kind === "refusal") {
      wipeKeys(read.keys);
      this.#handleRefusal(answer, now);
      return 0;
    }
    // The master's own key says this, so it is no stranger's: a master of a version that breaks the rules. The next
    // attempt comes when this one would have ended.
    if (answer === null || !this.#isAcceptable(answer)) {
      wipeKeys(read.keys);
      return DropReason.BAD_HANDSHAKE;
    }
    this.#handleWelcome(answer, attempt, read.keys, now);
    return 0;
  }

  /** A cookie reply ('K'), whole datagram: a good one is used at once, over this link. @returns 0, or a DropReason. */
  handleCookieReply(linkId: number, packet: Packet, now: number): number {
    const receiverIndex = readCookieReceiver(packet);
    if (receiverIndex === null) return DropReason.BAD_HANDSHAKE;
    const attempt = this.#attempt;
    if (receiverIndex !== attempt?.localIndex) return DropReason.UNEXPECTED_RESPONSE;
    const isGood = this.#sender.takeCookie(attempt, linkId, packet, now);
    return isGood ? 0 : DropReason.BAD_COOKIE;
  }

  /**
   * The master has closed the session in use: begin anew at once. All sessions are dropped, so that the copies of the
   * notice, which come over every link, close nothing more.
   */
  handleClosing(now: number): void {
    this.#options.keyring.clear();
    if (this.#state === "settled") this.#seekAtOnce(now);
  }

  /**
   * This machine has slept, or is in another network: the session in use may be over at the master, so a new one is sought at once.
   * An attempt of before is not waited for.
   */
  handleWake(now: number): void {
    if (this.#state === "settled" || this.#state === "seeking") this.#seekAt(now, now);
  }

  /** Stays away from now on: replaced or revoked, as an authenticated notice says. The sessions are the caller's matter. */
  stop(): void {
    this.#state = "away";
    this.#dropAttempt();
  }

  /** Does what is due; also asks whether the packets sent make a rekey due, so it is called now and then while packets go. */
  handleTimeout(now: number): void {
    this.#options.keyring.handleTimeout(now);
    if (this.#state === "settled") {
      if (this.#need.isThere(now)) this.#seekAt(now, now);
    } else if (this.#state === "seeking" && now >= this.#dueMs) {
      this.#goOn(now);
    }
  }

  /** Monotonic ms of when {@link Initiator.handleTimeout} is to be called; Infinity: an input comes first. */
  nextTimeout(): number {
    const keyringMs = this.#options.keyring.nextTimeout();
    if (this.#state === "seeking") return Math.min(keyringMs, this.#dueMs);
    if (this.#state !== "settled") return keyringMs;
    return Math.min(keyringMs, this.#need.nextTimeout());
  }

  #seekAtOnce(now: number): void {
    this.#atOnceMs = Math.max(now, this.#atOnceMs + AT_ONCE_MS);
    this.#seekAt(this.#atOnceMs, now);
  }

  #seekAt(beginMs: number, now: number): void {
    this.#state = "seeking";
    if (beginMs <= now) return this.#beginAttempt(now);
    this.#dropAttempt();
    this.#dueMs = beginMs;
  }

  /** The next round of the attempt, or the next attempt; or none, if what it was for has mended itself. */
  #goOn(now: number): void {
    const attempt = this.#attempt;
    if (attempt !== null && now < attempt.endMs) return this.#sendRound(attempt, now);
    if (this.#need.isThere(now)) return this.#beginAttempt(now);
    this.#dropAttempt();
    this.#state = "settled";
  }

  #beginAttempt(now: number): void {
    this.#dropAttempt();
    this.#dueMs = Infinity;
    if (!this.#sender.hasOpenLink()) return;
    const lastsMs = this.#refusalCode === 0 ? ATTEMPT_MS : REFUSED_ATTEMPT_MS;
    this.#attempt = this.#maker.make(now, now + this.#jitter(lastsMs));
    this.#sendRound(this.#attempt, now);
  }

  /** Over all open links; when none is, the attempt waits for one. */
  #sendRound(attempt: HandshakeAttempt, now: number): void {
    const links = this.#sender.sendRound(attempt, now);
    this.#dueMs = links === 0 ? Infinity : attempt.nextDueMs(now);
  }

  #isAcceptable(welcome: Welcome): boolean {
    return welcome.version >= MIN_PROTOCOL_VERSION && welcome.version <= PROTOCOL_VERSION &&
      this.#options.provider.ciphers.includes(welcome.cipher);
  }

  #handleWelcome(
    welcome: Welcome,
    attempt: HandshakeAttempt,
    keys: NoiseKeys,
    now: number,
  ): void {
    const { provider, counters, keyring, onWelcome } = this.#options;
    const session = new Session({
      provider,
      cipher: welcome.cipher,
      sendKey: keys.sendKey,
      receiveKey: keys.receiveKey,
      localIndex: attempt.localIndex,
      remoteIndex: welcome.sessionIndex,
      isInitiator: true,
      counters,
      createdMs: now,
      remoteInstanceId: welcome.instanceId,
    });
    this.#state = "settled";
    this.#refusalCode = 0;
    this.#need.handleWelcome(now, now - attempt.startedMs);
    keyring.addInitiated(session);
    onWelcome(welcome, now);
  }

  #handleRefusal(refusal: Refusal, now: number): void {
    if (refusal.code === RefusalCode.STALE_STAMP) {
      this.#maker.raiseStamp(refusal.lastStamp);
      this.#options.onStaleStamp?.(refusal.lastStamp);
      return this.#seekAtOnce(now);
    }
    const isNews = refusal.code !== this.#refusalCode;
    this.#refusalCode = refusal.code;
    if (refusal.code === RefusalCode.REPLACED || refusal.code === RefusalCode.REVOKED) {
      // The master has dropped the sessions before it says so: what is sealed under them is lost.
      this.#options.keyring.clear();
    }
    if (refusal.code === RefusalCode.REPLACED) this.stop();
    else this.#seekAt(now + this.#jitter(REFUSED_ATTEMPT_MS), now);
    if (isNews) this.#options.onRefusal(refusal, now);
  }

  #jitter(ms: number): number {
    return ms * (1 + JITTER_FRACTION * (2 * this.#options.rng() - 1));
  }

  #dropAttempt(): void {
    this.#attempt?.wipe();
    this.#attempt = null;
  }
}

function wipeKeys(keys: NoiseKeys): void {
  keys.sendKey.fill(0);
  keys.receiveKey.fill(0);
}
