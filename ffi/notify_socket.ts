/**
 * Sends datagrams to a service manager's socket: AF_UNIX, by path or by abstract name; unix(7).
 *
 * Not `Deno.listenDatagram` with `unixpacket`: it is unstable, wants an address of its own for the sender, and refuses
 * abstract names, which hold a NUL.
 *
 * @module
 */

import { Arena } from "./arena.ts";
import { SysError } from "./errno.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";

/** A socket that sends to one address. */
export class NotifySocket implements Disposable {
  readonly #libc: Libc;
  readonly #arena: Arena;
  readonly #address: number;
  readonly #addressBytes: number;
  #fd: number;

  /** @param name a path, or an abstract name with `@` in front. @throws SysError, Error when there is no C library */
  constructor(name: string) {
    const encoded = new TextEncoder().encode(name);
    const isAbstract = name.startsWith("@");
    if (encoded.length === 0 || encoded.length >= SUN_PATH_BYTES) {
      throw new Error(`Cannot use notify socket: its name has ${encoded.length} bytes`);
    }
    this.#libc = loadLibc();
    this.#fd = this.#libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (this.#fd < 0) throw new SysError("socket", lastErrno());
    this.#arena = new Arena(SUN_PATH_OFFSET + SUN_PATH_BYTES);
    const block = this.#arena.take(SUN_PATH_OFFSET + SUN_PATH_BYTES);
    block.view.setUint16(0, AF_UNIX, true);
    block.bytes.set(encoded, SUN_PATH_OFFSET);
    // An abstract name begins with NUL and has exactly the given length; a path ends with one.
    if (isAbstract) block.bytes[SUN_PATH_OFFSET] = 0;
    this.#address = block.address;
    this.#addressBytes = SUN_PATH_OFFSET + encoded.length + (isAbstract ? 0 : 1);
  }

  /** Sends without waiting. @throws SysError when nobody listens there, or the listener's buffer is full. */
  send(text: string): void {
    const bytes = new TextEncoder().encode(text);
    using arena = new Arena(bytes.length);
    const block = arena.take(bytes.length);
    block.bytes.set(bytes);
    const sent = this.#libc.sendto(
      this.#fd,
      block.address,
      bytes.length,
      MSG_NOSIGNAL,
      this.#address,
      this.#addressBytes,
    );
    if (sent < 0) throw new SysError("sendto", lastErrno());
  }

  /** Closes it. Idempotent. */
  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    this.#libc.close(this.#fd);
    this.#fd = -1;
    this.#arena.free();
  }
}

// include/linux/socket.h, include/linux/net.h, include/uapi/linux/un.h; the same on x86-64 and arm64.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_NOSIGNAL = 0x4000;
const SUN_PATH_OFFSET = 2;
const SUN_PATH_BYTES = 108;
