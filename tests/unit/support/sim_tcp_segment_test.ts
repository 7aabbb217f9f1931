import assert from "node:assert/strict";
import fc from "fast-check";
import * as segment from "../../support/sim_tcp_segment.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

Deno.test("A data segment is an IPv4 packet with TCP and timestamps of the whole length", () => {
  const packet = segment.makeSegment(3, "sender", 1340);
  segment.writeData(packet, 0xfedcba98, 77, 5, false, false);
  const bytes = packet.toBytes();
  assert.equal(bytes.length, 1340);
  assert.deepEqual([...bytes.subarray(0, 4)], [0x45, 0, 1340 >> 8, 1340 & 0xff]);
  assert.deepEqual([...bytes.subarray(9, 10)], [6]);
  assert.deepEqual([...bytes.subarray(12, 20)], [10, 10, 10, 1, 10, 10, 10, 2]);
  assert.equal(packet.view.getUint16(packet.start + 20), 40_003);
  assert.equal(packet.view.getUint16(packet.start + 22), 5204);
  assert.equal(bytes[32], 8 << 4);
  assert.equal(bytes[33], 0x10);
  assert.deepEqual([...bytes.subarray(40, 44)], [1, 1, 8, 10]);
  assert.equal(segment.readSeqNo(packet), 0xfedcba98);
  assert.equal(segment.readTsValue(packet), 77);
});

Deno.test("An ACK gives back what was written, with up to three SACK blocks", () => {
  const packet = segment.makeSegment(1, "receiver", segment.SEGMENT_HEADER_BYTES);
  const blocks = fc.array(fc.tuple(u32, u32), { maxLength: 3 });
  fc.assert(fc.property(u32, u32, blocks, fc.boolean(), (ackNo, echo, sacks, isEce) => {
    segment.writeAck(packet, ackNo, 9, echo, 3 * 1024 * 1024, 1, isEce);
    segment.writeSackBlocks(packet, sacks.length);
    sacks.forEach(([left, right], i) => segment.writeSackBlock(packet, i, left, right));
    assert.equal(segment.readAckNo(packet), ackNo);
    assert.equal(segment.readTsEcho(packet), echo);
    assert.equal(segment.readWindowBytes(packet), 3 * 1024 * 1024);
    assert.equal(segment.hasEce(packet), isEce);
    assert.equal(segment.readSackBlocks(packet), sacks.length);
    sacks.forEach(([left, right], i) => {
      assert.equal(segment.readSackLeft(packet, i), left);
      assert.equal(segment.readSackRight(packet, i), right);
    });
    assert.equal(packet.length, 52 + (sacks.length === 0 ? 0 : 4 + 8 * sacks.length));
    assert.equal(packet.view.getUint16(packet.start + 2), packet.length);
  }));
});

Deno.test("Only a segment of an ECN-capable transport is marked", () => {
  const packet = segment.makeSegment(1, "sender", 1340);
  segment.writeData(packet, 0, 1, 1, false, false);
  assert.equal(segment.markCongestion(packet), false);
  assert.equal(segment.isCongestionMarked(packet), false);
  segment.writeData(packet, 0, 1, 1, true, true);
  assert.equal(segment.markCongestion(packet), true);
  assert.equal(segment.isCongestionMarked(packet), true);
  assert.equal(segment.hasCwr(packet), true);
});

Deno.test("A segment is known by its transfer and direction", () => {
  const packet = segment.makeSegment(4, "receiver", segment.SEGMENT_HEADER_BYTES);
  assert.equal(segment.isSegmentOf(packet, 4, "receiver"), true);
  assert.equal(segment.isSegmentOf(packet, 4, "sender"), false);
  assert.equal(segment.isSegmentOf(packet, 5, "receiver"), false);
});
