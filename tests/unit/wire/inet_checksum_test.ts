import assert from "node:assert/strict";
import fc from "fast-check";
import { addWords, adjustChecksum, checksumOf } from "../../../src/wire/inet_checksum.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { checksum } from "../../support/craft_ip.ts";

function packetOf(bytes: Uint8Array): Packet {
  const packet = new Packet(1_500);
  packet.bytes.fill(0xee); // What stands outside must not count.
  packet.fill(bytes);
  return packet;
}

Deno.test("the checksum of RFC 1071's example is 0x220d", () => {
  const packet = packetOf(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7));
  assert.equal(checksumOf(addWords(packet, packet.start, packet.end, 0)), 0x220d);
});

Deno.test("the checksum is that of the readable one, of even and odd lengths", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
    const packet = packetOf(bytes);
    assert.equal(checksumOf(addWords(packet, packet.start, packet.end, 0)), checksum(bytes));
  }));
});

Deno.test("adjustChecksum gives RFC 1624's example", () => {
  // §4: equation 3 gives 0x0000 where equation 2 would give 0xffff.
  assert.equal(adjustChecksum(0xdd2f, 0x5555, 0x3285), 0x0000);
});

Deno.test("adjustChecksum gives what computing anew does", () => {
  const words = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 2, maxLength: 20 });
  fc.assert(fc.property(words, fc.integer({ min: 0, max: 0xffff }), (old, word) => {
    const toBytes = (all: number[]): number[] => all.flatMap((it) => [it >> 8, it & 0xff]);
    const changed = [word, ...old.slice(1)];
    // Words that are all 0 have a checksum of their own, and no header is.
    fc.pre(old.slice(1).some((it) => it !== 0));
    assert.equal(
      adjustChecksum(checksum(toBytes(old)), old[0]!, word) % 0xffff,
      checksum(toBytes(changed)) % 0xffff,
    );
  }));
});
