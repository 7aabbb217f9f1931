/**
 * The C functions the relay and the TCP source call, and the sizes and numbers they want; Linux on x86-64 and arm64.
 *
 * @module
 */

const SYMBOLS = {
  /** `int socket(int domain, int type, int protocol)`; socket(2). */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** `int bind(int fd, const struct sockaddr *addr, socklen_t len)`; bind(2). */
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** `int connect(int fd, const struct sockaddr *addr, socklen_t len)`; connect(2). */
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** `int setsockopt(int fd, int level, int name, const void *value, socklen_t len)`; setsockopt(2). */
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  /** `int close(int fd)`; close(2). */
  close: { parameters: ["i32"], result: "i32" },
  /** `ssize_t read(int fd, void *buf, size_t count)`; read(2). */
  read: { parameters: ["i32", "buffer", "u64"], result: "i32" },
  /** `ssize_t write(int fd, const void *buf, size_t count)`; write(2). */
  write: { parameters: ["i32", "buffer", "u64"], result: "i32" },
  /** `int recvmmsg(int fd, struct mmsghdr *msgvec, unsigned int vlen, int flags, struct timespec *timeout)`. */
  recvmmsg: { parameters: ["i32", "u64", "u32", "i32", "u64"], result: "i32" },
  /** `int sendmmsg(int fd, struct mmsghdr *msgvec, unsigned int vlen, int flags)`. */
  sendmmsg: { parameters: ["i32", "u64", "u32", "i32"], result: "i32" },
  /** `int ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *mask)`. */
  ppoll: { parameters: ["u64", "u64", "u64", "u64"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Deno's types say `bigint` for a `u64`; a number does, and is not allocated. */
type WithNumbers<F> = F extends (...args: infer A) => infer R
  ? (...args: { [K in keyof A]: A[K] extends bigint ? number : A[K] }) => R
  : never;

/** The functions above, callable. */
export type RelayLibc = { readonly [K in keyof Symbols]: WithNumbers<Symbols[K]> };

/** Loads the C library; it stays loaded. */
export function loadRelayLibc(): RelayLibc {
  return Deno.dlopen("libc.so.6", SYMBOLS).symbols as unknown as RelayLibc;
}

/** Numbers of the system headers. */
export const AF_INET = 2;
export const SOCK_DGRAM_NONBLOCK = 2 | 0o4000;
export const SOCK_STREAM = 1;
export const IPPROTO_TCP = 6;
export const TCP_CONGESTION = 13;
export const SOL_SOCKET = 1;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
export const MSG_DONTWAIT = 0x40;
export const POLLIN = 1;

/** `struct sockaddr_in`: family (native order), port and address (network order), padding. */
export const SOCKADDR_BYTES = 16;
/** `struct iovec`: base, length. */
export const IOVEC_BYTES = 16;
/** `struct mmsghdr`: msghdr of 56 bytes, then the datagram's length, padding. */
export const MMSGHDR_BYTES = 64;
export const MMSG_LENGTH_OFFSET = 56;
/** `struct pollfd`: descriptor, events, returned events. */
export const POLLFD_BYTES = 8;

/** A `struct sockaddr_in`. */
export function sockaddr(address: string, port: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(SOCKADDR_BYTES));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  address.split(".").forEach((part, i) => view.setUint8(4 + i, Number(part)));
  return bytes;
}
