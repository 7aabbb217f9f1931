/**
 * The sessions with one peer: the one in use, the one before it (for packets still under way), and at the responder the one
 * that waits for its first packet. Pure.
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
  constructor(_limits: SessionLimits, _observer: SessionObserver) {}

  /** The session that {@link Keyring.sending} would give, whatever its age; null when there was none. */
  get current(): Session | null {
    throw new Error("Invariant: not written yet");
  }

  /** Initiator: the response came. The new session is in use at once, the one before it still receives. */
  addInitiated(_session: Session): void {
    throw new Error("Invariant: not written yet");
  }

  /** Responder: the response was sent. The new session receives, and is in use from {@link Keyring.confirm} on. Replaces an unconfirmed one. */
  addResponded(_session: Session): void {
    throw new Error("Invariant: not written yet");
  }

  /** Hot. A packet was authenticated under this session: if it is the one that waits, it is in use now. @returns whether that happened. */
  confirm(_session: Session): boolean {
    throw new Error("Invariant: not written yet");
  }

  /** Hot. The session to seal with, or null: none, too old, used up. */
  sending(_now: number): Session | null {
    throw new Error("Invariant: not written yet");
  }

  /** Hot. The session of that index, unless it is too old; null when there is none. For an end that has one peer. */
  find(_localIndex: number, _now: number): Session | null {
    throw new Error("Invariant: not written yet");
  }

  /** Whether the initiator should begin a new handshake because of the age or use of the current session. */
  needsRekey(_now: number): boolean {
    throw new Error("Invariant: not written yet");
  }

  /** Drops and wipes what is too old. */
  handleTimeout(_now: number): void {
    throw new Error("Invariant: not written yet");
  }

  /** Monotonic ms of the next thing to do (a session to drop; at the initiator also a rekey); Infinity when none. */
  nextTimeout(): number {
    throw new Error("Invariant: not written yet");
  }

  /** Drops and wipes all but the current session: the peer is a new instance. */
  dropOld(): void {
    throw new Error("Invariant: not written yet");
  }

  /** Drops and wipes all. */
  clear(): void {
    throw new Error("Invariant: not written yet");
  }
}
