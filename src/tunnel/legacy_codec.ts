/**
 * The original's datagrams: four bytes in front of the IP packet, or of a gob stream.
 *
 * @module
 */

import type { Link } from "../linkmap/link.ts";
import type { ControlPacket } from "../wire/control_packet.ts";
import { DatagramType, prependDatagramHeader } from "../wire/datagram_header.ts";
import { encodeLegacyControl } from "../wire/legacy_control.ts";
import { Packet } from "../wire/packet.ts";

/** 255 entries of at most 13 bytes, and the type definitions. */
const CONTROL_CAPACITY_BYTES = 4_096;

/** Makes legacy datagrams of what a link is to carry, and hands them to {@link Link.transmit}. */
export class LegacyCodec {
  readonly #control = new Packet(CONTROL_CAPACITY_BYTES);

  /** Hot. @param packet borrowed until return. @returns bytes given to the socket, or a DropReason. */
  sendData(link: Link, packet: Packet): number {
    return transmit(link, packet, DatagramType.DATA);
  }

  /** @returns bytes given to the socket, or a DropReason. */
  sendControl(link: Link, controlPacket: ControlPacket): number {
    encodeLegacyControl(controlPacket, this.#control);
    return transmit(link, this.#control, DatagramType.CONTROL);
  }
}

function transmit(link: Link, packet: Packet, type: DatagramType): number {
  const start = packet.start;
  prependDatagramHeader(packet, type, link.id);
  const result = link.transmit(packet);
  packet.start = start;
  return result;
}
