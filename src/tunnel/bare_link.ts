/**
 * A link of the legacy tunnel: what it sends is neither encrypted nor authenticated.
 *
 * @module
 */

import { Link, type LinkOptions } from "../linkmap/link.ts";
import type { LegacyLinkPort } from "../multiplexer/legacy_link_port.ts";
import type { ControlPacket } from "../wire/control_packet.ts";
import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import type { LegacyCodec } from "./legacy_codec.ts";

/** What a {@link BareLink} is made with. */
export interface BareLinkOptions extends LinkOptions {
  readonly codec: LegacyCodec;
}

/** A way to the peer that carries the original's datagrams. */
export class BareLink extends Link implements LegacyLinkPort {
  readonly #codec: LegacyCodec;

  constructor(options: BareLinkOptions) {
    super(options);
    this.#codec = options.codec;
  }

  /** Hot. See {@link LegacyLinkPort.send}. */
  send(packet: Packet): number {
    return this.socket === null ? DropReason.CLOSED : this.#codec.sendData(this, packet);
  }

  /** See {@link LegacyLinkPort.sendControl}. */
  sendControl(controlPacket: ControlPacket): number {
    return this.socket === null ? DropReason.CLOSED : this.#codec.sendControl(this, controlPacket);
  }
}
