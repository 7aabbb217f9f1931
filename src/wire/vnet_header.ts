/**
 * The header that a tun with IFF_VNET_HDR puts in front of each packet, and wants in front of what is written to it: whether
 * it is several packets in one, and whether its checksum is still to be computed (linux/virtio_net.h, virtio 1.1 §5.1.6). Pure.
 *
 * ```
 * flags 1 | gso type 1 | header length 2 | gso size 2 | checksum start 2 | checksum offset 2     little-endian
 * ```
 *
 * A packet whose checksum is still to be computed has the sum of the pseudo-header in that field. Inside the tunnel the
 * field means nothing then: the tunnel authenticates, a flag of the data header travels with the packet, and the other end's
 * kernel computes the sum, if it is ever needed.
 *
 * @module
 */

/** Bytes of the header. */
export const VNET_HEADER_BYTES = 10;

/** Bits of the flags. */
export const VnetFlag = {
  /** The checksum over what begins at the checksum's start is to be put at its offset from there. */
  NEEDS_CSUM: 1,
  /** The checksum was checked. */
  DATA_VALID: 2,
} as const;

/** What the packet is. */
export const GsoType = {
  /** One packet. */
  NONE: 0,
  /** Several TCP segments over IPv4. */
  TCPV4: 1,
  /** Several TCP segments over IPv6. */
  TCPV6: 4,
  /** Several UDP datagrams (Linux 6.2 and later). */
  UDP_L4: 5,
  /** Bit: the first segment has CWR set, and only that one shall. */
  ECN: 0x80,
} as const;

/** One header; a reused object. Offsets count from the packet's first byte behind the header. */
export class VnetHeader {
  /** {@link VnetFlag}s. */
  flags = 0;
  /** One of {@link GsoType}, perhaps with ECN. */
  gsoType = 0;
  /** IP and transport header together; a hint that may be wrong. */
  headerBytes = 0;
  /** Payload of each segment but the last. */
  segmentBytes = 0;
  checksumStart = 0;
  checksumOffset = 0;

  /** Hot. Reads the ten bytes at `at`. */
  read(view: DataView, at: number): void {
    this.flags = view.getUint8(at);
    this.gsoType = view.getUint8(at + 1);
    this.headerBytes = view.getUint16(at + 2, true);
    this.segmentBytes = view.getUint16(at + 4, true);
    this.checksumStart = view.getUint16(at + 6, true);
    this.checksumOffset = view.getUint16(at + 8, true);
  }

  /** Hot. Writes the ten bytes at `at`. */
  write(view: DataView, at: number): void {
    view.setUint8(at, this.flags);
    view.setUint8(at + 1, this.gsoType);
    view.setUint16(at + 2, this.headerBytes, true);
    view.setUint16(at + 4, this.segmentBytes, true);
    view.setUint16(at + 6, this.checksumStart, true);
    view.setUint16(at + 8, this.checksumOffset, true);
  }

  /** Hot. One whole packet, with nothing left to be done. */
  reset(): void {
    this.flags = 0;
    this.gsoType = GsoType.NONE;
    this.headerBytes = 0;
    this.segmentBytes = 0;
    this.checksumStart = 0;
    this.checksumOffset = 0;
  }
}
