/**
 * Sealed datagrams: an inner message under the peer's session, for whichever link is to carry it.
 *
 * @module
 */

import type { Keyring } from "../peer/keyring.ts";
import type { Session } from "../peer/session.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { encodeNotice } from "../wire/inner_message.ts";
import { Packet } from "../wire/packet.ts";

/** A notice is 32 bytes. */
const NOTICE_CAPACITY_BYTES = 64;

/** Packets that one end needs to make datagrams in, shared by all its peers: each is used within one call. */
export class SealingBuffers {
  readonly datagram = new Packet();
  readonly notice = new Packet(NOTICE_CAPACITY_BYTES);
}

/** Seals what goes to one peer. */
export class SecureCodec {
  /** Number of the datagram that was sealed last, on its link. */
  lastSeqNo = Number.NaN;
  readonly #keyring: Keyring;
  readonly #buffers: SealingBuffers;

  constructor(keyring: Keyring, buffers: SealingBuffers) {
    this.#keyring = keyring;
    this.#buffers = buffers;
  }

  /** A place for a datagram where a socket lends none: good until the next one is made, for whichever peer. */
  get datagram(): Packet {
    return this.#buffers.datagram;
  }

  /**
   * Hot. Seals a message.
   * @param message borrowed until return, unchanged
   * @param out what the datagram is made in
   * @returns 0, or a DropReason
   */
  seal(linkId: number, message: Packet, out: Packet, now: number): number {
    const session = this.#keyring.sending(now);
    return session === null
      ? DropReason.NO_SESSION
      : this.#sealUnder(session, linkId, message, out);
  }

  /** Seals a notice into {@link SecureCodec.datagram}, under a session that the caller names: the one to be told may not have the newest. @returns 0, or a DropReason. */
  sealNotice(linkId: number, code: number, session: Session): number {
    encodeNotice(code, this.#buffers.notice);
    return this.#sealUnder(session, linkId, this.#buffers.notice, this.datagram);
  }

  /** Hot. */
  #sealUnder(session: Session, linkId: number, message: Packet, out: Packet): number {
    const result = session.seal(message, linkId, out);
    if (result >= 0) this.lastSeqNo = session.lastSealedSeqNo;
    return result;
  }
}
