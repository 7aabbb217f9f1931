import assert from "node:assert/strict";
import { SessionTable } from "../../../src/peer/session_table.ts";
import { mulberry32 } from "../../support/rng.ts";

/** Gives these indices one after the other. */
function bytesOf(...indices: number[]): (lengthBytes: number) => Uint8Array<ArrayBuffer> {
  const left = [...indices];
  return (lengthBytes) => {
    assert.equal(lengthBytes, 4);
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, left.shift() ?? assert.fail("asked too often"));
    return new Uint8Array(view.buffer);
  };
}

const EDGES = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

Deno.test("SessionTable.get finds what was set, over the whole range of 32 bits", () => {
  const table = new SessionTable<string>(bytesOf());
  for (const index of EDGES) table.set(index, `entry ${index}`);
  assert.equal(table.size, EDGES.length);
  for (const index of EDGES) assert.equal(table.get(index), `entry ${index}`);
  assert.equal(table.get(2), undefined);
});

Deno.test("SessionTable.delete frees one index and no other", () => {
  const table = new SessionTable<number>(bytesOf());
  for (const index of EDGES) table.set(index, index);
  table.delete(0x8000_0000);
  table.delete(77);
  assert.deepEqual(EDGES.map((index) => table.get(index)), [
    0,
    1,
    0x7fff_ffff,
    undefined,
    0xffff_ffff,
  ]);
  assert.equal(table.size, EDGES.length - 1);
});

Deno.test("SessionTable.set replaces the entry of an index", () => {
  const table = new SessionTable<string>(bytesOf());
  table.set(5, "old");
  table.set(5, "new");
  assert.equal(table.get(5), "new");
  assert.equal(table.size, 1);
});

Deno.test("SessionTable.freeIndex gives the random bytes as a big-endian number", () => {
  const table = new SessionTable<string>(bytesOf(0xfedc_ba98));
  assert.equal(table.freeIndex(), 0xfedc_ba98);
});

Deno.test("SessionTable.freeIndex does not take an index: it may be given again until it is set", () => {
  const table = new SessionTable<string>(bytesOf(9, 9));
  assert.equal(table.freeIndex(), 9);
  assert.equal(table.freeIndex(), 9);
  assert.equal(table.size, 0);
});

Deno.test("SessionTable.freeIndex passes over indices that are taken", () => {
  const table = new SessionTable<string>(bytesOf(0xffff_ffff, 3, 0xffff_ffff, 4));
  table.set(3, "a");
  table.set(0xffff_ffff, "b");
  assert.equal(table.freeIndex(), 4);
});

Deno.test("SessionTable.freeIndex reads random bytes that are part of a larger buffer", () => {
  const pool = Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 5);
  const table = new SessionTable<string>(() => pool.subarray(4));
  assert.equal(table.freeIndex(), 5);
});

Deno.test("SessionTable.freeIndex ends when the source of randomness repeats itself", () => {
  const table = new SessionTable<string>(() => new Uint8Array(4));
  table.set(0, "taken");
  assert.throws(() => table.freeIndex(), /Invariant: the source of randomness/);
});

Deno.test("SessionTable keeps ten thousand entries apart", () => {
  const random = mulberry32(1);
  const table = new SessionTable<number>((lengthBytes) =>
    Uint8Array.from({ length: lengthBytes }, () => random() * 256)
  );
  const indices = Array.from({ length: 10_000 }, (_, i) => {
    const index = table.freeIndex();
    table.set(index, i);
    return index;
  });
  assert.equal(new Set(indices).size, 10_000);
  indices.forEach((index, i) => assert.equal(table.get(index), i));
});
