import assert from "node:assert/strict";
import fc from "fast-check";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { checkExactIpPacket, checkIpPacket, readIpVersion } from "../../../src/wire/ip_packet.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { craftUdp4 } from "../../support/udp4_packet.ts";

/** An IPv4 packet: `lengthBytes` are there, the header says `totalBytes`, its length is `ihl` words. */
function ipv4(lengthBytes: number, { totalBytes = lengthBytes, ihl = 5 } = {}): Packet {
  const packet = new Packet();
  packet.fill(new Uint8Array(lengthBytes));
  packet.view.setUint8(packet.start, 0x40 | ihl);
  packet.view.setUint16(packet.start + 2, totalBytes);
  return packet;
}

/** An IPv6 packet: `lengthBytes` are there, the header says `payloadBytes`. */
function ipv6(lengthBytes: number, payloadBytes: number): Packet {
  const packet = new Packet();
  packet.fill(new Uint8Array(lengthBytes));
  packet.view.setUint8(packet.start, 0x60);
  packet.view.setUint16(packet.start + 4, payloadBytes);
  return packet;
}

Deno.test("readIpVersion gives the first nibble, or -1 for an empty packet", () => {
  assert.equal(readIpVersion(ipv4(20)), 4);
  assert.equal(readIpVersion(ipv6(40, 0)), 6);
  assert.equal(readIpVersion(new Packet(10)), -1);
});

Deno.test("checkIpPacket accepts IPv4 of every length with a matching length field", () => {
  fc.assert(fc.property(fc.integer({ min: 20, max: 65_507 }), (length) => {
    assert.equal(checkIpPacket(ipv4(length)), 0);
  }));
});

Deno.test("checkIpPacket accepts IPv6 of every length with a matching length field", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 65_467 }), (payload) => {
    assert.equal(checkIpPacket(ipv6(40 + payload, payload)), 0);
  }));
});

Deno.test("checkIpPacket accepts bytes behind the packet", () => {
  assert.equal(checkIpPacket(ipv4(46, { totalBytes: 28 })), 0);
  assert.equal(checkIpPacket(ipv6(60, 8)), 0);
});

Deno.test("checkIpPacket accepts IPv4 options", () => {
  assert.equal(checkIpPacket(ipv4(60, { ihl: 15 })), 0);
});

Deno.test("checkIpPacket tells an empty packet apart", () => {
  assert.equal(checkIpPacket(new Packet(10)), DropReason.EMPTY);
});

Deno.test("checkIpPacket refuses all other versions", () => {
  for (let version = 0; version < 16; version++) {
    const packet = ipv4(40);
    packet.view.setUint8(packet.start, version << 4 | 5);
    packet.view.setUint16(packet.start + 4, 0); // right for 6, too
    assert.equal(checkIpPacket(packet), version === 4 || version === 6 ? 0 : DropReason.NOT_IP);
  }
});

const REFUSED: readonly (readonly [string, Packet])[] = [
  ["IPv4 shorter than its header", ipv4(19, { totalBytes: 20 })],
  ["IPv4 of one byte", ipv4Start()],
  ["IPv4 with a header length below 20", ipv4(40, { ihl: 4 })],
  ["IPv4 with a header longer than its total length", ipv4(40, { ihl: 6, totalBytes: 20 })],
  ["IPv4 with options that are not there", ipv4(20, { ihl: 6, totalBytes: 24 })],
  ["IPv4 that says more than is there", ipv4(40, { totalBytes: 41 })],
  ["IPv4 that says less than its header", ipv4(40, { totalBytes: 19 })],
  ["IPv6 shorter than its header", ipv6(39, 0)],
  ["IPv6 that says more than is there", ipv6(40, 1)],
];

for (const [what, packet] of REFUSED) {
  Deno.test(`checkIpPacket refuses ${what}`, () => {
    assert.equal(checkIpPacket(packet), DropReason.NOT_IP);
  });
}

Deno.test("checkIpPacket looks at nothing but the packet, wherever it starts", () => {
  const packet = ipv4(40);
  packet.start += 1;
  packet.bytes[packet.start] = 0x45;
  packet.view.setUint16(packet.start + 2, 40);
  assert.equal(checkIpPacket(packet), DropReason.NOT_IP);
  packet.view.setUint16(packet.start + 2, 39);
  assert.equal(checkIpPacket(packet), 0);
});

Deno.test("checkIpPacket refuses what is shorter than a header, whatever an earlier packet left there", () => {
  const packet = new Packet();
  const earlier = fc.uint8Array({ minLength: 60, maxLength: 60 });
  fc.assert(fc.property(earlier, fc.boolean(), fc.nat(18), (bytes, isIpv6, extra) => {
    packet.fill(bytes);
    packet.bytes[packet.start] = isIpv6 ? 0x60 : 0x45;
    packet.view.setUint16(packet.start + 4, 0);
    packet.end = packet.start + (isIpv6 ? 20 : 1) + extra;
    assert.equal(checkIpPacket(packet), DropReason.NOT_IP);
  }));
});

Deno.test("checkIpPacket returns 0, EMPTY or NOT_IP for any bytes", () => {
  const packet = new Packet(200);
  const results: readonly number[] = [0, DropReason.EMPTY, DropReason.NOT_IP];
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    packet.fill(bytes);
    assert.ok(results.includes(checkIpPacket(packet)));
  }));
});

function ipv4Start(): Packet {
  const packet = new Packet(10);
  packet.fill(Uint8Array.of(0x45));
  return packet;
}

Deno.test("checkExactIpPacket accepts IPv4 with a right checksum and IPv6, of exact length", () => {
  const packet = new Packet();
  for (const payloadBytes of [0, 1, 2, 1_300]) {
    packet.fill(craftUdp4({ payload: new Uint8Array(payloadBytes) }));
    assert.equal(checkExactIpPacket(packet), 0);
    assert.equal(checkExactIpPacket(ipv6(40 + payloadBytes, payloadBytes)), 0);
  }
});

Deno.test("checkExactIpPacket refuses every change of one bit in an IPv4 header", () => {
  const good = craftUdp4({ payload: new Uint8Array(10) });
  const packet = new Packet();
  for (let bit = 0; bit < 160; bit++) {
    const changed = good.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    packet.fill(changed);
    assert.equal(checkExactIpPacket(packet), DropReason.NOT_IP, `bit ${bit}`);
  }
});

Deno.test("checkExactIpPacket refuses bytes behind the packet, and no packet", () => {
  const packet = new Packet();
  packet.fill(Uint8Array.of(...craftUdp4({ payload: new Uint8Array(10) }), 0));
  assert.equal(checkExactIpPacket(packet), DropReason.NOT_IP);
  assert.equal(checkExactIpPacket(ipv6(49, 8)), DropReason.NOT_IP);
  assert.equal(checkExactIpPacket(new Packet(10)), DropReason.EMPTY);
});
