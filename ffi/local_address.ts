/**
 * Which of this machine's addresses a datagram was sent to, and from which one the answer leaves: the control messages IP_PKTINFO
 * (ip(7)) and IPV6_PKTINFO (RFC 3542 section 6, ipv6(7)). A socket bound to the wildcard would else answer from whichever address
 * the route picks.
 *
 * Layouts: include/uapi/linux/in.h, `struct in_pktinfo`: interface i32, address to answer from 4 bytes, address in the header 4
 * bytes; include/uapi/linux/ipv6.h, `struct in6_pktinfo`: address 16 bytes, interface i32.
 *
 * @module
 */

import { BytesCache } from "./bytes_cache.ts";
import { addressText } from "./socket_address.ts";

/** `IPPROTO_IP`, the level of IP_PKTINFO, and its type, as option and as control message. */
export const IPPROTO_IP = 0;
export const IP_PKTINFO = 8;

/** `IPPROTO_IPV6`, the level; the option that asks for the message; the message's type. */
export const IPPROTO_IPV6 = 41;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;

/** `struct cmsghdr`: length u64, level i32, type i32; then the data. cmsg(3). */
const CMSG_LEVEL_OFFSET = 8;
const CMSG_TYPE_OFFSET = 12;
const CMSG_DATA_OFFSET = 16;

const PKTINFO_BYTES = 12;
const SPEC_DST_OFFSET = 4;
const HEADER_DST_OFFSET = 8;
const PKTINFO6_BYTES = 20;
const INTERFACE6_OFFSET = 16;

/** `CMSG_SPACE` of the longer one: header and data, rounded up to 8. */
export const LOCAL_CONTROL_BYTES = CMSG_DATA_OFFSET + 24;

/** A master has few addresses, and each counts once for each interface that it is asked by. */
const SLOTS = 64;

/** An address of this machine that was asked. */
export class LocalAddress {
  /** IP literal, canonical, without a zone. */
  readonly hostname: string;
  /** Whether an answer can leave from it: not so when it is everybody's (broadcast, multicast). */
  readonly isUnicast: boolean;
  /** The control message that has a datagram leave from it. To be copied to where the kernel reads it: these bytes may move. */
  readonly control: Uint8Array<ArrayBuffer>;

  private constructor(hostname: string, isUnicast: boolean, control: Uint8Array<ArrayBuffer>) {
    this.hostname = hostname;
    this.isUnicast = isUnicast;
    this.control = control;
  }

  /** Of a `struct in_pktinfo`. The interface is left to the route: 0. */
  static fromIpv4(view: DataView<ArrayBuffer>, at: number): LocalAddress {
    const address = bytesOf(view, at + HEADER_DST_OFFSET, 4);
    // The kernel names another address to answer from where the one asked is everybody's; none, where it did not look.
    const answering = view.getUint32(at + SPEC_DST_OFFSET);
    const isUnicast = answering === 0 || answering === view.getUint32(at + HEADER_DST_OFFSET);
    const control = craftControl(IPPROTO_IP, IP_PKTINFO, PKTINFO_BYTES);
    control.set(address, CMSG_DATA_OFFSET + SPEC_DST_OFFSET);
    return new LocalAddress(addressText(address), isUnicast, control);
  }

  /** Of a `struct in6_pktinfo`. The interface is named only where the address means nothing without: fe80::/10. */
  static fromIpv6(view: DataView<ArrayBuffer>, at: number): LocalAddress {
    const address = bytesOf(view, at, 16);
    const control = craftControl(IPPROTO_IPV6, IPV6_PKTINFO, PKTINFO6_BYTES);
    control.set(address, CMSG_DATA_OFFSET);
    const isLinkLocal = address[0] === 0xfe && (address[1]! & 0xc0) === 0x80;
    if (isLinkLocal) {
      control.set(
        bytesOf(view, at + INTERFACE6_OFFSET, 4),
        CMSG_DATA_OFFSET + INTERFACE6_OFFSET,
      );
    }
    return new LocalAddress(addressText(address), address[0] !== 0xff, control);
  }
}

/** Remembers them by the kernel's bytes: the same object while a socket is asked on the same address. */
export class LocalAddressCache {
  /** Level and type of the control messages that it reads. */
  readonly level: number;
  readonly type: number;
  readonly #cache: BytesCache<LocalAddress | null>;

  constructor(isIpv6: boolean) {
    this.level = isIpv6 ? IPPROTO_IPV6 : IPPROTO_IP;
    this.type = isIpv6 ? IPV6_PKTINFO : IP_PKTINFO;
    this.#cache = new BytesCache<LocalAddress | null>(
      (isIpv6 ? PKTINFO6_BYTES : PKTINFO_BYTES) / 4,
      {
        slots: SLOTS,
        nothing: null,
        create: isIpv6 ? LocalAddress.fromIpv6 : LocalAddress.fromIpv4,
      },
    );
  }

  /** Hot. The address in a control message's data, at `at` of `view`. */
  find(view: DataView<ArrayBuffer>, at: number): LocalAddress | null {
    return this.#cache.find(view, at);
  }
}

/** A control message whose data are zero, as long as `CMSG_SPACE`. */
function craftControl(level: number, type: number, dataBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array((CMSG_DATA_OFFSET + dataBytes + 7) & ~7);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CMSG_DATA_OFFSET + dataBytes, true);
  view.setInt32(CMSG_LEVEL_OFFSET, level, true);
  view.setInt32(CMSG_TYPE_OFFSET, type, true);
  return bytes;
}

function bytesOf(view: DataView<ArrayBuffer>, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}
