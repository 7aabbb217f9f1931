import assert from "node:assert/strict";
import fc from "fast-check";
import { checkIpPacket } from "../../../src/wire/ip_packet.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { clampMss, mayBeSyn } from "../../../src/wire/tcp_mss.ts";
import { craftIp, craftIpBytes, type IpParts, transportChecksum } from "../../support/craft_ip.ts";

const SYN = 0x02;
const SYN_ACK = 0x12;
const VERSIONS = [4, 6] as const;

interface TcpParts extends IpParts {
  readonly flags?: number;
  readonly options?: readonly number[];
}

/** A TCP packet with a right checksum. */
function tcp({ flags = SYN, options = [], ...ip }: TcpParts): Packet {
  const padded = [...options, ...new Array<number>((4 - options.length % 4) % 4).fill(0)];
  const offset = (20 + padded.length) / 4 << 4;
  const header = [
    0x9c,
    0x40,
    1,
    187,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    offset,
    flags,
    0xfa,
    0xf0,
    0,
    0,
    0,
    0,
  ];
  const parts = { ...ip, protocol: 6, payload: [...header, ...padded] };
  const packet = craftIp(parts);
  const checksum = transportChecksum(craftIpBytes(parts));
  packet.view.setUint16(packet.end - padded.length - 4, checksum);
  assert.equal(transportChecksum(packet.toBytes()), 0);
  return packet;
}

const mss = (bytes: number): number[] => [2, 4, bytes >> 8, bytes & 0xff];
const optionsOf = (
  packet: Packet,
): number[] => [
  ...packet.toBytes().subarray((packet.bytes[packet.start]! >> 4 === 4 ? 20 : 40) + 20),
];

Deno.test("clampMss lowers the MSS of a SYN to what the MTU leaves, and the checksum stays right", () => {
  for (const [version, wanted] of [[4, 1_360], [6, 1_340]] as const) {
    for (const flags of [SYN, SYN_ACK, SYN | 0xc0]) {
      const packet = tcp({ version, flags, options: mss(1_460) });
      assert.equal(clampMss(packet, 1_400, false), true);
      assert.deepEqual(optionsOf(packet), mss(wanted));
      assert.equal(transportChecksum(packet.toBytes()), 0);
    }
  }
});

Deno.test("clampMss makes of a known SYN the known one", () => {
  // Made by hand: 192.0.2.1:40000 > 198.51.100.2:443, MSS 1460; words of pseudo-header and segment summed up by RFC 1071.
  const packet = tcp({ options: mss(1_460) });
  const checksumAt = packet.start + 20 + 16;
  const sum = 0xc000 + 0x0201 + 0xc633 + 0x6402 + 6 + 24 + // pseudo-header
    0x9c40 + 443 + 0x0102 + 0x0304 + 0x0506 + 0x0708 + 0x6002 + 0xfaf0 + 0x0204;
  const fold = (it: number): number => ~((it & 0xffff) + (it >> 16)) & 0xffff;
  assert.equal(packet.view.getUint16(checksumAt), fold(sum + 1_460));
  clampMss(packet, 1_280, false);
  assert.equal(packet.view.getUint16(checksumAt), fold(sum + 1_240));
});

Deno.test("clampMss leaves a smaller or equal MSS, a SYN without one, and what is no SYN", () => {
  for (const version of VERSIONS) {
    const packets = [
      tcp({ version, options: mss(1_340) }),
      tcp({ version, options: mss(536) }),
      tcp({ version }),
      tcp({ version, options: [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0] }),
      tcp({ version, options: mss(1_460), flags: 0x10 }),
      craftIp({ version, protocol: 17, payload: new Array(40).fill(2) }),
    ];
    for (const packet of packets) {
      const before = packet.toBytes().slice();
      assert.equal(clampMss(packet, 1_400, false), false);
      assert.deepEqual(packet.toBytes(), before);
    }
  }
});

Deno.test("clampMss finds the MSS behind other options, at even and odd places, and each one of two", () => {
  for (const version of VERSIONS) {
    for (const before of [[1], [1, 1], [3, 3, 7], [4, 2, 1], [8, 10, 1, 2, 3, 4, 5, 6, 7, 8]]) {
      const packet = tcp({ version, options: [...before, ...mss(9_000), 1, ...mss(1_460)] });
      assert.equal(clampMss(packet, 1_400, false), true);
      const wanted = mss(version === 4 ? 1_360 : 1_340);
      const options = [...before, ...wanted, 1, ...wanted];
      assert.deepEqual(optionsOf(packet).slice(0, options.length), options);
      assert.equal(transportChecksum(packet.toBytes()), 0);
    }
  }
});

