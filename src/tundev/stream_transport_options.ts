/**
 * What a stream transport is told.
 *
 * @module
 */

import type { ResetReason, StreamChannel } from "./stream_channel.ts";

/** What a transport is made of. */
export interface StreamTransportOptions {
  /** Largest packet the tunnel takes; at least MIN_STREAM_MTU_BYTES. */
  readonly mtuBytes: number;
  /** Uniform in [0, 1), for session ids: better a cryptographic one. */
  readonly rng: () => number;
  /** Called for each stream the peer opens; null: this end takes none. Must not throw. */
  readonly onStream: ((stream: StreamChannel) => void) | null;
  /** Called when all streams were reset: PEER_RESTARTED or PEER_LOST. */
  readonly onPeerGone?: (reason: ResetReason) => void;
}
