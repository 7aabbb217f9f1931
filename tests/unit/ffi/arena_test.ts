import assert from "node:assert/strict";
import { addressOf, Arena, CString } from "../../../ffi/arena.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { makePipe } from "../../support/pipe.ts";

const libc = loadLibc();

Deno.test("Arena.take aligns blocks to 8 bytes and does not overlap them", () => {
  using arena = new Arena(256);
  const blocks = [3, 8, 1, 16].map((sizeBytes) => arena.take(sizeBytes));
  for (const [i, block] of blocks.entries()) {
    assert.equal(block.address % 8, 0);
    const next = blocks[i + 1];
    if (next !== undefined) assert.ok(next.address >= block.address + block.bytes.length);
  }
});

Deno.test("Arena.take refuses what is more than is left", () => {
  using arena = new Arena(256);
  arena.take(200);
  assert.throws(() => arena.take(57), /has no 57 left/);
  assert.equal(arena.take(56).bytes.length, 56);
});

Deno.test("Arena's memory is where its address says, also after garbage collections", () => {
  using arena = new Arena(8);
  const block = arena.take(4);
  const pipe = makePipe(libc);
  try {
    for (let round = 0; round < 20; round++) {
      churnHeap();
      using text = new CString(`r${round % 10}`);
      churnHeap();
      assert.equal(libc.write(pipe.writeFd, text.address, 3), 3);
      assert.equal(libc.read(pipe.readFd, block.address, 4), 3);
      assert.deepEqual([...block.bytes.subarray(0, 3)], [114, 48 + round % 10, 0]);
    }
  } finally {
    pipe.close();
  }
});

Deno.test("Arena keeps its memory until it is freed, once", () => {
  const before = Arena.liveCount;
  const arena = new Arena(8);
  assert.equal(Arena.liveCount, before + 1);
  arena.free();
  arena.free();
  assert.equal(Arena.liveCount, before);
});

Deno.test("CString refuses a NUL byte inside the text", () => {
  assert.throws(() => new CString("a\0b"), /NUL/);
});

Deno.test("addressOf refuses a buffer that V8 may move", () => {
  assert.throws(() => addressOf(new Uint8Array(64)), /may move/);
  assert.throws(() => addressOf(new Uint8Array(new ArrayBuffer(4))), /may move/);
  const resizable = new Uint8Array(new ArrayBuffer(4096, { maxByteLength: 8192 }));
  assert.throws(() => addressOf(resizable), /may move/);
});

Deno.test("addressOf counts from the view's first byte", () => {
  const buffer = new ArrayBuffer(4096);
  const whole = addressOf(new Uint8Array(buffer));
  assert.equal(addressOf(new Uint8Array(buffer, 100, 10)), whole + 100);
});

/** Enough young objects for several collections. */
function churnHeap(): void {
  let kept: Uint8Array[] = [];
  for (let i = 0; i < 20_000; i++) {
    if (i % 1000 === 0) kept = [];
    kept.push(new Uint8Array(32));
  }
}
