import assert from "node:assert/strict";
import { addressOf, Arena } from "../../../ffi/arena.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { Poller, PollResult } from "../../../ffi/poller.ts";
import { countOpenFds } from "../../support/open_fds.ts";
import { makePipe } from "../../support/pipe.ts";

const libc = loadLibc();
const someBytes = addressOf(new Uint8Array(4096));

Deno.test("Poller.wait resolves once the descriptor can be read", async () => {
  const pipe = makePipe(libc);
  using poller = new Poller(pipe.readFd);
  try {
    const waiting = poller.wait();
    libc.write(pipe.writeFd, someBytes, 1);
    assert.equal(await waiting, PollResult.READABLE);
    assert.equal(await poller.wait(), PollResult.READABLE);
  } finally {
    pipe.close();
  }
});

Deno.test("Poller.wake ends the wait and only that one", async () => {
  const pipe = makePipe(libc);
  using poller = new Poller(pipe.readFd);
  try {
    const first = poller.wait();
    poller.wake();
    assert.equal(await first, PollResult.WOKEN);
    const second = poller.wait();
    libc.write(pipe.writeFd, someBytes, 1);
    assert.equal(await second, PollResult.READABLE);
  } finally {
    pipe.close();
  }
});

Deno.test("Poller.wake before the wait ends the next one", async () => {
  const pipe = makePipe(libc);
  using poller = new Poller(pipe.readFd);
  try {
    poller.wake();
    poller.wake();
    assert.equal(await poller.wait(), PollResult.WOKEN);
  } finally {
    pipe.close();
  }
});

Deno.test("Poller.wait reports a descriptor whose other end is gone, and one that is not open", async () => {
  const pipe = makePipe(libc);
  const poller = new Poller(pipe.readFd);
  const waiting = poller.wait();
  libc.close(pipe.writeFd);
  assert.equal(await waiting, PollResult.BROKEN);
  libc.close(pipe.readFd);
  assert.equal(await poller.wait(), PollResult.BROKEN);
  poller.close();
});

Deno.test("Poller.close ends the wait and frees eventfd and memory, also when it comes twice", async () => {
  const pipe = makePipe(libc);
  const before = [countOpenFds(), Arena.liveCount];
  try {
    for (let i = 0; i < 50; i++) {
      const poller = new Poller(pipe.readFd);
      const waiting = i % 2 === 0 ? poller.wait() : null;
      poller.close();
      poller.close();
      if (waiting !== null) assert.equal(await waiting, PollResult.WOKEN);
      assert.equal(await poller.wait(), PollResult.WOKEN);
      poller.wake();
    }
    assert.deepEqual([countOpenFds(), Arena.liveCount], before);
  } finally {
    pipe.close();
  }
});

Deno.test("Poller.wait refuses a second wait beside the first", async () => {
  const pipe = makePipe(libc);
  const poller = new Poller(pipe.readFd);
  const first = poller.wait();
  await assert.rejects(poller.wait(), /waiting already/);
  poller.close();
  assert.equal(await first, PollResult.WOKEN);
  pipe.close();
});
