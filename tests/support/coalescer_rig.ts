/**
 * A coalescer with a tun behind it that keeps what is written, and an account of what went in, for comparing the two.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Coalescer } from "../../src/wire/coalescer.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { IpPayload } from "../../src/wire/ip_payload.ts";
import { Packet } from "../../src/wire/packet.ts";
import { GsoType, VNET_HEADER_BYTES, VnetHeader } from "../../src/wire/vnet_header.ts";
import { toHex } from "./hex.ts";
import { comparable, cutWrite } from "./superpacket.ts";

/** Packets in, writes out. */
export class CoalescerRig {
  /** Bytes of each write that succeeded, the vnet header in front. */
  readonly writes: Uint8Array[] = [];
  /** What the next writes return. */
  result = 0;
  readonly coalescer: Coalescer;
  readonly #packet = new Packet(65_575);
  readonly #added: { bytes: Uint8Array; isPartial: boolean }[] = [];

  /** @param options whether UDP is joined, by default not, and whether the kernel then refuses that. */
  constructor(options: { readonly joinsUdp?: boolean; readonly refusesUdpRuns?: boolean } = {}) {
    const { joinsUdp = false, refusesUdpRuns = false } = options;
    this.coalescer = new Coalescer((run) => {
      const isUdpRun = run.bytes[run.start + 1] === GsoType.UDP_L4;
      if (isUdpRun && refusesUdpRuns) return DropReason.TUN_WRITE_ERROR;
      if (this.result === 0) this.writes.push(run.toBytes().slice());
      return this.result;
    }, joinsUdp);
  }

  /** Adds a partial packet. */
  add(bytes: Uint8Array): number {
    return this.#add(bytes, true);
  }

  /** Adds a packet whose checksum is complete. */
  addWhole(bytes: Uint8Array): number {
    return this.#add(bytes, false);
  }

  #add(bytes: Uint8Array, isPartial: boolean): number {
    const packet = this.#packet;
    packet.fill(bytes);
    packet.isPartial = isPartial;
    const { start, end } = packet;
    const result = this.coalescer.add(packet);
    assert.deepEqual([packet.start, packet.end, packet.isPartial], [start, end, isPartial]);
    if (result === 0) this.#added.push({ bytes: bytes.slice(), isPartial });
    return result;
  }

  /** How many packets each write stands for. */
  writtenPkts(): number[] {
    return this.writes.map((write) => cutWrite(write).length);
  }

  /** The vnet header of a write. */
  headerOf(write: number): VnetHeader {
    const header = new VnetHeader();
    const bytes = this.writes[write]!;
    header.read(new DataView(bytes.buffer, bytes.byteOffset), 0);
    return header;
  }

  /** Flushes, and checks that what the kernel makes of the writes is what went in, per flow in order. */
  assertCarriesAll(message?: string): void {
    this.coalescer.flush();
    assert.equal(this.coalescer.waitingPkts, 0, message);
    const sent = new Map<string, string[]>();
    for (const { bytes, isPartial } of this.#added) note(sent, bytes, isPartial);
    const received = new Map<string, string[]>();
    for (const write of this.writes) {
      const isPartial = write.subarray(0, VNET_HEADER_BYTES).some((it) => it !== 0);
      for (const packet of cutWrite(write)) note(received, packet, isPartial);
    }
    // Flows may change places, so they are compared by name.
    assert.deepEqual([...received].sort(byName), [...sent].sort(byName), message);
  }
}

function note(flows: Map<string, string[]>, bytes: Uint8Array, isPartial: boolean): void {
  const flow = flowOf(bytes);
  const packets = flows.get(flow);
  if (packets === undefined) flows.set(flow, [comparable(bytes, isPartial)]);
  else packets.push(comparable(bytes, isPartial));
}

/** Protocol, version, addresses and ports of TCP and UDP; all else is one flow, for it is written at once. */
function flowOf(bytes: Uint8Array): string {
  const packet = new Packet(bytes.length);
  packet.fill(bytes);
  const payload = new IpPayload();
  payload.locate(packet);
  const { protocol } = payload;
  const hasPorts = (protocol === 6 || protocol === 17) && payload.end - payload.start >= 4;
  if (!hasPorts || payload.isLaterFragment) return "other";
  const addresses = bytes[0]! >> 4 === 4 ? bytes.subarray(12, 20) : bytes.subarray(8, 40);
  const ports = packet.bytes.subarray(payload.start, payload.start + 4);
  return `${protocol} ${toHex(addresses)} ${toHex(ports)}`;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
