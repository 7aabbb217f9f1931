import assert from "node:assert/strict";
import fc from "fast-check";
import { AEAD_HEADER_BYTES } from "../../../src/peer/aead.ts";
import { DatagramType, readDatagramHeader } from "../../../src/wire/datagram_header.ts";
import { HEADROOM_BYTES, Packet } from "../../../src/wire/packet.ts";
import {
  readLinkSeqNo,
  readReceiverIndex,
  TRANSPORT_HEADER_BYTES,
  writeTransportHeader,
} from "../../../src/wire/transport_header.ts";

const MAX = Number.MAX_SAFE_INTEGER;

/** Numbers of all sizes, and the edges of 31, 32 and 53 bits. */
const seqNos = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 1_000 }),
  fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 52, MAX),
);
const indices = fc.integer({ min: 0, max: 0xffff_ffff });
const linkIds = fc.integer({ min: 1, max: 255 });

Deno.test("writeTransportHeader writes the bytes of the drawing, at the place it is told", () => {
  const view = new DataView(new ArrayBuffer(3 + TRANSPORT_HEADER_BYTES + 2));
  writeTransportHeader(view, 3, 0xfe, 0x89abcdef, 0x1f_0203_0405_0607);
  // deno-fmt-ignore
  assert.deepEqual([...new Uint8Array(view.buffer)], [
    0, 0, 0,
    0x42, 0x4c, 0x54, 0xfe, 0x89, 0xab, 0xcd, 0xef,
    0x00, 0x1f, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
    0, 0,
  ]);
});

Deno.test("the transport header is the AEAD's additional data", () => {
  assert.equal(TRANSPORT_HEADER_BYTES, AEAD_HEADER_BYTES);
});

Deno.test("readLinkSeqNo and readReceiverIndex give what writeTransportHeader wrote", () => {
  fc.assert(
    fc.property(linkIds, indices, seqNos, (linkId, index, seqNo) => {
      const view = new DataView(new ArrayBuffer(TRANSPORT_HEADER_BYTES));
      writeTransportHeader(view, 0, linkId, index, seqNo);
      assert.equal(readLinkSeqNo(view, 0), seqNo);
      assert.equal(readReceiverIndex(view, 0), index);
      assert.equal(view.getBigUint64(8), BigInt(seqNo));
    }),
  );
});

Deno.test("readDatagramHeader reads a transport header's type and link id", () => {
  const packet = new Packet(100);
  packet.fill(new Uint8Array(TRANSPORT_HEADER_BYTES));
  writeTransportHeader(packet.view, HEADROOM_BYTES, 200, 1, 1);
  assert.equal(readDatagramHeader(packet), DatagramType.TRANSPORT << 8 | 200);
});

Deno.test("readLinkSeqNo gives -1 for exactly the numbers beyond 2^53 - 1", () => {
  const aroundTheEdge = fc.bigInt({ min: 2n ** 53n - 1_000n, max: 2n ** 53n + 1_000n });
  const anyU64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(fc.oneof(aroundTheEdge, anyU64), (value) => {
      const view = new DataView(new ArrayBuffer(TRANSPORT_HEADER_BYTES));
      view.setBigUint64(8, value);
      assert.equal(readLinkSeqNo(view, 0), value <= BigInt(MAX) ? Number(value) : -1);
    }),
  );
});
