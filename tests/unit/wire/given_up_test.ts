import assert from "node:assert/strict";
import fc from "fast-check";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { GivenUp, MAX_GIVEN_UP } from "../../../src/wire/given_up.ts";
import { InnerKind } from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";

type Entry = readonly [group: number, seqNo: number];

function usedPacket(bytes: Iterable<number> = []): Packet {
  const packet = new Packet(1_400);
  packet.bytes.fill(0xa5);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

function listOf(entries: readonly Entry[]): GivenUp {
  const list = new GivenUp();
  for (const [group, seqNo] of entries) assert(list.add(group, seqNo));
  return list;
}

function entriesOf(list: GivenUp): Entry[] {
  return Array.from({ length: list.count }, (_, i) => [list.group(i), list.seqNo(i)] as const);
}

Deno.test("GivenUp.encode writes the bytes of the drawing", () => {
  const packet = usedPacket();
  listOf([[255, 0x0102_0304], [7, 0xffff_ffff]]).encode(packet);
  // deno-fmt-ignore
  assert.deepEqual([...packet.toBytes()], [
    7, 2, 0, 0,
    255, 0, 0, 0, 1, 2, 3, 4,
    7, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
    ...new Array(12).fill(0),
  ]);
});

Deno.test("GivenUp.decode gives what encode wrote", () => {
  const entry = fc.tuple(fc.nat(255), fc.integer({ min: 0, max: 0xffff_ffff }));
  fc.assert(
    fc.property(fc.array(entry, { maxLength: MAX_GIVEN_UP }), (entries) => {
      const packet = usedPacket();
      listOf(entries).encode(packet);
      const list = listOf([[1, 1]]);
      assert.equal(list.decode(packet), 0);
      assert.deepEqual(entriesOf(list), entries);
    }),
  );
});

Deno.test("GivenUp.add says when the list is full", () => {
  const list = listOf(Array.from({ length: MAX_GIVEN_UP }, (_, i) => [1, i]));
  assert.equal(list.add(1, 99), false);
  assert.equal(list.count, MAX_GIVEN_UP);
  list.clear();
  assert.equal(list.add(1, 99), true);
});

Deno.test("GivenUp.decode refuses more entries than there are, or than there may be", () => {
  const message = (entries: number, lengthBytes: number): Packet =>
    usedPacket([InnerKind.GIVEN_UP, entries, ...new Array(lengthBytes - 2).fill(1)]);
  const list = new GivenUp();
  assert.equal(list.decode(message(3, 32)), 0);
  assert.equal(list.decode(message(4, 32)), DropReason.BAD_CONTROL);
  assert.equal(list.count, 0);
  assert.equal(list.decode(message(MAX_GIVEN_UP + 1, 1_000)), DropReason.BAD_CONTROL);
});

Deno.test("GivenUp.decode never throws, and is empty when it refuses", () => {
  const anyBytes = fc.uint8Array({ maxLength: 600, size: "max" });
  const startedAsList = anyBytes.map((bytes) => Uint8Array.of(InnerKind.GIVEN_UP, ...bytes));
  fc.assert(
    fc.property(fc.oneof(anyBytes, startedAsList), (bytes) => {
      const list = listOf([[1, 1]]);
      const result = list.decode(usedPacket(bytes));
      if (result === 0) assert.equal(list.count, bytes[1]);
      else assert.deepEqual([result, list.count], [DropReason.BAD_CONTROL, 0]);
    }),
  );
});
