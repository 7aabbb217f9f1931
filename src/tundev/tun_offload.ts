/**
 * A tun whose packets have vnet headers: one read gives many packets of a flow, one write takes many.
 *
 * What is written waits for its successors until the turn ends in which it is delivered ({@link TurnEndCaller}), not longer.
 *
 * @module
 */

import type { TunFile } from "../../ffi/tun.ts";
import { Coalescer } from "../wire/coalescer.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { addWords, checksumOf } from "../wire/inet_checksum.ts";
import { IpProtocol } from "../wire/ip_payload.ts";
import { HEADROOM_BYTES, Packet } from "../wire/packet.ts";
import { Segmenter } from "../wire/segmenter.ts";
import { GsoType, VNET_HEADER_BYTES, VnetFlag, VnetHeader } from "../wire/vnet_header.ts";
import type { EnteringPacketHandler } from "./tundev.ts";

/** Largest IP packet, in bytes (RFC 791 §3.1: the total length has 16 bits); with IPv6 the kernel gives no larger ones. */
const MAX_IP_BYTES = 65_535;

/** The header stands in the headroom, so that the packet behind it begins where all packets do. */
const READ_START = HEADROOM_BYTES - VNET_HEADER_BYTES;

/** Hot. Is told that packets were lost: cut badly by the kernel, or refused by it after `send` had taken them. */
export type LostHandler = (reason: DropReason, pkts: number) => void;

/** Hot. Calls back once, when no more is at hand: see `Reactor.atTurnEnd`. */
export type TurnEndCaller = (send: () => void) => void;

/** What is needed of a tun: its reads and writes, each with a vnet header in front. */
export type OffloadFile = Pick<TunFile, "read" | "write" | "takesUdpRuns">;

/** Reads and writes of one device. */
export class TunOffload {
  readonly #file: OffloadFile;
  readonly #onLost: LostHandler;
  readonly #atTurnEnd: TurnEndCaller;
  readonly #header = new VnetHeader();
  readonly #read = new Packet(MAX_IP_BYTES);
  readonly #segment = new Packet();
  readonly #segmenter = new Segmenter();
  readonly #coalescer: Coalescer;
  /** For packets that have no room for a vnet header in front of them; made when first needed. */
  #moved: Packet | null = null;
  #isFlushDue = false;
  #readBytes = 0;
  #isClosed = false;
  #lostPkts = 0;

