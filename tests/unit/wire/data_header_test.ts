import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DATA_HEADER_BYTES,
  DataFlag,
  prependDataHeader,
  readDataFlags,
  readGroupSeqNo,
  readOrderGroup,
  readSentUs,
  stripDataHeader,
  toWireUs,
} from "../../../src/wire/data_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { InnerKind, readInnerKind } from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

function packetOf(bytes: Iterable<number>): Packet {
  const packet = new Packet(4_000);
  packet.bytes.fill(0xa5);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

Deno.test("prependDataHeader writes the bytes of the drawing", () => {
  const packet = packetOf([0x45]);
  prependDataHeader(packet, DataFlag.RESENT, 0xc8, 0x0102_0304, 0xfffe_fdfc);
  assert.deepEqual([...packet.toBytes()], [
    1,
    2,
    0,
    0xc8,
    1,
    2,
    3,
    4,
    0xff,
    0xfe,
    0xfd,
    0xfc,
    0x45,
  ]);
});

Deno.test("stripDataHeader gives back what prependDataHeader was given", () => {
  const fields = fc.tuple(fc.nat(255), fc.nat(255), u32, u32);
  fc.assert(
    fc.property(fields, fc.uint8Array({ maxLength: 100 }), ([flags, group, sent, seqNo], body) => {
      const packet = packetOf(body);
      prependDataHeader(packet, flags, group, sent, seqNo);
      assert.equal(packet.length, body.length + DATA_HEADER_BYTES);
      assert.equal(readInnerKind(packet), InnerKind.DATA);
      assert.equal(stripDataHeader(packet), 0);
      assert.deepEqual([...packet.toBytes()], [...body]);
      assert.equal(readDataFlags(packet), flags);
      assert.equal(readOrderGroup(packet), group);
      assert.equal(readSentUs(packet), sent);
      assert.equal(readGroupSeqNo(packet), seqNo);
    }),
  );
});

Deno.test("readOrderGroup knows 256 groups, whatever a later version writes", () => {
  const packet = packetOf([1, 0, 0xff, 7, ...new Array(8).fill(0)]);
  assert.equal(stripDataHeader(packet), 0);
  assert.equal(readOrderGroup(packet), 7);
});

Deno.test("stripDataHeader refuses less than a header and leaves the packet as it was", () => {
  const packet = packetOf([1, ...new Array(10).fill(0)]);
  assert.equal(stripDataHeader(packet), DropReason.TRUNCATED);
  assert.equal(packet.length, 11);
});

Deno.test("toWireUs counts microseconds and wraps around", () => {
  assert.equal(toWireUs(0), 0);
  assert.equal(toWireUs(1.234_9), 1_234);
  assert.equal(toWireUs(2 ** 32 / 1_000 + 5), 5_000);
});
