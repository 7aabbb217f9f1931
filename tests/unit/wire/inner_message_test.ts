import assert from "node:assert/strict";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import {
  beginMessage,
  decodeNotice,
  encodeNotice,
  InnerKind,
  isMessage,
  MIN_MESSAGE_BYTES,
  NoticeCode,
  readInnerKind,
} from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";

function packetOf(bytes: Iterable<number>): Packet {
  const packet = new Packet(4_000);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

/** A packet whose slot holds rubbish around its bytes, as one that was used before. */
function usedPacket(): Packet {
  const packet = new Packet(4_000);
  packet.bytes.fill(0xa5);
  packet.start += 7;
  packet.end = packet.start + 3;
  return packet;
}

Deno.test("readInnerKind gives the first byte, whether it is known or not", () => {
  assert.equal(readInnerKind(packetOf([InnerKind.NOTICE, 1])), InnerKind.NOTICE);
  assert.equal(readInnerKind(packetOf([200])), 200);
});

Deno.test("readInnerKind gives -1 for an empty message", () => {
  const packet = packetOf([InnerKind.DATA]);
  packet.end = packet.start;
  assert.equal(readInnerKind(packet), -1);
});

Deno.test("beginMessage makes zeros, 32 at least, where packets begin", () => {
  for (const [lengthBytes, madeBytes] of [[0, 32], [32, 32], [33, 33], [1_200, 1_200]] as const) {
    const packet = usedPacket();
    assert.equal(beginMessage(packet, lengthBytes), packet.start);
    assert.deepEqual([...packet.toBytes()], new Array(madeBytes).fill(0));
  }
});

Deno.test("isMessage wants the kind and 32 bytes", () => {
  const message = [InnerKind.PING, ...new Array(MIN_MESSAGE_BYTES - 1).fill(0)];
  assert(isMessage(packetOf(message), InnerKind.PING));
  assert(!isMessage(packetOf(message), InnerKind.LINK));
  assert(!isMessage(packetOf(message.slice(1)), InnerKind.PING));
  assert(!isMessage(packetOf(message.slice(0, -1)), InnerKind.PING));
  assert(!isMessage(packetOf([]), InnerKind.PING));
});

Deno.test("encodeNotice writes kind, code and zeros up to 32 bytes", () => {
  const packet = usedPacket();
  encodeNotice(NoticeCode.REPLACED, packet);
  assert.deepEqual([...packet.toBytes()], [3, 2, ...new Array(30).fill(0)]);
});

Deno.test("decodeNotice gives every code that encodeNotice wrote, unknown ones too", () => {
  for (let code = 0; code <= 255; code++) {
    const packet = usedPacket();
    encodeNotice(code, packet);
    assert.equal(decodeNotice(packet), code);
    assert.equal(packet.length, 32);
  }
});

Deno.test("decodeNotice does not look at the padding, however long", () => {
  assert.equal(decodeNotice(packetOf([3, 1, ...new Array(500).fill(0xee)])), NoticeCode.CLOSING);
});

for (
  const [what, bytes] of [
    ["an empty message", []],
    ["less than 32 bytes", [3, 1, ...new Array(29).fill(0)]],
    ["another kind", [2, 1, ...new Array(30).fill(0)]],
  ] as const
) {
  Deno.test(`decodeNotice refuses ${what}`, () => {
    assert.equal(decodeNotice(packetOf(bytes)), DropReason.TRUNCATED);
  });
}
