/**
 * What a packet from the tun is: which flow it is of, whether others wait for it, and whether its order matters. Pure.
 *
 * @module
 */

import { DATA_HEADER_BYTES, DataFlag, prependDataHeader } from "../wire/data_header.ts";
import { FlowKind, InnerFlow } from "../wire/inner_flow.ts";
import type { Packet } from "../wire/packet.ts";
import { clampMss } from "../wire/tcp_mss.ts";

/** UDP packets up to this size are taken for a call or a game: these rather lose a packet than wait for it. */
const REALTIME_MAX_BYTES = 1_000;

/** Order groups that flows are spread over; group 0 has no order. */
const ORDERED_GROUPS = 255;

/** Classifies one peer's packets. */
export class PacketClassifier {
  /** What was read of the packet classified last. */
  readonly flow: InnerFlow;
  readonly #usefulMtu: () => number;

  /**
   * @param seed of the flow hash: an integer below 2^53
   * @param usefulMtu MTU that TCP is fitted to, bytes
   */
  constructor(seed: number, usefulMtu: () => number) {
    this.flow = new InnerFlow(seed);
    this.#usefulMtu = usefulMtu;
  }

  /** Hot. Writes flags and order group into the slot's headroom. @returns whether the packet goes before all others. */
  classify(slot: Packet): boolean {
    const { flow } = this;
    const lengthBytes = slot.end - slot.start;
    flow.read(slot);
    if (flow.isTcpControl) clampMss(slot, this.#usefulMtu(), slot.isPartial);
    const isUnordered = flow.isPureAck || flow.kind === FlowKind.ICMP || flow.isDns;
    const isRealtime = flow.kind === FlowKind.UDP && lengthBytes <= REALTIME_MAX_BYTES;
    const group = isUnordered ? 0 : 1 + flow.hash % ORDERED_GROUPS;
    const flags = (isRealtime ? DataFlag.REALTIME : 0) |
      (slot.isPartial ? DataFlag.PARTIAL_CHECKSUM : 0);
    prependDataHeader(slot, flags, group, 0, 0);
    slot.start += DATA_HEADER_BYTES;
    return isUnordered;
  }
}
