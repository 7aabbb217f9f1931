/**
 * The sessions with one peer: the one in use, the one before it (for packets still under way), and at the responder the one
 * that waits for its first packet. Pure.
 *
 * The rules are WireGuard's (§6.3; Linux: drivers/net/wireguard/noise.c, add_new_keypair and
 * wg_noise_received_with_keypair). The initiator uses a new session at once, since the response has proved
 * that the responder has its keys. The responder waits for a packet under it (key confirmation), because
 * an initiation proves nothing about now: it may be a copy. Anyone who recorded one can send it again, and
 * a master that was restarted has no memory of stamps to refuse it by. What comes of that is a session nobody
 * can use, since its keys also depend on a secret that the slave has long forgotten. So a session that
 * waits takes the place of nothing: what is in use stays in use, and so does the one before it (where
 * WireGuard drops that one, it drops it upon a replay, too). It only replaces another one that waits.
 *
 * So at most three sessions are held, and each goes when it is rejectAfterMs old at the latest.
 *
 * @module
 */

import type { Session } from "./session.ts";
import type { SessionLimits } from "./session_limits.ts";

/** Called when a session comes (it can be found by its localIndex from now on) and goes (it is wiped). */
export interface SessionObserver {
  readonly onAdded: (session: Session) => void;
  readonly onDropped: (session: Session) => void;
}

/** Current, previous and next session. */
export class Keyring {
  readonly #limits: SessionLimits;
  readonly #observer: SessionObserver;
  #current: Session | null = null;
  #previous: Session | null = null;
  /** Waits for its first packet; responder only. */
  #next: Session | null = null;
  /** handleTimeout was called when the current session's rekey was due: that is no next timeout any more. */
  #isRekeyTold = false;

  constructor(limits: SessionLimits, observer: SessionObserver) {
    this.#limits = limits;
    this.#observer = observer;
  }

  /** The session that {@link Keyring.sending} would give, whatever its age; null when there was none. */
  get current(): Session | null {
    return this.#current;
  }

  /** The session before the current one, while it still receives; or null. */
  get previous(): Session | null {
    return this.#previous;
  }

  /** Initiator: the response came. The new session is in use at once, the one before it still receives. */
  addInitiated(session: Session): void {
    this.#promote(session);
    this.#observer.onAdded(session);
  }

  /** Responder: the response was sent. The new session receives, and is in use from {@link Keyring.confirm} on. Replaces an unconfirmed one. */
  addResponded(session: Session): void {
    const unconfirmed = this.#next;
    this.#next = session;
    this.#drop(unconfirmed);
    this.#observer.onAdded(session);
  }

  /** Hot. A packet was authenticated under this session: if it is the one that waits, it is in use now. @returns whether that happened. */
  confirm(session: Session): boolean {
    if (session !== this.#next) return false;
    this.#next = null;
    this.#promote(session);
    return true;
  }

  /** Hot. The session to seal with, or null: none, too old, used up. */
  sending(now: number): Session | null {
    const session = this.#current;
    if (session === null || this.#isTooOld(session, now)) return null;
    return session.sentPkts < this.#limits.rejectAfterPkts ? session : null;
  }

  /** Hot. The session of that index, unless it is too old; null when there is none. For an end that has one peer. */
  find(localIndex: number, now: number): Session | null {
    let session = this.#current;
    if (session === null || session.localIndex !== localIndex) session = this.#previous;
    if (session === null || session.localIndex !== localIndex) session = this.#next;
    if (session === null || session.localIndex !== localIndex) return null;
    return this.#isTooOld(session, now) ? null : session;
  }

  /**
   * Whether the initiator should begin a new handshake because of the age or use of the current session. True until there is
   * a new one. Packets have no timeout: whoever counts on them asks again while packets go.
   */
  needsRekey(now: number): boolean {
    const session = this.#current;
    if (session === null || !session.isInitiator) return false;
    const { rekeyAfterMs, rekeyAfterPkts } = this.#limits;
    return now >= session.createdMs + rekeyAfterMs || session.sentPkts >= rekeyAfterPkts ||
      session.receivedPkts >= rekeyAfterPkts;
  }

  /** Drops and wipes what is too old. */
  handleTimeout(now: number): void {
    if (this.#previous !== null && this.#isTooOld(this.#previous, now)) this.#dropPrevious();
    if (this.#next !== null && this.#isTooOld(this.#next, now)) this.#dropNext();
    if (this.#current !== null && this.#isTooOld(this.#current, now)) this.#dropCurrent();
    const session = this.#current;
    if (session !== null && now >= session.createdMs + this.#limits.rekeyAfterMs) {
      this.#isRekeyTold = true;
    }
  }

  /**
   * Monotonic ms of the next thing to do (a session to drop; at the initiator also a rekey); Infinity when none. A rekey's
   * time is given until {@link Keyring.handleTimeout} was called then; what it means is asked by {@link Keyring.needsRekey}.
   */
  nextTimeout(): number {
    const { rejectAfterMs, rekeyAfterMs } = this.#limits;
    let nextMs = Infinity;
    if (this.#previous !== null) nextMs = this.#previous.createdMs + rejectAfterMs;
    if (this.#next !== null) nextMs = Math.min(nextMs, this.#next.createdMs + rejectAfterMs);
    const session = this.#current;
    if (session === null) return nextMs;
    nextMs = Math.min(nextMs, session.createdMs + rejectAfterMs);
    if (session.isInitiator && !this.#isRekeyTold) {
      nextMs = Math.min(nextMs, session.createdMs + rekeyAfterMs);
    }
    return nextMs;
  }

  /** Drops and wipes all but the current session: the peer is a new instance. */
  dropOld(): void {
    this.#dropPrevious();
    this.#dropNext();
  }

  /** Drops and wipes all but the session that waits: its slave comes, whoever has gone. */
  dropUsed(): void {
    this.#dropPrevious();
    this.#dropCurrent();
  }

  /** Drops and wipes all. */
  clear(): void {
    this.dropOld();
    this.#dropCurrent();
  }

  #isTooOld(session: Session, now: number): boolean {
    return now >= session.createdMs + this.#limits.rejectAfterMs;
  }

  #promote(session: Session): void {
    this.#dropPrevious();
    this.#previous = this.#current;
    this.#current = session;
    this.#isRekeyTold = false;
  }

  #dropCurrent(): void {
    const session = this.#current;
    this.#current = null;
    this.#drop(session);
  }

  #dropPrevious(): void {
    const session = this.#previous;
    this.#previous = null;
    this.#drop(session);
  }

  #dropNext(): void {
    const session = this.#next;
    this.#next = null;
    this.#drop(session);
  }

  #drop(session: Session | null): void {
    if (session === null) return;
    session.wipe();
    this.#observer.onDropped(session);
  }
}
