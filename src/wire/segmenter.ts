/**
 * Cuts what a tun with vnet headers gives in one read, up to 64 KiB of one TCP connection or of one UDP flow, into the IP
 * packets that it stands for. Comes right behind the tun, before anything of the tunnel sees the packet. Pure.
 *
 * Headers are found here, not where the vnet header says (virtio 1.1 §5.1.6.2: headerBytes is a hint). What becomes of their
 * fields is what Linux does when a device cannot do it (net/ipv4/af_inet.c inet_gso_segment, tcp_offload.c tcp_gso_segment,
 * udp_offload.c __udp_gso_segment), except for the transport's checksum: see {@link Packet.isPartial}.
 *
 * @module
 */

import { DropReason } from "./drop_reason.ts";
import { checksumOf } from "./inet_checksum.ts";
import { checkIpPacket } from "./ip_packet.ts";
import { IpPayload, IpProtocol } from "./ip_payload.ts";
import { HEADROOM_BYTES, MAX_PACKET_BYTES, Packet } from "./packet.ts";
import { GsoType, type VnetHeader } from "./vnet_header.ts";

/** RFC 791 §3.1. */
const IPV4_TOTAL_LENGTH_OFFSET = 2;
const IPV4_ID_OFFSET = 4;
const IPV4_CHECKSUM_OFFSET = 10;

/** RFC 8200 §3: the payload length counts from behind the fixed header, extension headers included. */
const IPV6_HEADER_BYTES = 40;
const IPV6_PAYLOAD_LENGTH_OFFSET = 4;

/** RFC 9293 §3.1. */
const TCP_MIN_HEADER_BYTES = 20;
const TCP_SEQUENCE_OFFSET = 4;
const TCP_DATA_OFFSET_OFFSET = 12;
const TCP_FLAGS_OFFSET = 13;
const TCP_FIN = 0x01;
const TCP_PSH = 0x08;
/** RFC 3168 §6.1.2: says once that the window was reduced; on every segment, it would say so again and again. */
const TCP_CWR = 0x80;

/** RFC 768. */
const UDP_HEADER_BYTES = 8;
const UDP_LENGTH_OFFSET = 4;

/** Segments of one packet for which views are kept: 64 KiB of an ordinary connection are 46. Beyond, a view is made each time. */
const MAX_WINDOWS = 64;

/** What is there before the first packet. */
const NO_PACKET = new Packet(0);

/**
 * The one packet that is being cut; made once.
 *
 * Payload is copied from views that are kept: the same place and segment size as in the packet before, which is so as long
 * as one connection fills the tun, need none made. Measured for 1348 bytes, on a busy machine: 69 ns from a kept view,
 * 119 ns from a fresh one (and 104 bytes of heap), 207 ns by words. Headers of 52 bytes: 11 ns by words, 14 ns
 * from a kept view, 27 ns by bytes.
 *
 * @example
 * ```ts
 * import { Packet } from "./packet.ts";
 * import { Segmenter } from "./segmenter.ts";
 * import { VnetHeader } from "./vnet_header.ts";
 *
 * const segmenter = new Segmenter();
 * const packet = new Packet();
 * packet.fill(Uint8Array.of(1, 2, 3));
 * if (segmenter.begin(packet, new VnetHeader()) >= 0) throw new Error("no IP packet, but taken");
 * if (segmenter.next(new Packet())) throw new Error("a segment of nothing");
 * ```
 */
export class Segmenter {
  readonly #maxPacketBytes: number;
  readonly #payload = new IpPayload();
  #packet = NO_PACKET;
  #isIpv4 = true;
  #isTcp = true;
  /** IP and transport header, in bytes; always a multiple of 4. */
  #headerBytes = 0;
  /** The transport header, counted from the packet's first byte. */
  #transportOffset = 0;
  #segmentBytes = 0;
  /** The first segment's payload, the next one's, and where it ends, in the packet's `bytes`. */
  #firstAt = 0;
  #at = 0;
  #end = 0;
  #index = 0;
  #left = 0;
  /** Sum of the IPv4 header's words without length, identification and checksum. */
  #ipv4Sum = 0;
  /** Views of #windowsOf, from #windowsStart on, each #windowBytes long; made when first needed. */
  readonly #windows: (Uint8Array | null)[] = new Array(MAX_WINDOWS).fill(null);
  #windowsOf = NO_PACKET.bytes;
  #windowsStart = 0;
  #windowBytes = 0;

