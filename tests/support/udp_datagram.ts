/**
 * Makes IP packets with a UDP datagram, of both versions, whose checksum is still to be computed.
 *
 * @module
 */

import { craftIpBytes, type IpParts } from "./craft_ip.ts";

/** What goes into the datagram. */
export interface UdpParts extends IpParts {
  readonly ports?: readonly [src: number, dst: number];
  /** What its header says; the right one by default. */
  readonly udpBytes?: number;
  readonly data?: ArrayLike<number>;
}

/** The datagram, its checksum 0xdead: to be computed by who gets it. DF is set. */
export function craftUdpDatagram(parts: UdpParts): Uint8Array<ArrayBuffer> {
  const { data = [], ports = [40_000, 443], udpBytes = 8 + data.length, ...ip } = parts;
  const udp = new Uint8Array(8 + data.length);
  const view = new DataView(udp.buffer);
  view.setUint16(0, ports[0]);
  view.setUint16(2, ports[1]);
  view.setUint16(4, udpBytes);
  view.setUint16(6, 0xdead);
  udp.set(data, 8);
  return craftIpBytes({ fragment: 0x4000, ...ip, protocol: 17, payload: udp });
}
