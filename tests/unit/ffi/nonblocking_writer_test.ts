import assert from "node:assert/strict";
import { Arena, CString } from "../../../ffi/arena.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { MAX_WRITE_BYTES, NonBlockingWriter } from "../../../ffi/nonblocking_writer.ts";
import { countOpenFds } from "../../support/open_fds.ts";
import { makePipe } from "../../support/pipe.ts";

const libc = loadLibc();
const LINE = new TextEncoder().encode(`${"x".repeat(99)}\n`);

// include/uapi/asm-generic/fcntl.h, ioctls.h
const O_RDWR = 0o2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const TIOCGPTN = 0x80045430;
const TIOCSPTLCK = 0x40045431;

function open(path: string, flags: number): number {
  using cPath = new CString(path);
  const fd = libc.open(cPath.address, flags, 0);
  assert.ok(fd >= 0, path);
  return fd;
}

/** Reads and throws away what is there. @returns how many bytes that was. */
function drain(fd: number): number {
  using arena = new Arena(65_536);
  const { address } = arena.take(65_536);
  let total = 0;
  for (;;) {
    const bytes = libc.read(fd, address, 65_536);
    if (bytes <= 0) return total;
    total += bytes;
  }
}

/** Writes lines until the writer says that it would have to wait. @returns the bytes written. */
function fill(writer: NonBlockingWriter): number {
  for (let total = 0; total < 10_000_000;) {
    try {
      total += writer.writeSync(LINE);
    } catch (error) {
      assert.ok(error instanceof Deno.errors.WouldBlock);
      return total;
    }
  }
  throw new Error("it never fills");
}

Deno.test("NonBlockingWriter does not wait at a blocking pipe that is full", () => {
  const pipe = makePipe(libc);
  const blocking = open(`/proc/self/fd/${pipe.writeFd}`, O_RDWR);
  try {
    using writer = new NonBlockingWriter(blocking, { isTerminal: false });
    const written = fill(writer);
    assert.ok(written >= 60_000, `${written}`);
    assert.throws(() => writer.writeSync(LINE), Deno.errors.WouldBlock);
    assert.equal(drain(pipe.readFd), written);
    assert.equal(writer.writeSync(LINE), LINE.length);
  } finally {
    libc.close(blocking);
    pipe.close();
  }
});

Deno.test("NonBlockingWriter does not wait at a terminal that nobody reads", () => {
  const before = countOpenFds();
  const master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
  using arena = new Arena(8);
  const int = arena.take(4);
  assert.equal(libc.ioctl(master, TIOCSPTLCK, int.address), 0);
  assert.equal(libc.ioctl(master, TIOCGPTN, int.address), 0);
  const terminal = open(`/dev/pts/${int.view.getInt32(0, true)}`, O_RDWR | O_NOCTTY);
  try {
    using writer = new NonBlockingWriter(terminal, { isTerminal: true });
    assert.ok(fill(writer) > 0);
    assert.ok(drain(master) > 0);
    assert.equal(writer.writeSync(LINE), LINE.length);
  } finally {
    libc.close(terminal);
    libc.close(master);
  }
  assert.equal(countOpenFds(), before);
});

Deno.test("NonBlockingWriter says when nobody reads any more", () => {
  const pipe = makePipe(libc);
  libc.close(pipe.readFd);
  try {
    using writer = new NonBlockingWriter(pipe.writeFd, { isTerminal: false });
    assert.throws(() => writer.writeSync(LINE), Deno.errors.BrokenPipe);
  } finally {
    libc.close(pipe.writeFd);
  }
});

Deno.test("NonBlockingWriter takes a long text in pieces", () => {
  const pipe = makePipe(libc);
  try {
    using writer = new NonBlockingWriter(pipe.writeFd, { isTerminal: false });
    assert.equal(writer.writeSync(new Uint8Array(10_000)), MAX_WRITE_BYTES);
  } finally {
    pipe.close();
  }
});
