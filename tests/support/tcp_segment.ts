/**
 * Makes TCP segments of both versions for tests, with whatever header fields they are about.
 *
 * @module
 */

import { craftIpBytes, type IpParts } from "./craft_ip.ts";

/** What goes into the segment; the defaults are an ordinary one's in the middle of a connection. */
export interface TcpParts extends IpParts {
  readonly ports?: readonly [src: number, dst: number];
  readonly sequence?: number;
  readonly ack?: number;
  readonly flags?: number;
  readonly window?: number;
  readonly urgent?: number;
  /** A multiple of 4. */
  readonly options?: readonly number[];
  readonly data?: ArrayLike<number>;
}

/** The segment, its TCP checksum 0xdead: to be computed by who gets it. DF is set. */
export function craftTcpSegment(parts: TcpParts): Uint8Array<ArrayBuffer> {
  const { options = [], data = [], ports = [40_000, 443], ...ip } = parts;
  const tcp = new Uint8Array(20 + options.length + data.length);
  const view = new DataView(tcp.buffer);
  view.setUint16(0, ports[0]);
  view.setUint16(2, ports[1]);
  view.setUint32(4, parts.sequence ?? 1);
  view.setUint32(8, parts.ack ?? 1);
  tcp[12] = (20 + options.length) / 4 << 4;
  tcp[13] = parts.flags ?? 0x10;
  view.setUint16(14, parts.window ?? 500);
  view.setUint16(16, 0xdead);
  view.setUint16(18, parts.urgent ?? 0);
  tcp.set(options, 20);
  tcp.set(data, 20 + options.length);
  return craftIpBytes({ fragment: 0x4000, ...ip, protocol: 6, payload: tcp });
}
