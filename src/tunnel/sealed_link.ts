/**
 * A link of the secure tunnel: what it sends is sealed under the peer's session.
 *
 * @module
 */

import { Link, type LinkOptions } from "../linkmap/link.ts";
import type { LinkPort } from "../multiplexer/link_port.ts";
import type { LinkSettings } from "../multiplexer/link_settings.ts";
import { SEAL_OVERHEAD_BYTES, type Session } from "../peer/session.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { MAX_PACKET_BYTES, type Packet } from "../wire/packet.ts";
import type { SecureCodec } from "./secure_codec.ts";

/**
 * What goes over nearly every network in one piece: 1,500 less PPPoE (8), IPv6 (40), UDP (8) and a SOCKS5 header with an
 * IPv6 address (22). IP packets of 1,378 bytes fit, more than the tun's default MTU: no more is looked for. Where the MTU
 * cannot be probed (probes would be fragmented, and arrive) and less passes, IP fragments on the way.
 */
const MAX_UDP_DATAGRAM_BYTES = 1_422;

/** What a {@link SealedLink} is made with. */
export interface SealedLinkOptions extends LinkOptions {
  readonly settings: LinkSettings;
  readonly codec: SecureCodec;
  /** See {@link LinkSpec.usageName}. */
  readonly usageName?: string | undefined;
}

/** A way to the peer that carries sealed datagrams. */
export class SealedLink extends Link implements LinkPort {
  /** See {@link LinkPort.settings}; a master's link begins with the default. */
  settings: LinkSettings;
  /** See {@link LinkPort.fragmentAboveBytes}. */
  fragmentAboveBytes = Number.POSITIVE_INFINITY;
  /** See {@link LinkPort.lastSeqNo}. */
  lastSeqNo = Number.NaN; // Not -1: a field that begins as a small integer changes its shape later.
  /** See {@link SealedLinkOptions.usageName}. */
  readonly usageName: string | undefined;
  readonly #codec: SecureCodec;

  constructor(options: SealedLinkOptions) {
    super(options);
    this.usageName = options.usageName;
    this.settings = options.settings;
    this.#codec = options.codec;
  }

  /** See {@link LinkPort.isReliable}. */
  get isReliable(): boolean {
    return this.transport === "tcp";
  }

  /** See {@link LinkPort.maxDatagramBytes}. */
  get maxDatagramBytes(): number {
    return this.transport === "tcp" ? MAX_PACKET_BYTES : MAX_UDP_DATAGRAM_BYTES;
  }

  /** See {@link LinkPort.canProbeMtu}. */
  get canProbeMtu(): boolean {
    return this.socket?.forbidsFragments === true;
  }

  /** Hot. See {@link LinkPort.send}. */
  send(message: Packet, now: number): number {
    if (this.socket === null) return DropReason.CLOSED;
    const sealedBytes = message.end - message.start + SEAL_OVERHEAD_BYTES;
    const mayFragment = sealedBytes > this.fragmentAboveBytes;
    const codec = this.#codec;
    // Where the socket has a place for it, it is sealed into that: one copy less.
    const datagram = (mayFragment ? null : this.lend(sealedBytes)) ?? codec.datagram;
    const result = codec.seal(this.id, message, datagram, now);
    return result < 0 ? result : this.#transmitSealed(datagram, mayFragment);
  }

  /** Sends a notice under a session that the caller names. @returns bytes of the datagram, or a DropReason. */
  sendNotice(code: number, session: Session): number {
    if (this.socket === null) return DropReason.CLOSED;
    const result = this.#codec.sealNotice(this.id, code, session);
    if (result < 0) return result;
    const { datagram } = this.#codec;
    const mayFragment = datagram.end - datagram.start > this.fragmentAboveBytes;
    return this.#transmitSealed(datagram, mayFragment);
  }

  /** Hot. */
  #transmitSealed(datagram: Packet, mayFragment: boolean): number {
    this.lastSeqNo = this.#codec.lastSeqNo;
    return this.transmit(datagram, mayFragment);
  }
}
