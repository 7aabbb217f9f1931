import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DATAGRAM_HEADER_BYTES,
  DatagramType,
  prependDatagramHeader,
  readDatagramHeader,
} from "../../../src/wire/datagram_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";

function packetOf(...bytes: number[]): Packet {
  const packet = new Packet(100);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

Deno.test("prependDatagramHeader writes B, L, type, link id before the packet", () => {
  const packet = packetOf(0x45, 0x00);
  prependDatagramHeader(packet, DatagramType.DATA, 7);
  assert.deepEqual([...packet.toBytes()], [0x42, 0x4c, 0x44, 7, 0x45, 0x00]);
});

const LINK_TYPES = [DatagramType.CONTROL, DatagramType.DATA, DatagramType.TRANSPORT];
const HANDSHAKE_TYPES = [DatagramType.INITIATION, DatagramType.RESPONSE, DatagramType.COOKIE];

Deno.test("DatagramType's values are the letters of the protocol", () => {
  const letters = Object.values(DatagramType).map((type) => String.fromCharCode(type));
  assert.deepEqual(letters.sort(), ["C", "D", "I", "K", "R", "T"]);
});

Deno.test("readDatagramHeader gives what prependDatagramHeader wrote, for all types of a link and all link ids", () => {
  const types = fc.constantFrom(...LINK_TYPES);
  const linkIds = fc.integer({ min: 1, max: 255 });
  fc.assert(
    fc.property(types, linkIds, fc.uint8Array({ maxLength: 64 }), (type, linkId, body) => {
      assertRoundTrip(type, linkId, body);
    }),
  );
});

Deno.test("readDatagramHeader gives what prependDatagramHeader wrote, for handshakes, which are of no link", () => {
  const types = fc.constantFrom(...HANDSHAKE_TYPES);
  fc.assert(
    fc.property(types, fc.uint8Array({ maxLength: 64 }), (type, body) => {
      assertRoundTrip(type, 0, body);
    }),
  );
});

function assertRoundTrip(type: DatagramType, linkId: number, body: Uint8Array): void {
  const packet = new Packet(100);
  packet.fill(body);
  prependDatagramHeader(packet, type, linkId);
  assert.equal(packet.length, body.length + DATAGRAM_HEADER_BYTES);
  assert.equal(readDatagramHeader(packet), type << 8 | linkId);
  assert.deepEqual([...packet.toBytes()], [...body]);
}

Deno.test("readDatagramHeader refuses link id 0 for every type of a link", () => {
  for (const type of LINK_TYPES) {
    assert.equal(readDatagramHeader(packetOf(0x42, 0x4c, type, 0)), DropReason.BAD_LINK_ID);
  }
});

Deno.test("readDatagramHeader refuses every link id but 0 for handshakes", () => {
  for (const type of HANDSHAKE_TYPES) {
    for (let linkId = 1; linkId <= 255; linkId++) {
      const packet = packetOf(0x42, 0x4c, type, linkId);
      assert.equal(readDatagramHeader(packet), DropReason.BAD_LINK_ID);
      assert.equal(packet.length, DATAGRAM_HEADER_BYTES);
    }
  }
});

Deno.test("readDatagramHeader knows no type but these six", () => {
  const known = new Set<number>(Object.values(DatagramType));
  for (let type = 0; type <= 255; type++) {
    for (const linkId of [0, 1]) {
      const result = readDatagramHeader(packetOf(0x42, 0x4c, type, linkId));
      assert.equal(result === DropReason.UNKNOWN_TYPE, !known.has(type), `type ${type}`);
    }
  }
});

Deno.test("readDatagramHeader takes the original's first bytes", () => {
  assert.equal(readDatagramHeader(packetOf(0x42, 0x4c, 0x43, 1)), 0x4301); // "BLC", link 1
});

const REFUSED: readonly (readonly [string, DropReason, readonly number[]])[] = [
  ["an empty datagram", DropReason.TRUNCATED, []],
  ["three bytes", DropReason.TRUNCATED, [0x42, 0x4c, 0x44]],
  ["another first byte", DropReason.BAD_MAGIC, [0x43, 0x4c, 0x44, 1]],
  ["another second byte", DropReason.BAD_MAGIC, [0x42, 0x4d, 0x44, 1]],
  ["an unknown type", DropReason.UNKNOWN_TYPE, [0x42, 0x4c, 0x45, 1]],
  ["link id 0", DropReason.BAD_LINK_ID, [0x42, 0x4c, 0x44, 0]],
  ["a handshake on a link", DropReason.BAD_LINK_ID, [0x42, 0x4c, 0x49, 1]],
];

for (const [what, reason, bytes] of REFUSED) {
  Deno.test(`readDatagramHeader refuses ${what} and leaves the packet as it was`, () => {
    const packet = packetOf(...bytes);
    assert.equal(readDatagramHeader(packet), reason);
    assert.deepEqual([...packet.toBytes()], bytes);
  });
}

Deno.test("readDatagramHeader does not look behind the packet's end", () => {
  const packet = packetOf(0x42, 0x4c, 0x44, 1);
  packet.end -= 1;
  assert.equal(readDatagramHeader(packet), DropReason.TRUNCATED);
});
