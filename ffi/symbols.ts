/**
 * The C functions that are called, as data: for each its prototype and manual page.
 *
 * Conventions. An address is a `u64`: Deno takes a plain number for it and makes no view (user-space
 * addresses are below 2^48 on x86-64 and arm64, so a number holds them exactly). A result of type
 * `ssize_t` is declared `i32`: `isize` may come back as a BigInt, and no call here moves 2 GiB.
 *
 * Variadic functions. `open` and `ioctl` are variadic in C, and are declared here as if they were not.
 * That is right where variadic arguments travel in the same registers as named ones: Linux on x86-64
 * (System V ABI; AL need not count vector registers because none is passed) and on arm64 (AAPCS64).
 * It is wrong on Apple's arm64, which puts them on the stack: do not carry this file there as it is.
 *
 * @module
 */

/** What `Deno.dlopen` is given. */
export const LIBC_SYMBOLS = {
  /** `int open(const char *path, int flags, mode_t mode)`; open(2). Variadic. */
  open: { parameters: ["u64", "i32", "u32"], result: "i32" },
  /** `int close(int fd)`; close(2). */
  close: { parameters: ["i32"], result: "i32" },
  /** `int ioctl(int fd, unsigned long request, void *argument)`; ioctl(2). Variadic. */
  ioctl: { parameters: ["i32", "u64", "u64"], result: "i32" },
  /** `ssize_t read(int fd, void *buf, size_t count)`; read(2). */
  read: { parameters: ["i32", "u64", "u64"], result: "i32" },
  /** `ssize_t write(int fd, const void *buf, size_t count)`; write(2). */
  write: { parameters: ["i32", "u64", "u64"], result: "i32" },
  /** `int poll(struct pollfd *fds, nfds_t nfds, int timeoutMs)`; poll(2). */
  poll: { parameters: ["u64", "u64", "i32"], result: "i32" },
  /** `int eventfd(unsigned int initval, int flags)`; eventfd(2). */
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  /** `int epoll_create1(int flags)`; epoll_create(2). */
  epollCreate1: { name: "epoll_create1", parameters: ["i32"], result: "i32" },
  /** `int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)`; epoll_ctl(2). */
  epollCtl: { name: "epoll_ctl", parameters: ["i32", "i32", "i32", "u64"], result: "i32" },
  /** `int epoll_wait(int epfd, struct epoll_event *events, int maxEvents, int timeoutMs)`; epoll_wait(2). */
  epollWait: {
    name: "epoll_wait",
    parameters: ["i32", "u64", "i32", "i32"],
    result: "i32",
  },
  /** The same on another thread, which may block; its errno is lost with that thread. */
  epollWaitOffThread: {
    name: "epoll_wait",
    parameters: ["i32", "u64", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  /** `int socket(int domain, int type, int protocol)`; socket(2). */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** `int bind(int fd, const struct sockaddr *address, socklen_t length)`; bind(2). */
  bind: { parameters: ["i32", "u64", "u32"], result: "i32" },
  /** `int connect(int fd, const struct sockaddr *address, socklen_t length)`; connect(2). */
  connect: { parameters: ["i32", "u64", "u32"], result: "i32" },
  /** `ssize_t send(int fd, const void *buf, size_t length, int flags)`; send(2). */
  send: { parameters: ["i32", "u64", "u64", "i32"], result: "i32" },
  /** `int getsockname(int fd, struct sockaddr *address, socklen_t *length)`; getsockname(2). */
  getsockname: { parameters: ["i32", "u64", "u64"], result: "i32" },
  /** `int getsockopt(int fd, int level, int option, void *value, socklen_t *length)`; getsockopt(2). */
  getsockopt: { parameters: ["i32", "i32", "i32", "u64", "u64"], result: "i32" },
  /** `int setsockopt(int fd, int level, int option, const void *value, socklen_t length)`; setsockopt(2). */
  setsockopt: { parameters: ["i32", "i32", "i32", "u64", "u32"], result: "i32" },
  /** `ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *address, socklen_t length)`; sendto(2). */
  sendto: { parameters: ["i32", "u64", "u64", "i32", "u64", "u32"], result: "i32" },
  /** `ssize_t sendmsg(int fd, const struct msghdr *message, int flags)`; sendmsg(2). */
  sendmsg: { parameters: ["i32", "u64", "i32"], result: "i32" },
  /** `int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags)`; sendmmsg(2). */
  sendmmsg: { parameters: ["i32", "u64", "u32", "i32"], result: "i32" },
  /** `int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout)`; recvmmsg(2). */
  recvmmsg: { parameters: ["i32", "u64", "u32", "i32", "u64"], result: "i32" },
  /** `int flock(int fd, int operation)`; flock(2). */
  flock: { parameters: ["i32", "i32"], result: "i32" },
  /** `int lchown(const char *path, uid_t owner, gid_t group)`; lchown(2). */
  lchown: { parameters: ["u64", "u32", "u32"], result: "i32" },
  /** `int inet_pton(int family, const char *src, void *dst)`; inet_pton(3). */
  inetPton: { name: "inet_pton", parameters: ["i32", "u64", "u64"], result: "i32" },
  /** `int *__errno_location(void)`; Linux Standard Base. This thread's errno; glibc and musl have it. */
  errnoLocation: { name: "__errno_location", parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;
