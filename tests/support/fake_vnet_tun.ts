/**
 * A tun with vnet headers that gives what a test wants read, and keeps what is written.
 *
 * @module
 */

import { Errno } from "../../ffi/errno.ts";
import type { OffloadFile } from "../../src/tundev/tun_offload.ts";
import { VNET_HEADER_BYTES, VnetHeader } from "../../src/wire/vnet_header.ts";
import { cutWrite } from "./superpacket.ts";

/** A file in memory. */
export class FakeVnetTun implements OffloadFile {
  /** What was written, the vnet header in front of each. */
  readonly writes: Uint8Array[] = [];
  /** Whether writes fail. */
  isBroken = false;
  /** See {@link OffloadFile}. */
  readonly takesUdpRuns: boolean;
  #reads: Uint8Array[] = [];

  constructor(takesUdpRuns = false) {
    this.takesUdpRuns = takesUdpRuns;
  }

  /** The next read's bytes. */
  giveBytes(bytes: Uint8Array): void {
    this.#reads.push(bytes);
  }

  /** The next read: a packet behind a header with these fields. */
  give(packet: Uint8Array, fields: Partial<VnetHeader> = {}): void {
    const bytes = new Uint8Array(VNET_HEADER_BYTES + packet.length);
    Object.assign(new VnetHeader(), fields).write(new DataView(bytes.buffer), 0);
    bytes.set(packet, VNET_HEADER_BYTES);
    this.giveBytes(bytes);
  }

  /** How many packets each write stands for. */
  writtenPkts(): number[] {
    return this.writes.map((write) => cutWrite(write).length);
  }

  /** See {@link OffloadFile}. */
  read(bytes: Uint8Array<ArrayBuffer>, offset: number, lengthBytes: number): number {
    const next = this.#reads.shift();
    if (next === undefined) return -Errno.EAGAIN;
    const taken = next.subarray(0, lengthBytes);
    bytes.set(taken, offset);
    return taken.length;
  }

  /** See {@link OffloadFile}. */
  write(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): number {
    if (this.isBroken) return -Errno.EIO;
    this.writes.push(bytes.slice(start, end));
    return end - start;
  }
}