Deno.test("clampMss leaves a partial checksum as it is", () => {
  const packet = tcp({ options: mss(1_460) });
  packet.view.setUint16(packet.start + 36, 0x1234);
  assert.equal(clampMss(packet, 1_400, true), true);
  assert.deepEqual(optionsOf(packet), mss(1_360));
  assert.equal(packet.view.getUint16(packet.start + 36), 0x1234);
});

Deno.test("clampMss stops at an option that ends the list, is malformed, or goes beyond the header", () => {
  const lists = [
    [0, 1, 1, 1, ...mss(1_460)],
    [5, 0, 1, 1, ...mss(1_460)],
    [5, 1, 1, 1, ...mss(1_460)],
    [5, 40, 1, 1, ...mss(1_460)],
    [1, 1, 1, 2],
    [2, 4],
    [2, 3, 255, 1],
    [2, 6, 255, 255, 0, 0, 1, 1],
  ];
  for (const options of lists) {
    const packet = tcp({ options });
    assert.equal(clampMss(packet, 1_400, false), false, `${options}`);
  }
});

Deno.test("clampMss does not look into later fragments, nor write an MSS that nobody takes", () => {
  assert.equal(clampMss(tcp({ options: mss(1_460), fragment: 0x2001 }), 1_400, false), false);
  assert.equal(clampMss(tcp({ options: mss(1_460) }), 87, false), false);
  assert.equal(clampMss(tcp({ version: 6, options: mss(1_460) }), 107, false), false);
});

Deno.test("clampMss keeps any right checksum right, whatever the options are", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...VERSIONS),
      fc.array(
        fc.oneof(
          fc.integer({ min: 0, max: 0xffff }).map(mss),
          fc.constant([1]),
          fc.constant([3, 3, 9]),
          fc.array(fc.nat(255), { minLength: 1, maxLength: 3 }),
        ),
        { maxLength: 8 },
      ),
      fc.integer({ min: 0, max: 2_000 }),
      (version, lists, mtuBytes) => {
        const packet = tcp({ version, options: lists.flat().slice(0, 40) });
        const before = packet.toBytes().slice();
        const isChanged = clampMss(packet, mtuBytes, false);
        assert.equal(transportChecksum(packet.toBytes()) % 0xffff, 0);
        assert.equal(isChanged, `${packet.toBytes()}` !== `${before}`);
        assert.equal(clampMss(packet, mtuBytes, false), false, "a second time changes nothing");
      },
    ),
  );
});

Deno.test("clampMss neither throws nor writes outside a packet of random bytes", () => {
  const header = fc.uint8Array({ minLength: 20, maxLength: 120 });
  fc.assert(
    fc.property(fc.constantFrom(...VERSIONS), header, fc.nat(255), (version, bytes, offset) => {
      bytes[0] = version === 4 ? 0x45 : 0x60;
      bytes[version === 4 ? 9 : 6] = 6;
      const tcpAt = version === 4 ? 20 : 40;
      if (tcpAt + 13 < bytes.length) bytes.set([offset, SYN], tcpAt + 12);
      if (version === 4) bytes.set([0, 0], 6);
      const packet = new Packet(120);
      packet.bytes.fill(0xff);
      packet.fill(bytes);
      packet.view.setUint16(
        packet.start + (version === 4 ? 2 : 4),
        Math.max(0, bytes.length - (version === 4 ? 0 : 40)),
      );
      if (checkIpPacket(packet) < 0) return;
      clampMss(packet, 576, false);
      assert(packet.bytes.subarray(0, packet.start).every((it) => it === 0xff));
      assert(packet.bytes.subarray(packet.end).every((it) => it === 0xff));
    }),
    { numRuns: 300 },
  );
});

Deno.test("mayBeSyn knows SYNs of both IP versions, and nothing else of TCP, nor other protocols", () => {
  for (const version of VERSIONS) {
    for (const flags of [SYN, SYN_ACK]) assert(mayBeSyn(tcp({ version, flags })));
    for (const flags of [0x10, 0x11, 0x04, 0]) assert(!mayBeSyn(tcp({ version, flags })));
    assert(
      !mayBeSyn(craftIp({ version, protocol: 17, payload: new Array<number>(40).fill(0xff) })),
    );
    assert(!mayBeSyn(craftIp({ version, protocol: 6, payload: [1, 2, 3] })), "too short");
  }
});

Deno.test("mayBeSyn takes any bytes; clampMss changes only IP packets", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    const packet = new Packet(100);
    packet.fill(bytes);
    mayBeSyn(packet);
    if (bytes.length > 0 && bytes[0]! >> 4 !== 4 && bytes[0]! >> 4 !== 6) {
      assert(!mayBeSyn(packet));
      assert(!clampMss(packet, 600, false));
    }
  }));
});
