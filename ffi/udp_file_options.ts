/**
 * Where and how to open a UDP socket.
 *
 * @module
 */

import type { UdpOptions } from "./udp_options.ts";

/** Half a second of 100 Mbit/s, headers of the kernel's own included; see socket_buffers.ts. */
const DEFAULT_BUFFER_BYTES = 8 * 1024 * 1024;

/** Where and how to open a `UdpFile`. */
export interface UdpFileOptions {
  /** Local IP literal; `::` takes IPv4 as well, whose addresses are shown as IPv4. */
  readonly hostname: string;
  /** Local port; 0 lets the system choose. */
  readonly port: number;
  /** Interface that it is bound to (SO_BINDTODEVICE). */
  readonly device?: string;
  /** Mark of its datagrams (SO_MARK), for routing rules. */
  readonly mark?: number;
  /** Whether datagrams go out with don't-fragment, to probe the path's MTU. Without it IP may fragment what is too long. */
  readonly forbidsFragments?: boolean;
  /** Whether to tell at which local address each datagram came in (`UdpFile.local`); with `::` it is for IPv6 only then. */
  readonly tellsLocal?: boolean;
  /** Size of the kernel's buffers, each way, that is asked for. Default: 8 MiB. */
  readonly bufferBytes?: number;
}

/** Sets what must be set before it is bound. @throws SysError of `setsockopt …` */
export function setFileOptions(options: UdpOptions, wanted: UdpFileOptions): void {
  const { hostname, device, mark, tellsLocal = false, bufferBytes = DEFAULT_BUFFER_BYTES } = wanted;
  const isIpv6 = hostname.includes(":");
  if (tellsLocal) options.tellLocalAddress(isIpv6);
  else if (isIpv6) options.allowIpv4();
  if (device !== undefined) options.bindToDevice(device);
  if (mark !== undefined) options.setMark(mark);
  options.growBuffers(bufferBytes);
}
