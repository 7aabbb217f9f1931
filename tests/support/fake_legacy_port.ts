/**
 * A link that remembers what was sent over it.
 *
 * @module
 */

import type { LegacyLinkPort } from "../../src/multiplexer/legacy_link_port.ts";
import type { ControlPacket } from "../../src/wire/control_packet.ts";
import type { Packet } from "../../src/wire/packet.ts";

/** Records; `result` says what the next sends return when it is negative. */
export class FakeLegacyPort implements LegacyLinkPort {
  readonly id: number;
  readonly isInitiator: boolean;
  readonly sent: Uint8Array[] = [];
  readonly sentControls: ControlPacket[] = [];
  result = 0;

  constructor(id: number, { isInitiator = true }: { readonly isInitiator?: boolean } = {}) {
    this.id = id;
    this.isInitiator = isInitiator;
  }

  send(packet: Packet): number {
    if (this.result < 0) return this.result;
    this.sent.push(packet.toBytes().slice());
    return packet.length;
  }

  sendControl(controlPacket: ControlPacket): number {
    if (this.result < 0) return this.result;
    this.sentControls.push({
      seqNo: controlPacket.seqNo,
      received: new Map(controlPacket.received),
    });
    return 1;
  }
}
