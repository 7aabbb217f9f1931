/**
 * Joins what came through the tunnel to superpackets, on its way to a tun with vnet headers: consecutive in-order segments
 * of one TCP flow, or datagrams of one length of one UDP flow, go to the kernel with one system call, as a network card with GRO
 * would hand them over. Pure.
 *
 * Only packets whose checksum is still to be computed are joined: the kernel then trusts the tunnel's authentication, and
 * nobody sums up the payload. All others are written alone. The order within a flow is never changed; between flows it may be.
 *
 * @module
 */

import { CoalescedRun } from "./coalesced_run.ts";
import { checkIpPacket } from "./ip_packet.ts";
import { IpPayload, IpProtocol } from "./ip_payload.ts";
import { JoinableSegment } from "./joinable_segment.ts";
import { Packet } from "./packet.ts";
import { writePseudoChecksum } from "./partial_checksum.ts";
import { Segmenter } from "./segmenter.ts";
import { VNET_HEADER_BYTES, VnetHeader } from "./vnet_header.ts";

/** Open runs at a time, of 66 KiB each; as many as GRO has in one of its buckets (MAX_GRO_SKBS). Each is asked for each packet. */
const MAX_RUNS = 8;

/** Both ports together, in front of the TCP or UDP header. */
const PORTS_BYTES = 4;

/** Takes bytes of one write: a vnet header and the packet behind it; borrowed until return. @returns 0, or a DropReason. */
export type RunWriter = (run: Packet) => number;

/**
 * Collects packets until {@link Coalescer.flush}: call it when no more are at hand, for nothing else ends the waiting.
 *
 * @example
 * ```ts
 * import { Coalescer } from "./coalescer.ts";
 * import { Packet } from "./packet.ts";
 *
 * let writes = 0;
 * const coalescer = new Coalescer(() => (writes++, 0));
 * const packet = new Packet(1500);
 * packet.fill(Uint8Array.of(0x60, 0, 0, 0, 0, 0, 59, 64, ...new Array(32).fill(1))); // nothing to be joined
 * if (coalescer.add(packet) !== 0 || writes !== 1) throw new Error("not written");
 * coalescer.flush();
 * ```
 */
export class Coalescer {
  /** Packets in runs that could not be written, so far. */
  lostPkts = 0;
  /** The newest DropReason of such a run; 0: none so far. */
  lostReason = 0;
  /** Runs written so far, those of one packet among them; what never waited is not counted. */
  writtenRuns = 0;
  /** Packets in them. */
  joinedPkts = 0;
  readonly #write: RunWriter;
  /** The open ones first, oldest first; behind them those that are free. Made when first needed. */
  readonly #runs: CoalescedRun[] = [];
  #openRuns = 0;
  #waitingPkts = 0;
  readonly #segment = new JoinableSegment();
  readonly #payload = new IpPayload();
  readonly #header = new VnetHeader();
  #joinsUdp: boolean;
  /** Whether there may be runs of UDP: some stay open when joining ends. */
  readonly #hasUdpRuns: boolean;
  /** For a run that is refused; made when first needed. */
  #segmenter: Segmenter | null = null;

  /**
   * @param write is called for each superpacket or packet; it must not call the coalescer.
   * @param joinsUdp whether the kernel takes several datagrams in one.
   */
  constructor(write: RunWriter, joinsUdp = false) {
    this.#write = write;
    this.#joinsUdp = joinsUdp;
    this.#hasUdpRuns = joinsUdp;
  }

  /** Whether datagrams are joined: no longer, once that was refused where they were taken one by one. */
  get joinsUdp(): boolean {
    return this.#joinsUdp;
  }

  /** Packets that wait in runs. */
  get waitingPkts(): number {
    return this.#waitingPkts;
  }

