/**
 * What an opened transport packet says, given to who it is for.
 *
 * @module
 */

import type { Multiplexer } from "../multiplexer/multiplexer.ts";
import type { ControlPacket } from "../wire/control_packet.ts";
import { DropReason } from "../wire/drop_reason.ts";
import {
  decodeNotice,
  decodeReport,
  InnerKind,
  readInnerKind,
  stripDataHeader,
} from "../wire/inner_message.ts";
import type { Packet } from "../wire/packet.ts";

/** Takes inner messages of one peer. */
export class InnerDispatch {
  /** Decoded reports go here: one at a time is enough. */
  readonly #report: ControlPacket = { seqNo: 0, received: new Map() };

  /**
   * Hot. @param packet the inner message, authenticated; borrowed until return.
   * @param onNotice gets a notice's code.
   * @returns 0 or more, or a DropReason.
   */
  handle(
    multiplexer: Multiplexer,
    linkId: number,
    packet: Packet,
    now: number,
    onNotice: (code: number) => void,
  ): number {
    switch (readInnerKind(packet)) {
      case InnerKind.DATA: {
        const result = stripDataHeader(packet);
        return result < 0 ? result : multiplexer.received(linkId, packet, now);
      }
      case InnerKind.REPORT:
        return this.#handleReport(multiplexer, linkId, packet, now);
      case InnerKind.NOTICE: {
        const code = decodeNotice(packet);
        if (code < 0) return code;
        onNotice(code);
        return 0;
      }
      case -1:
        return DropReason.EMPTY;
      default:
        return DropReason.UNKNOWN_KIND;
    }
  }

  #handleReport(multiplexer: Multiplexer, linkId: number, packet: Packet, now: number): number {
    const result = decodeReport(packet, this.#report);
    if (result < 0) return result;
    const verdict = multiplexer.handleControl(linkId, this.#report, now);
    // Every number comes once over each link, and links differ in delay: authentic, so no drop.
    return verdict === DropReason.STALE_CONTROL ? 0 : verdict;
  }
}
