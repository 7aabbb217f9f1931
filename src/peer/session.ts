/**
 * A session: the keys that one handshake made, shared by all links of a peer. Seals what is sent, opens what arrives,
 * and refuses what was seen. Pure.
 *
 * A nonce never repeats under a key: it is the link id and that link's sequence number, and the counters
 * ({@link LinkCounters}) belong to the peer for as long as the program runs, not to a link or session; the two directions have
 * different keys.
 *
 * @module
 */

import type { AeadProvider, CipherId } from "./aead.ts";
import type { Packet } from "../wire/packet.ts";

/** The next sequence number of each link, by link id: of one peer and one direction, for as long as the program runs. */
export class LinkCounters {
  readonly next = new Float64Array(256);
}

/** What a session is made of. */
export interface SessionOptions {
  readonly provider: AeadProvider;
  readonly cipher: CipherId;
  /** 32 bytes each; copied into the ciphers, wiped here by the session. */
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  /** u32: what the other end writes into its packets to us; ours to find the session by. */
  readonly localIndex: number;
  /** u32: what we write. */
  readonly remoteIndex: number;
  /** True at the end that sent the initiation. */
  readonly isInitiator: boolean;
  readonly counters: LinkCounters;
  /** Monotonic ms. */
  readonly createdMs: number;
  /** Instance id of the other end, 16 hex digits. */
  readonly remoteInstanceId: string;
}

/** Keys in use. */
export class Session {
  readonly cipher: CipherId;
  readonly localIndex: number;
  readonly remoteIndex: number;
  readonly isInitiator: boolean;
  readonly createdMs: number;
  readonly remoteInstanceId: string;
  /** Packets sealed so far, over all links. */
  sentPkts = 0;
  /** Packets opened so far, over all links. */
  receivedPkts = 0;
  /** Whether the newest packet that {@link Session.open} accepted was newer than all before it on its link. */
  isNewest = false;

  constructor(options: SessionOptions) {
    this.cipher = options.cipher;
    this.localIndex = options.localIndex;
    this.remoteIndex = options.remoteIndex;
    this.isInitiator = options.isInitiator;
    this.createdMs = options.createdMs;
    this.remoteInstanceId = options.remoteInstanceId;
  }

  /**
   * Hot. Seals an inner message for a link into `out`: from HEADROOM_BYTES on, the transport header, the ciphertext, the tag.
   * @param inner borrowed until return, unchanged
   * @returns 0, or a DropReason: TOO_LARGE, NO_SESSION (wiped, or its packets are used up).
   */
  seal(_inner: Packet, _linkId: number, _out: Packet): number {
    throw new Error("Invariant: not written yet");
  }

  /**
   * Hot. Opens a transport packet (whole datagram, its index is ours) in place: on success `start..end` is the inner message.
   * @returns 0, or a DropReason: TRUNCATED, REPLAYED, NOT_AUTHENTIC, NO_SESSION. On a drop the packet's bounds are as they were.
   */
  open(_packet: Packet, _linkId: number): number {
    throw new Error("Invariant: not written yet");
  }

  /** Wipes the keys; seals and opens nothing from now on. Idempotent. */
  wipe(): void {}
}