  /** @param file the caller's. */
  constructor(file: OffloadFile, onLost: LostHandler, atTurnEnd: TurnEndCaller = queueMicrotask) {
    this.#file = file;
    this.#onLost = onLost;
    this.#atTurnEnd = atTurnEnd;
    this.#coalescer = new Coalescer(
      (run) => file.write(run.bytes, run.start, run.end) >= 0 ? 0 : DropReason.TUN_WRITE_ERROR,
      file.takesUdpRuns,
    );
  }

  /** Bytes read since this was asked last. */
  takeReadBytes(): number {
    const readBytes = this.#readBytes;
    this.#readBytes = 0;
    return readBytes;
  }

  /**
   * Hot. Reads once, and calls back for each packet of what came, until closed; it is borrowed until return. What is
   * malformed is told as lost.
   * @param now monotonic ms, for the callback
   * @returns how many packets came of it, or a negated errno.
   */
  read(callback: EnteringPacketHandler, now: number): number {
    const read = this.#read;
    const n = this.#file.read(read.bytes, READ_START, VNET_HEADER_BYTES + MAX_IP_BYTES);
    if (n < 0) return n;
    this.#readBytes += n;
    if (n < VNET_HEADER_BYTES) {
      this.#onLost(DropReason.TRUNCATED, 1);
      return 0;
    }
    this.#header.read(read.view, READ_START);
    read.start = HEADROOM_BYTES;
    read.end = READ_START + n;
    if (this.#header.gsoType !== GsoType.NONE) return this.#cut(callback, now);
    if (this.#takeChecksum()) {
      callback(read, now);
      return 1;
    }
    this.#onLost(DropReason.NOT_IP, 1);
    return 0;
  }

  /** Hot. See `Tundev.send`; a partial checksum is overwritten. */
  send(packet: Packet): number {
    const hasRoom = packet.start >= VNET_HEADER_BYTES;
    const result = this.#coalescer.add(hasRoom ? packet : this.#move(packet));
    if (this.#coalescer.lostPkts !== this.#lostPkts) this.#tellLost();
    if (!this.#isFlushDue && this.#coalescer.waitingPkts > 0) {
      this.#isFlushDue = true;
      this.#atTurnEnd(this.#handleTurnEnd);
    }
    return result;
  }

  /** Writes what waits; a read that is under way in a callback gives no further packets. */
  close(): void {
    this.#isClosed = true;
    this.#flush();
  }

  /** @returns packets that came of it. */
  #cut(callback: EnteringPacketHandler, now: number): number {
    const segmenter = this.#segmenter;
    const pkts = segmenter.begin(this.#read, this.#header);
    if (pkts < 0) {
      this.#onLost(pkts as DropReason, 1);
      return 0;
    }
    while (!this.#isClosed && segmenter.next(this.#segment)) callback(this.#segment, now);
    return pkts;
  }

  /**
   * A checksum is left to the other end where that one can tell what it is to be. Elsewhere (inside of another tunnel's
   * packet; behind a routing header, whose last address is in the sum) it is computed here, as the header says.
   * @returns false when it says something impossible.
   */
  #takeChecksum(): boolean {
    const read = this.#read;
    const header = this.#header;
    read.isPartial = false;
    if ((header.flags & VnetFlag.NEEDS_CSUM) === 0) return true;
    const start = read.start + header.checksumStart;
    const fieldAt = start + header.checksumOffset;
    if (fieldAt + 2 > read.end) return false;
    if (isPlainTransport(read, header)) {
      read.isPartial = true;
      return true;
    }
    // The field has the pseudo-header's sum. A sum of 0 is written as its other zero, for it may be UDP's.
    const checksum = checksumOf(addWords(read, start, read.end, 0));
    read.view.setUint16(fieldAt, checksum === 0 ? 0xffff : checksum);
    return true;
  }

  #move(packet: Packet): Packet {
    const moved = this.#moved ??= new Packet(MAX_IP_BYTES);
    moved.copyFrom(packet);
    return moved;
  }

  #flush(): void {
    this.#coalescer.flush();
    if (this.#coalescer.lostPkts !== this.#lostPkts) this.#tellLost();
  }

  readonly #handleTurnEnd = (): void => {
    this.#isFlushDue = false;
    this.#flush();
  };

  #tellLost(): void {
    const { lostPkts, lostReason } = this.#coalescer;
    this.#onLost(lostReason as DropReason, lostPkts - this.#lostPkts);
    this.#lostPkts = lostPkts;
  }
}

/** Whether a vnet header's checksum is that of a TCP or UDP header right behind an IP header without options or extensions. */
function isPlainTransport({ bytes, view, start }: Packet, header: VnetHeader): boolean {
  const isIpv4 = bytes[start] === 0x45;
  if (!isIpv4 && bytes[start]! >> 4 !== 6) return false;
  if (isIpv4 && (view.getUint16(start + IPV4_FRAGMENT_OFFSET) & IPV4_IS_FRAGMENT) !== 0) {
    return false;
  }
  const { checksumStart, checksumOffset } = header;
  if (checksumStart !== (isIpv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES)) return false;
  const protocol = bytes[start + (isIpv4 ? IPV4_PROTOCOL_OFFSET : IPV6_NEXT_HEADER_OFFSET)];
  return protocol === IpProtocol.TCP
    ? checksumOffset === TCP_CHECKSUM_OFFSET
    : protocol === IpProtocol.UDP && checksumOffset === UDP_CHECKSUM_OFFSET;
}

/** RFC 791 §3.1: offsets in bytes; the fragment word's "more fragments" and place. */
const IPV4_HEADER_BYTES = 20;
const IPV4_FRAGMENT_OFFSET = 6;
const IPV4_IS_FRAGMENT = 0x3fff;
const IPV4_PROTOCOL_OFFSET = 9;

/** RFC 8200 §3: offsets in bytes. */
const IPV6_HEADER_BYTES = 40;
const IPV6_NEXT_HEADER_OFFSET = 6;

/** RFC 9293 §3.1 and RFC 768: offsets in bytes from the header's first. */
const TCP_CHECKSUM_OFFSET = 16;
const UDP_CHECKSUM_OFFSET = 6;
