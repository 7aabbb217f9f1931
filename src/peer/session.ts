/**
 * A session: the keys that one handshake made, shared by all links of a peer. Seals what is sent, opens what arrives,
 * and refuses what was seen. Pure.
 *
 * A nonce never repeats under a key: it is the link id and that link's sequence number, and the counters
 * ({@link LinkCounters}) belong to the peer for as long as the program runs, not to a link or session; the two directions have
 * different keys. A number is taken before it is used, so that not even a sealing that failed gives it free.
 *
 * How old a session may get and how many packets it may seal is the keyring's matter: a session has no
 * clock. Forged packets need no limit: ChaCha20-Poly1305 stands 2^36 of them and AES-GCM 2^52
 * (RFC 9001 §6.6), more than any link brings in a session's three minutes.
 *
 * @module
 */

import {
  AEAD_TAG_BYTES,
  type AeadProvider,
  type CipherId,
  type Opener,
  type Sealer,
} from "./aead.ts";
import { ReplayWindow } from "./replay_window.ts";
import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import {
  readLinkSeqNo,
  TRANSPORT_HEADER_BYTES,
  writeTransportHeader,
} from "../wire/transport_header.ts";

/** What sealing adds to an inner message: the header in front, the tag behind. */
export const SEAL_OVERHEAD_BYTES = TRANSPORT_HEADER_BYTES + AEAD_TAG_BYTES;

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
  /**
   * Whether the newest packet that {@link Session.open} accepted was newer than all before it on its link. Of this session:
   * a packet of a session that was replaced moves no address, whatever this says.
   */
  isNewest = false;
  /** Link sequence numbers of the packets that were sealed and opened last. */
  lastSealedSeqNo = Number.NaN; // Not -1: a field that begins as a small integer changes its shape later.
  lastOpenedSeqNo = Number.NaN;

  /** Null once wiped. */
  #sealer: Sealer | null;
  #opener: Opener | null;
  readonly #nextSeqNos: Float64Array;
  /** By link id; made by the first packet that authenticates, so that forged ones cost no memory. */
  readonly #windows: (ReplayWindow | null)[] = [];

  /** @throws Error when the provider does not have the cipher. The keys are wiped all the same. */
  constructor(options: SessionOptions) {
    this.cipher = options.cipher;
    this.localIndex = options.localIndex;
    this.remoteIndex = options.remoteIndex;
    this.isInitiator = options.isInitiator;
    this.createdMs = options.createdMs;
    this.remoteInstanceId = options.remoteInstanceId;
    this.#nextSeqNos = options.counters.next;
    const { provider, cipher, sendKey, receiveKey } = options;
    try {
      this.#sealer = provider.createSealer(cipher, sendKey);
      this.#opener = provider.createOpener(cipher, receiveKey);
    } finally {
      sendKey.fill(0);
      receiveKey.fill(0);
    }
  }

  /**
   * Hot. Seals an inner message for a link into `out`: where its packets begin, the transport header, the ciphertext, the tag.
   * @param inner borrowed until return, unchanged; not `out`
   * @param linkId 1..255
   * @returns 0, or a DropReason, then `out` is as it was: TOO_LARGE, NO_SESSION (wiped, or the link's 2^53 numbers are used up).
   */
  seal(inner: Packet, linkId: number, out: Packet): number {
    const sealer = this.#sealer;
    if (sealer === null) return DropReason.NO_SESSION;
    const sealedBytes = inner.end - inner.start + SEAL_OVERHEAD_BYTES;
    if (sealedBytes > out.capacityBytes) return DropReason.TOO_LARGE;
    const seqNo = this.#nextSeqNos[linkId];
    if (seqNo === undefined || seqNo > Number.MAX_SAFE_INTEGER) return DropReason.NO_SESSION;
    this.#nextSeqNos[linkId] = seqNo + 1;
    const start = out.first;
    writeTransportHeader(out.view, start, linkId, this.remoteIndex, seqNo);
    const sealedStart = start + TRANSPORT_HEADER_BYTES;
    sealer.seal(inner.bytes, inner.start, inner.end, out.bytes, sealedStart, linkId, seqNo);
    out.start = start;
    out.end = start + sealedBytes;
    this.lastSealedSeqNo = seqNo;
    this.sentPkts += 1;
    return 0;
  }

  /**
   * Hot. Opens a transport packet (whole datagram, its index is ours) in place: on success `start..end` is the inner message.
   * What is cheap is checked first, and nothing is remembered of a packet that does not authenticate.
   * @param linkId what the datagram's header says, 1..255
   * @returns 0, or a DropReason: TRUNCATED, REPLAYED, NOT_AUTHENTIC, NO_SESSION. On a drop the packet's bounds are as they were;
   * after NOT_AUTHENTIC what is sealed may have been overwritten.
   */
  open(packet: Packet, linkId: number): number {
    const opener = this.#opener;
    if (opener === null) return DropReason.NO_SESSION;
    const { bytes, view, start, end } = packet;
    if (end - start < SEAL_OVERHEAD_BYTES) return DropReason.TRUNCATED;
    const seqNo = readLinkSeqNo(view, start);
    // Beyond 2^53 - 1: nobody who has the key seals such a number.
    if (seqNo < 0) return DropReason.NOT_AUTHENTIC;
    const windows = this.#windows;
    const window = linkId < windows.length ? windows[linkId]! : null;
    if (window !== null && !window.isFresh(seqNo)) return DropReason.REPLAYED;
    const sealedStart = start + TRANSPORT_HEADER_BYTES;
    if (!opener.open(bytes, sealedStart, end, bytes, sealedStart, linkId, seqNo)) {
      return DropReason.NOT_AUTHENTIC;
    }
    this.#accept(window ?? this.#addWindow(linkId), seqNo);
    this.lastOpenedSeqNo = seqNo;
    packet.start = sealedStart;
    packet.end = end - AEAD_TAG_BYTES;
    return 0;
  }

  /** Wipes the keys; seals and opens nothing from now on. Idempotent. */
  wipe(): void {
    this.#sealer?.[Symbol.dispose]();
    this.#opener?.[Symbol.dispose]();
    this.#sealer = null;
    this.#opener = null;
  }

  #accept(window: ReplayWindow, seqNo: number): void {
    this.isNewest = seqNo > window.newest;
    window.accept(seqNo);
    this.receivedPkts += 1;
  }

  /** The list grows to the highest link id in use: ids are small, and sessions are many. */
  #addWindow(linkId: number): ReplayWindow {
    while (this.#windows.length <= linkId) this.#windows.push(null);
    const window = new ReplayWindow();
    this.#windows[linkId] = window;
    return window;
  }
}
