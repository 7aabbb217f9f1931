/**
 * What one receive brought: datagrams of one source, side by side (UDP_GRO), all equally long but the last, on their way into slots.
 *
 * @module
 */

import type { UdpFile } from "../../ffi/udp_file.ts";
import {
  HEADROOM_BYTES,
  MAX_PACKET_BYTES,
  Packet,
  PacketMemory,
  TAILROOM_BYTES,
} from "../wire/packet.ts";
import type { DatagramSlot } from "./datagram_socket.ts";

/** What one receive may bring. */
const RECEIVE_BYTES = 65_536;

/** Room for one that brings as much as can be, behind what small ones brought before. */
const ROOM_BYTES = 2 * RECEIVE_BYTES;

/**
 * Datagrams that are not handed out yet. They are not copied: a slot is given a packet that stands where the system has put it, in front
 * of it those that were handed out before.
 */
export class ReceivedRun {
  /** So many. */
  pkts = 0;
  readonly #memory = new PacketMemory(HEADROOM_BYTES + ROOM_BYTES + TAILROOM_BYTES);
  /** For each slot; made when first needed. */
  readonly #packets: Packet[] = [];
  readonly #file: UdpFile;
  #at = HEADROOM_BYTES;
  #end = HEADROOM_BYTES;

  constructor(file: UdpFile) {
    this.#file = file;
  }

  /** Hot. What was handed out before is done with. */
  begin(): void {
    if (this.pkts === 0) this.#end = HEADROOM_BYTES;
  }

  /** Hot. Whether there is room to {@link read} since {@link begin}. */
  get hasRoom(): boolean {
    return this.#end <= HEADROOM_BYTES + ROOM_BYTES - RECEIVE_BYTES;
  }

  /** Hot. Asks the system for the next run, when this one is at its end. @returns its bytes, or a negated errno. */
  read(): number {
    const start = this.#end;
    const received = this.#file.receive(this.#memory.bytes, start, RECEIVE_BYTES);
    if (received < 0) return received;
    this.#at = start;
    this.#end = start + received;
    // A datagram of no bytes is one, too.
    this.pkts = received === 0 ? 1 : Math.ceil(received / this.#file.segmentBytes);
    return received;
  }

  /** Hot. Takes the first datagram out, into the slot of that index. @returns false when it is longer than a packet may be. */
  takeInto(slot: DatagramSlot, index: number): boolean {
    const file = this.#file;
    const start = this.#at;
    const end = Math.min(start + file.segmentBytes, this.#end);
    this.#at = end;
    this.pkts--;
    if (end - start > MAX_PACKET_BYTES) return false;
    const packet = this.#packets[index] ?? this.#addPacket(index);
    packet.place(start, end);
    slot.packet = packet;
    slot.source = file.source;
    slot.local = file.local;
    return true;
  }

  #addPacket(index: number): Packet {
    return this.#packets[index] = new Packet(0, this.#memory);
  }
}
