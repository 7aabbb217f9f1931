import assert from "node:assert/strict";
import { Arena } from "../../../ffi/arena.ts";
import { Errno, SysError } from "../../../ffi/errno.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { interfaceIndex } from "../../../ffi/netif.ts";
import { TunFile } from "../../../ffi/tun.ts";
import { countOpenFds } from "../../support/open_fds.ts";
import { Reactor } from "../../../src/reactor.ts";
import { reactorsSettled } from "../../../src/wait_loop.ts";

loadLibc();
const isRoot = Deno.uid() === 0;
const template = `btf${Deno.pid % 100_000}i%d`;

Deno.test("TunFile.open says which call failed on a missing node and on one that is no tun", () => {
  const before = [countOpenFds(), Arena.liveCount];
  for (
    const [nodePath, call, errno] of [
      ["/dev/net/bindlink-none", "open", Errno.ENOENT],
      ["/dev/null", "ioctl TUNSETIFF", Errno.ENOTTY],
    ] as const
  ) {
    assert.throws(() => TunFile.open("bt0", nodePath), (error) => {
      assert.ok(error instanceof SysError);
      assert.deepEqual([error.call, error.errno], [call, errno]);
      return true;
    });
  }
  assert.deepEqual([countOpenFds(), Arena.liveCount], before);
});

Deno.test({
  name: "TunFile.open fills in a template's number, and close removes the device",
  ignore: !isRoot,
  fn: () => {
    const first = TunFile.open(template);
    const second = TunFile.open(template);
    assert.notEqual(first.name, second.name);
    assert.match(first.name, /^btf\d+i\d+$/);
    assert.notEqual(interfaceIndex(first.name), null);
    first.close();
    first.close();
    second.close();
    assert.equal(interfaceIndex(first.name), null);
  },
});

Deno.test({
  name: "TunFile.read and write answer with negated errno",
  ignore: !isRoot,
  fn: () => {
    const tun = TunFile.open(template);
    const bytes = new Uint8Array(2048);
    assert.equal(tun.read(bytes, 0, 2048), -Errno.EAGAIN);
    bytes[0] = 0x45;
    assert.equal(tun.write(bytes, 0, 20), -Errno.EIO, "the device is down");
    tun.close();
    assert.equal(tun.read(bytes, 0, 2048), -Errno.EBADF);
    assert.equal(tun.write(bytes, 0, 20), -Errno.EBADF);
  },
});

Deno.test({
  name: "TunFile.read and write never pass an address outside the buffer",
  ignore: !isRoot,
  fn: () => {
    using tun = TunFile.open(template);
    const bytes = new Uint8Array(2048);
    assert.equal(tun.read(bytes, 1, 2048), -Errno.EFAULT);
    assert.equal(tun.read(bytes, -1, 10), -Errno.EFAULT);
    assert.equal(tun.write(bytes, 2000, 2049), -Errno.EFAULT);
    assert.equal(tun.write(bytes, 20, 10), -Errno.EFAULT);
    assert.equal(tun.read(bytes, 0, 2048), -Errno.EAGAIN);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    assert.equal(tun.read(bytes, 0, 2048), -Errno.EFAULT, "the buffer was given away");
  },
});

Deno.test({
  name: "TunFile.close removes the device, also while it is watched",
  ignore: !isRoot,
  fn: async () => {
    const tun = TunFile.open(template);
    const watch = new Reactor().watch(tun.fd);
    const waiting = watch.readable();
    watch.close();
    tun.close();
    await waiting;
    assert.equal(interfaceIndex(tun.name), null);
    await reactorsSettled();
  },
});