  /**
   * Hot. Joins a packet to its flow's run, begins one with a copy of it, or writes it.
   * @param packet borrowed until return. Needs 10 bytes of headroom, which are overwritten, and so is a partial checksum.
   * @returns 0, or a DropReason: EMPTY or NOT_IP, or that of writing this packet alone. Packets that a run has taken
   * are counted in {@link lostPkts} when it can't be written, even if that happens at once.
   */
  add(packet: Packet): number {
    const checked = checkIpPacket(packet);
    if (checked < 0) return checked;
    const segment = this.#segment;
    if (!packet.isPartial || !segment.read(packet, this.#joinsUdp)) {
      if (this.#openRuns > 0) this.#writeRunsBefore(packet);
      return this.#writeAlone(packet);
    }
    const index = this.#findRun(packet, segment);
    if (index >= 0) {
      const run = this.#runs[index]!;
      if (run.canTake(packet, segment)) {
        run.take(packet, segment);
        this.#waitingPkts++;
        if (run.isClosed) this.#writeRun(index);
        return 0;
      }
      this.#writeRun(index);
    }
    // Nothing may follow a PSH: a run would be this packet only, and a copy in vain.
    if (segment.isPushed) return this.#writeAlone(packet);
    this.#begin(packet);
    return 0;
  }

  /** Hot. Writes all that waits, oldest run first. */
  flush(): void {
    while (this.#openRuns > 0) this.#writeRun(0);
  }

  #begin(packet: Packet): void {
    if (this.#openRuns === MAX_RUNS) this.#writeRun(0);
    if (this.#openRuns === this.#runs.length) this.#runs.push(new CoalescedRun());
    this.#runs[this.#openRuns]!.begin(packet, this.#segment);
    this.#openRuns++;
    this.#waitingPkts++;
  }

  /** The newest first: packets of one flow come in trains. @returns the index of the open run of a packet's flow, or -1. */
  #findRun(packet: Packet, { ipHeaderBytes, isUdp }: JoinableSegment): number {
    const portsStart = packet.start + ipHeaderBytes;
    for (let i = this.#openRuns - 1; i >= 0; i--) {
      if (this.#runs[i]!.isOfFlow(packet, portsStart, isUdp)) return i;
    }
    return -1;
  }

  /**
   * Writes what a packet that can't be joined must not overtake: the run of its flow or, where it can't be told whether it
   * is TCP or UDP and of which ports (later fragments, strange headers), each run between its addresses.
   */
  #writeRunsBefore(packet: Packet): void {
    const payload = this.#payload;
    payload.locate(packet);
    const { protocol, start } = payload;
    const isUdp = protocol === IpProtocol.UDP;
    if (isUdp && !this.#hasUdpRuns) return;
    if (protocol === IpProtocol.ICMP || protocol === IpProtocol.ICMPV6) return;
    const hasPorts = (isUdp || protocol === IpProtocol.TCP) && !payload.isLaterFragment &&
      start + PORTS_BYTES <= payload.end;
    const portsStart = hasPorts ? start : -1;
    let i = 0;
    while (i < this.#openRuns) {
      if (this.#runs[i]!.isOfFlow(packet, portsStart, isUdp)) this.#writeRun(i);
      else i++;
    }
  }

  /** Writes one packet from where it stands. */
  #writeAlone(packet: Packet): number {
    const header = this.#header;
    header.reset();
    if (packet.isPartial) {
      const result = writePseudoChecksum(packet, header);
      if (result < 0) return result;
    }
    packet.start -= VNET_HEADER_BYTES;
    header.write(packet.view, packet.start);
    const result = this.#write(packet);
    packet.start += VNET_HEADER_BYTES;
    return result;
  }

  #writeRun(index: number): void {
    const runs = this.#runs;
    const run = runs[index]!;
    this.#openRuns--;
    for (let i = index; i < this.#openRuns; i++) runs[i] = runs[i + 1]!;
    runs[this.#openRuns] = run;
    const { pkts } = run;
    this.#waitingPkts -= pkts;
    const superpacket = run.finish();
    const result = this.#write(superpacket);
    if (result < 0 && run.isUdp && pkts > 1) this.#writeEach(superpacket);
    else if (result < 0) this.#lose(pkts, result);
    else {
      this.writtenRuns++;
      this.joinedPkts += pkts;
    }
  }

  /** Writes the datagrams of a run that was refused one by one. If that is taken, it was the joining that is not. */
  #writeEach(superpacket: Packet): void {
    const segmenter = this.#segmenter ??= new Segmenter();
    const datagram = new Packet();
    this.#header.read(superpacket.view, superpacket.start);
    superpacket.start += VNET_HEADER_BYTES;
    segmenter.begin(superpacket, this.#header);
    while (segmenter.next(datagram)) {
      const result = this.#writeAlone(datagram);
      if (result < 0) this.#lose(1, result);
      else this.#joinsUdp = false;
    }
  }

  #lose(pkts: number, reason: number): void {
    this.lostPkts += pkts;
    this.lostReason = reason;
  }
}
