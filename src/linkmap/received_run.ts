/**
 * What one receive brought: datagrams of one source, side by side (UDP_GRO), all equally long but the last, on their way into slots.
 *
 * @module
 */

import type { UdpFile } from "../../ffi/udp_file.ts";
import { HEADROOM_BYTES } from "../wire/packet.ts";
import type { DatagramSlot } from "./datagram_socket.ts";

/** What one receive may bring. */
const RECEIVE_BYTES = 65_536;

/** Datagrams that are not handed out yet. */
export class ReceivedRun {
  /** So many. */
  pkts = 0;
  readonly #bytes = new Uint8Array(RECEIVE_BYTES);
  readonly #file: UdpFile;
  #at = 0;
  #end = 0;

  constructor(file: UdpFile) {
    this.#file = file;
  }

  /** Hot. Asks the system for the next run, when this one is at its end. @returns its bytes, or a negated errno. */
  read(): number {
    const received = this.#file.receive(this.#bytes, 0, RECEIVE_BYTES);
    if (received < 0) return received;
    this.#at = 0;
    this.#end = received;
    // A datagram of no bytes is one, too.
    this.pkts = received === 0 ? 1 : Math.ceil(received / this.#file.segmentBytes);
    return received;
  }

  /** Hot. Takes the first datagram out. @returns false when it is longer than the slot holds. */
  takeInto(slot: DatagramSlot): boolean {
    const file = this.#file;
    const start = this.#at;
    const end = Math.min(start + file.segmentBytes, this.#end);
    this.#at = end;
    this.pkts--;
    const { packet } = slot;
    if (end - start > packet.capacityBytes) return false;
    packet.bytes.set(this.#bytes.subarray(start, end), HEADROOM_BYTES);
    packet.start = HEADROOM_BYTES;
    packet.end = HEADROOM_BYTES + end - start;
    packet.isPartial = false;
    slot.source = file.source;
    slot.local = file.local;
    return true;
  }
}
