/**
 * What the system brought: runs, each of datagrams of one source, side by side (UDP_GRO), all equally long but the last, on their way
 * into slots.
 *
 * Where runs are long, one call brings one. Where they are short, because links are slow or the kernel does not join them, one call
 * brings several (recvmmsg), and when these are fewer than there was room for, it has said that there are no more.
 *
 * @module
 */

import { Errno, SysError } from "../../ffi/errno.ts";
import { MAX_MESSAGES } from "../../ffi/incoming_messages.ts";
import type { UdpFile } from "../../ffi/udp_file.ts";
import type { Watch } from "../reactor.ts";
import { type DropCounters, DropReason } from "../wire/drop_reason.ts";
import {
  HEADROOM_BYTES,
  MAX_PACKET_BYTES,
  Packet,
  PacketMemory,
  TAILROOM_BYTES,
} from "../wire/packet.ts";
import type { DatagramSlot } from "./datagram_socket.ts";

/** So many datagrams are worth being handed out without waiting for more. */
const LONG_RUN_PKTS = 16;

/**
 * Room for one run: 64 KiB, and some more, so that short ones begin in different lines of the processor's cache. What nothing was
 * written to costs no memory; all of it would be 1.1 MB a socket.
 */
const RUN_BYTES = 65_536 + 1_472;

/** Errors in a row, with no datagram between, after which a socket is given up. */
const MAX_ERRORS_IN_A_ROW = 64;

/** What is told of what comes. */
export interface ReceivedRunsOptions {
  readonly watch: Watch;
  readonly drops: DropCounters | null;
}

/**
 * Datagrams that are not handed out yet. They are not copied: a slot is given a packet that stands where the system has put it, in front
 * of it those that were handed out before.
 */
export class ReceivedRuns {
  /** Why there will be no more. */
  failure: Error | null = null;
  readonly #memory = new PacketMemory(HEADROOM_BYTES + MAX_MESSAGES * RUN_BYTES + TAILROOM_BYTES);
  /** For each slot; made when first needed. */
  readonly #packets: Packet[] = [];
  readonly #file: UdpFile;
  readonly #watch: Watch;
  readonly #drops: DropCounters | null;
  /** What is left of the run that is being handed out. */
  #pkts = 0;
  #at = HEADROOM_BYTES;
  #end = HEADROOM_BYTES;
  /** The next run to hand out, and where those end that were received. */
  #next = 0;
  #runs = 0;
  /** The last run was: the next one most likely is, too. */
  #isLong = false;
  /** No more was there when the system was last asked. */
  #isEmpty = false;
  #readMs = 0;
  #errorsInARow = 0;

  constructor(file: UdpFile, { watch, drops }: ReceivedRunsOptions) {
    this.#file = file;
    this.#watch = watch;
    this.#drops = drops;
  }

  /** Hot. Whether there are more for {@link fill} already, whatever the system has. */
  get hasMore(): boolean {
    return this.#next < this.#runs;
  }

  /** Hot. More may have come since the system was found empty: {@link fill} asks again. */
  expectMore(): void {
    this.#isEmpty = false;
  }

  /** Hot. Hands out what came, asking the system when there is nothing left. What was handed out before is done with. @returns slots filled. */
  fill(slots: readonly DatagramSlot[]): number {
    let filledSlots = 0;
    // Found empty a moment ago, it is asked again all the same: that costs less than the way through the reactor. Not if that sleeps.
    if (this.#isEmpty && !this.#watch.sleepsAt(this.#readMs)) this.#isEmpty = false;
    if (this.#pkts === 0 && !this.hasMore) {
      this.#next = 0;
      this.#runs = 0;
    }
    while (filledSlots < slots.length) {
      if (this.#pkts === 0) {
        // A long run is handed out by itself: what it becomes (one write to the tun) ends with it.
        if (filledSlots >= LONG_RUN_PKTS || !this.hasMore && !this.#read()) break;
        this.#begin();
      }
      if (this.#takeInto(slots[filledSlots]!, filledSlots)) {
        filledSlots++;
        continue;
      }
      this.#drops?.count(DropReason.TOO_LARGE);
      // A flood of what no slot holds must not keep this loop from its caller.
      if (this.#pkts === 0) break;
    }
    return filledSlots;
  }

  /** Hot. Asks the system for runs, behind those that are handed out. @returns whether something came. */
  #read(): boolean {
    const first = this.#runs;
    if (this.#isEmpty || first === MAX_MESSAGES) return false;
    const wanted = this.#isLong ? 1 : MAX_MESSAGES - first;
    const { bytes } = this.#memory;
    for (;;) {
      const received = this.#file.receiveEach(bytes, HEADROOM_BYTES, RUN_BYTES, first, wanted);
      this.#isEmpty = received < wanted;
      if (received > 0) {
        this.#runs = first + received;
        this.#errorsInARow = 0;
        this.#readMs = performance.now();
        return true;
      }
      if (received === -Errno.EAGAIN) return false;
      if (++this.#errorsInARow >= MAX_ERRORS_IN_A_ROW) {
        this.failure = new SysError("recvmmsg", -received);
        return false;
      }
    }
  }

  /** Hot. Goes on to the next run. */
  #begin(): void {
    const file = this.#file;
    this.#at = HEADROOM_BYTES + this.#next * RUN_BYTES;
    const lengthBytes = file.choose(this.#next++);
    this.#end = this.#at + lengthBytes;
    // A datagram of no bytes is one, too.
    this.#pkts = lengthBytes === 0 ? 1 : Math.ceil(lengthBytes / file.segmentBytes);
    this.#isLong = this.#pkts >= LONG_RUN_PKTS;
    // It takes a while to hand these out: by then there is more.
    if (this.#isLong) this.#isEmpty = false;
    this.#watch.noteRead(this.#pkts, lengthBytes, this.#readMs);
    if (file.isTruncated) this.#drops?.count(DropReason.TOO_LARGE);
  }

  /** Hot. Takes the first datagram out, into the slot of that index. @returns false when it is longer than a packet may be. */
  #takeInto(slot: DatagramSlot, index: number): boolean {
    const file = this.#file;
    const start = this.#at;
    const end = Math.min(start + file.segmentBytes, this.#end);
    this.#at = end;
    this.#pkts--;
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
