/**
 * Sealed datagrams: an inner message under the peer's session, for whichever link is to carry it.
 *
 * @module
 */

import type { Link, LinkCodec } from "../linkmap/link.ts";
import type { Keyring } from "../peer/keyring.ts";
import type { Session } from "../peer/session.ts";
import type { ControlPacket } from "../wire/control_packet.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { encodeNotice, encodeReport, prependDataHeader } from "../wire/inner_message.ts";
import { Packet } from "../wire/packet.ts";

/** 255 links of 9 bytes and a header; a notice is shorter. */
const CONTROL_CAPACITY_BYTES = 2_560;

/** Packets that one end needs to make datagrams in, shared by all its peers: each is used within one call. */
export class SealingBuffers {
  readonly datagram = new Packet();
  readonly control = new Packet(CONTROL_CAPACITY_BYTES);
}

/** Seals what goes to one peer. */
export class SecureCodec implements LinkCodec {
  readonly #keyring: Keyring;
  readonly #buffers: SealingBuffers;

  constructor(keyring: Keyring, buffers: SealingBuffers) {
    this.#keyring = keyring;
    this.#buffers = buffers;
  }

  /** Hot. See {@link LinkCodec.sendData}. */
  sendData(link: Link, packet: Packet, now: number): number {
    const session = this.#keyring.sending(now);
    if (session === null) return DropReason.NO_SESSION;
    const start = packet.start;
    prependDataHeader(packet);
    const result = this.#transmit(session, link, packet);
    packet.start = start;
    return result;
  }

  /** See {@link LinkCodec.sendControl}. */
  sendControl(link: Link, controlPacket: ControlPacket, now: number): number {
    const session = this.#keyring.sending(now);
    if (session === null) return DropReason.NO_SESSION;
    encodeReport(controlPacket, this.#buffers.control);
    return this.#transmit(session, link, this.#buffers.control);
  }

  /** Sends a notice under a session that the caller names: the one to be told may not have the newest. */
  sendNotice(link: Link, code: number, session: Session): number {
    encodeNotice(code, this.#buffers.control);
    return this.#transmit(session, link, this.#buffers.control);
  }

  /** Hot. */
  #transmit(session: Session, link: Link, inner: Packet): number {
    const { datagram } = this.#buffers;
    const result = session.seal(inner, link.id, datagram);
    return result < 0 ? result : link.transmit(datagram);
  }
}