  /** @param maxPacketBytes the largest segment, headers included, that every slot given to {@link next} takes. */
  constructor(maxPacketBytes: number = MAX_PACKET_BYTES) {
    this.#maxPacketBytes = maxPacketBytes;
  }

  /**
   * Hot. Takes a packet that was read behind a header whose gsoType is not NONE; what was left of an earlier one is forgotten.
   * Bytes behind the length that the IP header says are no part of it.
   * @param packet without the vnet header. Borrowed, and not to be changed, until the last segment is out.
   * @param header read during the call only.
   * @returns how many packets it becomes (one, if it is small or has no payload), or a {@link DropReason}: NOT_IP for what
   * is malformed, a fragment, or of a kind that isn't known; EMPTY; TOO_LARGE for segments that fit into no slot.
   */
  begin(packet: Packet, header: VnetHeader): number {
    this.#left = 0;
    const { segmentBytes } = header;
    const result = checkIpPacket(packet);
    if (result < 0) return result;
    if (segmentBytes === 0) return DropReason.NOT_IP;
    this.#payload.locate(packet);
    const transportBytes = this.#transportBytes(packet, header.gsoType & ~GsoType.ECN);
    if (transportBytes === 0) return DropReason.NOT_IP;
    const { start, end } = this.#payload;
    const payloadBytes = end - start - transportBytes;
    this.#headerBytes = start + transportBytes - packet.start;
    if (this.#headerBytes + Math.min(segmentBytes, payloadBytes) > this.#maxPacketBytes) {
      return DropReason.TOO_LARGE;
    }
    this.#transportOffset = start - packet.start;
    this.#packet = packet;
    this.#segmentBytes = segmentBytes;
    this.#index = 0;
    this.#at = this.#firstAt = start + transportBytes;
    this.#end = end;
    if (this.#isIpv4) this.#ipv4Sum = sumOfIpv4Header(packet, this.#transportOffset);
    this.#useWindows();
    return this.#left = Math.max(1, Math.ceil(payloadBytes / segmentBytes));
  }

  /**
   * Hot. Writes the next segment.
   * @param out filled where Packet.fill would, its transport's checksum left to be computed; not the packet that is cut.
   * @returns false when there is none left; `out` is then as it was.
   * @throws RangeError when `out` is smaller than the constructor was told.
   */
  next(out: Packet): boolean {
    if (this.#left === 0) return false;
    const isLast = --this.#left === 0;
    const payloadBytes = isLast ? this.#end - this.#at : this.#segmentBytes;
    const lengthBytes = this.#headerBytes + payloadBytes;
    if (lengthBytes > out.capacityBytes) refuse(lengthBytes, out);
    out.start = HEADROOM_BYTES;
    out.end = HEADROOM_BYTES + lengthBytes;
    out.isPartial = true;
    copyHeader(this.#packet, out.view, this.#headerBytes);
    this.#copyPayload(out, payloadBytes);
    this.#fixIp(out.view, lengthBytes);
    if (this.#isTcp) this.#fixTcp(out, isLast);
    else {
      const lengthAt = HEADROOM_BYTES + this.#transportOffset + UDP_LENGTH_OFFSET;
      out.view.setUint16(lengthAt, UDP_HEADER_BYTES + payloadBytes);
    }
    this.#at += payloadBytes;
    this.#index++;
    return true;
  }

  /** Notes what the located packet is. @returns its transport header in bytes; 0: not what the type says, or not all there. */
  #transportBytes({ bytes, start: packetStart }: Packet, gsoType: number): number {
    const { protocol, isFragment, start, end } = this.#payload;
    if (isFragment) return 0;
    this.#isIpv4 = bytes[packetStart]! >> 4 === 4;
    this.#isTcp = gsoType === (this.#isIpv4 ? GsoType.TCPV4 : GsoType.TCPV6);
    if (!this.#isTcp) {
      const isUdp = gsoType === GsoType.UDP_L4 && protocol === IpProtocol.UDP;
      return isUdp && start + UDP_HEADER_BYTES <= end ? UDP_HEADER_BYTES : 0;
    }
    if (protocol !== IpProtocol.TCP || start + TCP_MIN_HEADER_BYTES > end) return 0;
    const headerBytes = (bytes[start + TCP_DATA_OFFSET_OFFSET]! >> 4) * 4;
    return headerBytes >= TCP_MIN_HEADER_BYTES && start + headerBytes <= end ? headerBytes : 0;
  }

  /** Each packet has its own identification, as Linux gives it, even one that must not be fragmented. */
  #fixIp(view: DataView<ArrayBuffer>, lengthBytes: number): void {
    if (!this.#isIpv4) {
      const payloadBytes = lengthBytes - IPV6_HEADER_BYTES;
      view.setUint16(HEADROOM_BYTES + IPV6_PAYLOAD_LENGTH_OFFSET, payloadBytes);
      return;
    }
    const id = (view.getUint16(HEADROOM_BYTES + IPV4_ID_OFFSET) + this.#index) & 0xffff;
    view.setUint16(HEADROOM_BYTES + IPV4_TOTAL_LENGTH_OFFSET, lengthBytes);
    view.setUint16(HEADROOM_BYTES + IPV4_ID_OFFSET, id);
    const checksum = checksumOf(this.#ipv4Sum + lengthBytes + id);
    view.setUint16(HEADROOM_BYTES + IPV4_CHECKSUM_OFFSET, checksum);
  }

  #fixTcp({ bytes, view }: Packet, isLast: boolean): void {
    const tcpStart = HEADROOM_BYTES + this.#transportOffset;
    const sequenceAt = tcpStart + TCP_SEQUENCE_OFFSET;
    // setInt32 takes the sum modulo 2^32, which is what a sequence number does.
    view.setInt32(sequenceAt, view.getInt32(sequenceAt) + (this.#at - this.#firstAt));
    let flags = bytes[tcpStart + TCP_FLAGS_OFFSET]!;
    if (!isLast) flags &= ~(TCP_FIN | TCP_PSH);
    if (this.#index > 0) flags &= ~TCP_CWR;
    bytes[tcpStart + TCP_FLAGS_OFFSET] = flags;
  }

  /** A short last segment is copied with what stands behind it, as long as there is room. */
  #copyPayload(out: Packet, payloadBytes: number): void {
    const at = HEADROOM_BYTES + this.#headerBytes;
    const window = this.#window();
    if (window !== null && at + window.length <= out.bytes.length) {
      out.bytes.set(window, at);
    } else out.bytes.set(this.#packet.bytes.subarray(this.#at, this.#at + payloadBytes), at);
  }

  /** The kept views stay good for a packet that is cut in the same places. */
  #useWindows(): void {
    const isSame = this.#windowsOf === this.#packet.bytes &&
      this.#windowsStart === this.#firstAt && this.#windowBytes === this.#segmentBytes;
    if (isSame) return;
    this.#windows.fill(null);
    this.#windowsOf = this.#packet.bytes;
    this.#windowsStart = this.#firstAt;
    this.#windowBytes = this.#segmentBytes;
  }

  /** The kept view of the next segment, shorter at the slot's end; null: there are too many segments. */
  #window(): Uint8Array | null {
    if (this.#index >= MAX_WINDOWS) return null;
    const end = this.#at + this.#segmentBytes;
    return this.#windows[this.#index] ??= this.#windowsOf.subarray(this.#at, end);
  }
}

function sumOfIpv4Header({ view, start }: Packet, headerBytes: number): number {
  let sum = 0;
  for (let at = start; at < start + headerBytes; at += 2) sum += view.getUint16(at);
  return sum - view.getUint16(start + IPV4_TOTAL_LENGTH_OFFSET) -
    view.getUint16(start + IPV4_ID_OFFSET) - view.getUint16(start + IPV4_CHECKSUM_OFFSET);
}

/** All headers are multiples of 4 bytes; int32, since a uint32 may become a number on the heap. */
function copyHeader(packet: Packet, into: DataView<ArrayBuffer>, headerBytes: number): void {
  const { view, start } = packet;
  for (let i = 0; i < headerBytes; i += 4) {
    into.setInt32(HEADROOM_BYTES + i, view.getInt32(start + i));
  }
}

function refuse(lengthBytes: number, out: Packet): never {
  throw new RangeError(`Cannot cut packet: ${lengthBytes} bytes exceed ${out.capacityBytes}`);
}
