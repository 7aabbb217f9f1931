/**
 * Reads what tcpdump writes (pcap-savefile(5)), and finds UDP datagrams in it. Pure.
 *
 * @module
 */

/** What a savefile holds. */
export interface PcapFile {
  /** One of `LinkType`, or another of https://www.tcpdump.org/linktypes.html. */
  readonly linkType: number;
  /** The frames, oldest first: views into the file's bytes. */
  readonly frames: readonly Uint8Array[];
}

/** What a frame begins with. */
export const LinkType = {
  /** The 14 bytes of Ethernet: veth, lo. */
  ETHERNET: 1,
  /** IPv4 or IPv6 at once: tun. */
  RAW: 101,
} as const;

/** An end of a datagram; the address as canonical text. */
export interface UdpEnd {
  readonly hostname: string;
  readonly port: number;
}

/** A datagram. */
export interface UdpDatagram {
  readonly source: UdpEnd;
  readonly destination: UdpEnd;
  readonly payload: Uint8Array;
}

/** The file header: magic number, version, two unused fields, snap length, link type. */
const FILE_HEADER_BYTES = 24;
const LINK_TYPE_OFFSET = 20;
/** Microseconds, in the byte order of the writer: that of all machines here. */
const MAGIC = 0xa1b2c3d4;
/** Before each frame: seconds, microseconds, bytes that follow, bytes there were. */
const RECORD_HEADER_BYTES = 16;

/** Reads a file that may still be written: a record that is not all there is left out. @throws Error when it is none. */
export function parsePcap(bytes: Uint8Array): PcapFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FILE_HEADER_BYTES) return { linkType: LinkType.ETHERNET, frames: [] };
  if (view.getUint32(0, true) !== MAGIC) throw new Error("Not a pcap file of this machine");
  const frames: Uint8Array[] = [];
  for (let at = FILE_HEADER_BYTES; at + RECORD_HEADER_BYTES <= bytes.length;) {
    const start = at + RECORD_HEADER_BYTES;
    const end = start + view.getUint32(at + 8, true);
    if (end > bytes.length) break;
    if (end - start !== view.getUint32(at + 12, true)) throw new Error("A frame was cut off");
    frames.push(bytes.subarray(start, end));
    at = end;
  }
  return { linkType: view.getUint32(LINK_TYPE_OFFSET, true), frames };
}

/** The UDP datagram in a frame; null when there is none, or only a fragment of one. */
export function udpIn(frame: Uint8Array, linkType: number): UdpDatagram | null {
  const packet = linkType === LinkType.ETHERNET ? frame.subarray(14) : frame;
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4) return udpInIpv4(packet);
  return version === 6 ? udpInIpv6(packet) : null;
}

function udpInIpv4(packet: Uint8Array): UdpDatagram | null {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const headerBytes = (packet[0]! & 15) * 4;
  // RFC 791 §3.1: "more fragments", or an offset.
  if (packet.length < headerBytes + 8 || (view.getUint16(6) & 0x3fff) !== 0) return null;
  if (packet[9] !== UDP) return null;
  const host = (at: number): string => packet.subarray(at, at + 4).join(".");
  return udpAt(packet, headerBytes, host(12), host(16));
}

/** Extension headers are not looked behind: nobody here sends any but fragments. */
function udpInIpv6(packet: Uint8Array): UdpDatagram | null {
  if (packet.length < 48 || packet[6] !== UDP) return null;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const host = (at: number): string => {
    const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i).toString(16));
    return new URL(`udp://[${groups.join(":")}]`).hostname.slice(1, -1); // shortened
  };
  return udpAt(packet, 40, host(8), host(24));
}

function udpAt(packet: Uint8Array, at: number, from: string, to: string): UdpDatagram {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  // By UDP's own length: Ethernet pads short frames.
  const payload = packet.subarray(at + 8, at + view.getUint16(at + 4));
  return {
    source: { hostname: from, port: view.getUint16(at) },
    destination: { hostname: to, port: view.getUint16(at + 2) },
    payload,
  };
}

/** Protocol number (RFC 768). */
const UDP = 17;
