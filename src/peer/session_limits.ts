/**
 * How long and how much a session is used. The keyring holds all of them: a session itself only
 * counts.
 *
 * @module
 */

/** Limits of a session. The defaults are WireGuard's (§6.1) where not said otherwise. */
export interface SessionLimits {
  /** The initiator begins a new handshake when the session is this old, in ms. */
  readonly rekeyAfterMs: number;
  /** Nothing is sent or received under a session of this age or older, in ms. */
  readonly rejectAfterMs: number;
  /**
   * The initiator begins a new handshake after this many packets sent (either end counts its own; the responder's are seen by the
   * initiator as received). 2^28: for AES-256-GCM with packets of 1.5 KB (100 blocks) the distinguishing advantage stays below
   * 2^-57 or so (RFC 8446 §5.5 counts 2^24.5 full records of 16 KB).
   */
  readonly rekeyAfterPkts: number;
  /** Nothing is sealed beyond this many packets. */
  readonly rejectAfterPkts: number;
}

/** The defaults. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  rekeyAfterMs: 120_000,
  rejectAfterMs: 180_000,
  rekeyAfterPkts: 2 ** 28,
  rejectAfterPkts: 2 ** 29,
};
