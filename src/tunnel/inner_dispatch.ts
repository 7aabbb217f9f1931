/**
 * What an opened transport packet says, given to who it is for.
 *
 * @module
 */

import type { Multiplexer } from "../multiplexer/multiplexer.ts";
import { SEAL_OVERHEAD_BYTES, type Session } from "../peer/session.ts";
import { decodeNotice, InnerKind, readInnerKind } from "../wire/inner_message.ts";
import type { Packet } from "../wire/packet.ts";

/**
 * Hot. A notice is for the tunnel, all else for the multiplexer.
 * @param session has just opened the packet
 * @param packet the inner message, authenticated; borrowed until return.
 * @param onNotice gets a notice's code.
 * @returns 0 or more, or a DropReason.
 */
export function dispatchInner(
  multiplexer: Multiplexer,
  linkId: number,
  session: Session,
  packet: Packet,
  now: number,
  onNotice: (code: number) => void,
): number {
  if (readInnerKind(packet) === InnerKind.NOTICE) return handleNotice(packet, onNotice);
  const datagramBytes = packet.end - packet.start + SEAL_OVERHEAD_BYTES;
  return multiplexer.received(linkId, session.lastOpenedSeqNo, packet, datagramBytes, now);
}

function handleNotice(packet: Packet, onNotice: (code: number) => void): number {
  const code = decodeNotice(packet);
  if (code < 0) return code;
  onNotice(code);
  return 0;
}
