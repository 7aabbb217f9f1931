/**
 * Larger kernel buffers for UDP sockets that Deno opened.
 *
 * The default, 212,992 bytes, holds some ninety full packets: 35 ms of 30 Mbit/s. A garbage collection, or another
 * program that has the processor, takes as long, and what does not fit is lost without a word. Deno tells no descriptor
 * of its sockets, so they are found among this process's own by the port they are bound to.
 *
 * @module
 */

import { Arena } from "./arena.ts";
import { type Libc, loadLibc } from "./libc.ts";

/** Half a second of 100 Mbit/s, headers of the kernel's own included. */
const BUFFER_BYTES = 8 * 1024 * 1024;

/** socket(7); asm-generic/socket.h. The FORCE ones go beyond the system's limit, and need CAP_NET_ADMIN. */
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOCK_DGRAM = 2;

/** ip(7), ipv6(7): `sin_port` and `sin6_port` stand at the same place. */
const AF_INET = 2;
const AF_INET6 = 10;
const PORT_OFFSET = 2;
const SOCKADDR_BYTES = 128;

/**
 * Asks for larger buffers of this process's UDP sockets on a port.
 * @returns how many got them. None where there is no FFI or `/proc`: that is no error, the sockets work as they are.
 */
export function growUdpBuffers(port: number): number {
  try {
    return growAll(loadLibc(), port);
  } catch {
    return 0;
  }
}

function growAll(libc: Libc, port: number): number {
  using arena = new Arena(SOCKADDR_BYTES + 64);
  const address = arena.take(SOCKADDR_BYTES);
  const value = arena.take(4);
  const length = arena.take(4);
  let grown = 0;
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    const fd = Number(name);
    length.view.setUint32(0, SOCKADDR_BYTES, true);
    if (libc.getsockname(fd, address.address, length.address) < 0) continue;
    const family = address.view.getUint16(0, true);
    if (family !== AF_INET && family !== AF_INET6) continue;
    if (address.view.getUint16(PORT_OFFSET) !== port) continue;
    length.view.setUint32(0, 4, true);
    if (libc.getsockopt(fd, SOL_SOCKET, SO_TYPE, value.address, length.address) < 0) continue;
    if (value.view.getInt32(0, true) !== SOCK_DGRAM) continue;
    value.view.setInt32(0, BUFFER_BYTES, true);
    const set = (option: number): boolean =>
      libc.setsockopt(fd, SOL_SOCKET, option, value.address, 4) >= 0;
    const isGrown = set(SO_RCVBUFFORCE) || set(SO_RCVBUF);
    if (!set(SO_SNDBUFFORCE)) set(SO_SNDBUF);
    if (isGrown) grown++;
  }
  return grown;
}
