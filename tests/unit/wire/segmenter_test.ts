import assert from "node:assert/strict";
import fc from "fast-check";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../../src/wire/packet.ts";
import { completeChecksum } from "../../../src/wire/partial_checksum.ts";
import { Segmenter } from "../../../src/wire/segmenter.ts";
import { GsoType, VnetHeader } from "../../../src/wire/vnet_header.ts";
import { checksum, craftIpBytes, type IpParts, transportChecksum } from "../../support/craft_ip.ts";
import { slowCompleted, slowSegments } from "../../support/slow_segmenter.ts";

const FIN = 0x01;
const PSH = 0x08;
const ACK = 0x10;
const CWR = 0x80;

interface SuperParts extends IpParts {
  readonly data: number;
  readonly flags?: number;
  readonly sequence?: number;
  readonly options?: readonly number[];
}

const dataOf = (bytes: number): number[] => Array.from({ length: bytes }, (_, i) => (i * 7) & 0xff);

function tcpSuper({ data, flags = ACK, sequence = 1, options = [], ...ip }: SuperParts): Packet {
  const header = new Uint8Array(20 + options.length);
  const view = new DataView(header.buffer);
  view.setUint16(0, 40_000);
  view.setUint16(2, 443);
  view.setUint32(4, sequence);
  header[12] = header.length / 4 << 4;
  header[13] = flags;
  header.set(options, 20);
  return packetOf(craftIpBytes({ ...ip, protocol: 6, payload: [...header, ...dataOf(data)] }));
}

function udpSuper({ data, ...ip }: SuperParts): Packet {
  const length = 8 + data;
  const header = [0x9c, 0x40, 0, 53, length >> 8, length & 0xff, 0, 0];
  return packetOf(craftIpBytes({ ...ip, protocol: 17, payload: [...header, ...dataOf(data)] }));
}

/** Behind a vnet header, as it is read. */
function packetOf(bytes: Uint8Array): Packet {
  const packet = new Packet(66_000);
  packet.start = HEADROOM_BYTES + 10;
  packet.end = packet.start + bytes.length;
  packet.bytes.set(bytes, packet.start);
  return packet;
}

function headerOf(gsoType: number, segmentBytes: number): VnetHeader {
  const header = new VnetHeader();
  header.gsoType = gsoType;
  header.segmentBytes = segmentBytes;
  return header;
}

/** Holds every segment of these tests; the default is 64 KiB, which takes a while to make. */
const slot = (): Packet => new Packet(6_100);

/** All segments, or the drop reason. */
function cut(
  packet: Packet,
  gsoType: number,
  segmentBytes: number,
  segmenter: Segmenter = new Segmenter(),
): Packet[] | number {
  const count = segmenter.begin(packet, headerOf(gsoType, segmentBytes));
  if (count < 0) return count;
  const segments: Packet[] = [];
  for (let out = slot(); segmenter.next(out); out = slot()) segments.push(out);
  assert.equal(segments.length, count);
  return segments;
}

function cutAll(packet: Packet, gsoType: number, segmentBytes: number): Packet[] {
  const segments = cut(packet, gsoType, segmentBytes);
  assert.ok(typeof segments !== "number", `dropped: ${segments}`);
  return segments;
}

const flagsOf = (segments: Packet[], at: number): number[] =>
  segments.map((it) => it.bytes[it.start + at + 13]!);
const words = (segments: Packet[], at: number): number[] =>
  segments.map((it) => it.view.getUint16(it.start + at));
const bytesFrom = (segments: Packet[], at: number): number[] =>
  segments.flatMap((it) => [...it.toBytes().subarray(at)]);

Deno.test("a TCP packet over IPv4 becomes segments of the size asked for, with right headers", () => {
  const packet = tcpSuper({ data: 2_500, id: 0xffff, sequence: 0xffff_ffff - 999 });
  const segments = cutAll(packet, GsoType.TCPV4, 1_000);
  assert.deepEqual(segments.map((it) => it.length), [1_040, 1_040, 540]);
  assert.deepEqual(words(segments, 2), [1_040, 1_040, 540]);
  assert.deepEqual(words(segments, 4), [0xffff, 0, 1]);
  assert.deepEqual(segments.map((it) => it.view.getUint32(it.start + 24)), [0xffff_fc18, 0, 1_000]);
  assert.deepEqual(bytesFrom(segments, 40), dataOf(2_500));
  for (const segment of segments) {
    assert.equal(segment.start, HEADROOM_BYTES);
    assert.equal(segment.isPartial, true);
    assert.equal(checksum(segment.toBytes().subarray(0, 20)), 0);
    assert.equal(completeChecksum(segment), 0);
    assert.equal(transportChecksum(segment.toBytes()), 0);
  }
});

Deno.test("a TCP packet over IPv6 keeps its extension headers and options in each segment", () => {
  const options = [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8];
  const extensions = [6, 0, 1, 4, 0, 0, 0, 0];
  const packet = tcpSuper({ version: 6, data: 250, options, extensions, firstExtension: 60 });
  const segments = cutAll(packet, GsoType.TCPV6, 100);
  assert.deepEqual(words(segments, 4), [140, 140, 90]);
  assert.deepEqual(bytesFrom(segments, 80), dataOf(250));
  for (const segment of segments) {
    assert.deepEqual([...segment.toBytes().subarray(40, 48)], extensions);
    assert.deepEqual([...segment.toBytes().subarray(68, 80)], options);
  }
});

Deno.test("FIN and PSH stand on the last segment only, CWR on the first only, the others on all", () => {
  for (const gsoType of [GsoType.TCPV4, GsoType.TCPV4 | GsoType.ECN]) {
    const packet = tcpSuper({ data: 300, flags: FIN | PSH | ACK | CWR | 0x40 });
    const flags = flagsOf(cutAll(packet, gsoType, 100), 20);
    assert.deepEqual(flags, [ACK | CWR | 0x40, ACK | 0x40, FIN | PSH | ACK | 0x40]);
  }
  const whole = tcpSuper({ data: 100, flags: FIN | PSH | CWR });
  assert.deepEqual(flagsOf(cutAll(whole, GsoType.TCPV4, 100), 20), [FIN | PSH | CWR]);
});

Deno.test("UDP of either version becomes datagrams with their own lengths and right checksums", () => {
  for (const [version, ipBytes] of [[4, 20], [6, 40]] as const) {
    const segments = cutAll(udpSuper({ version, data: 2_600, id: 5 }), GsoType.UDP_L4, 1_200);
    assert.deepEqual(words(segments, ipBytes + 4), [1_208, 1_208, 208]);
    assert.deepEqual(bytesFrom(segments, ipBytes + 8), dataOf(2_600));
    if (version === 4) assert.deepEqual(words(segments, 4), [5, 6, 7]);
    for (const segment of segments) {
      completeChecksum(segment);
      assert.equal(transportChecksum(segment.toBytes()), 0);
    }
  }
});

Deno.test("a packet without payload, or smaller than a segment, stays one", () => {
  for (const data of [0, 1, 99, 100]) {
    assert.equal(cutAll(tcpSuper({ data }), GsoType.TCPV4, 100).length, 1);
    assert.equal(cutAll(udpSuper({ data }), GsoType.UDP_L4, 100).length, 1);
  }
});

Deno.test("what the vnet header says of the headers' length is not believed", () => {
  const header = headerOf(GsoType.TCPV4, 100);
  for (header.headerBytes of [0, 1, 54, 0xffff]) {
    assert.equal(new Segmenter().begin(tcpSuper({ data: 300 }), header), 3);
  }
});

Deno.test("what is malformed or of another kind than its type says is dropped", () => {
  const { TCPV4, TCPV6, UDP_L4, ECN, NONE } = GsoType;
  const v4 = tcpSuper({ data: 300 });
  const v6 = tcpSuper({ version: 6, data: 300 });
  const udp = udpSuper({ data: 300 });
  const drops: (readonly [Packet, number, number])[] = [
    [v4, TCPV4, 0],
    ...[NONE, ECN, 2, 3, TCPV6, UDP_L4, 6, 0x7f, TCPV4 | 2].map((type) => [v4, type, 9] as const),
    [v6, TCPV4, 100],
    [udp, TCPV4, 100],
    [udpSuper({ version: 6, data: 9 }), TCPV6, 100],
    [tcpSuper({ data: 300, fragment: 0x2000 }), TCPV4, 100],
    [tcpSuper({ data: 300, fragment: 0x0001 }), TCPV4, 100],
    [packetOf(craftIpBytes({ protocol: 6, payload: dataOf(19) })), TCPV4, 100],
    [packetOf(craftIpBytes({ protocol: 17, payload: dataOf(7) })), UDP_L4, 100],
    [packetOf(Uint8Array.of(0x45, 0)), TCPV4, 100],
    [packetOf(Uint8Array.of(1, 2, 3)), TCPV4, 100],
  ];
  for (const [packet, gsoType, segmentBytes] of drops) {
    assert.equal(cut(packet, gsoType, segmentBytes), DropReason.NOT_IP);
  }
  for (const dataOffset of [0x00, 0x40, 0xf0]) {
    const packet = tcpSuper({ data: 30 });
    packet.bytes[packet.start + 32] = dataOffset;
    assert.equal(cut(packet, TCPV4, 100), DropReason.NOT_IP, `offset ${dataOffset}`);
  }
  assert.equal(cut(packetOf(new Uint8Array(0)), TCPV4, 100), DropReason.EMPTY);
});

Deno.test("after a packet that was dropped, and before the first, there is no segment", () => {
  const segmenter = new Segmenter();
  const out = new Packet();
  assert.equal(segmenter.next(out), false);
  assert.equal(segmenter.begin(tcpSuper({ data: 300 }), headerOf(GsoType.TCPV4, 100)), 3);
  segmenter.begin(tcpSuper({ data: 300 }), headerOf(GsoType.NONE, 100));
  assert.equal(segmenter.next(out), false);
  assert.equal(out.length, 0);
});

Deno.test("segments that fit into no slot are dropped, and a smaller slot than was told is refused", () => {
  const packet = tcpSuper({ data: 3_000 });
  const segmenter = new Segmenter(1_400);
  assert.equal(segmenter.begin(packet, headerOf(GsoType.TCPV4, 1_361)), DropReason.TOO_LARGE);
  assert.equal(segmenter.next(new Packet(1_400)), false);
  assert.equal(segmenter.begin(packet, headerOf(GsoType.TCPV4, 1_360)), 3);
  assert.throws(() => segmenter.next(new Packet(1_399)), RangeError);
  const whole = new Segmenter(1_400);
  assert.equal(whole.begin(tcpSuper({ data: 100 }), headerOf(GsoType.TCPV4, 9_000)), 1);
  assert.equal(whole.next(new Packet(1_400)), true);
});

Deno.test("slots that just hold the segments do", () => {
  const segmenter = new Segmenter(1_040);
  const packet = tcpSuper({ data: 3_500 });
  assert.equal(segmenter.begin(packet, headerOf(GsoType.TCPV4, 1_000)), 4);
  const got: Packet[] = [];
  for (let out = new Packet(1_040); segmenter.next(out); out = new Packet(1_040)) got.push(out);
  assert.deepEqual(bytesFrom(got, 40), dataOf(3_500));
});

Deno.test("the kept views follow the packet, its place, its headers and the segment size", () => {
  const segmenter = new Segmenter();
  const one = tcpSuper({ data: 6_000 });
  const other = tcpSuper({ data: 6_000 });
  const moved = tcpSuper({ data: 6_000 });
  moved.bytes.copyWithin(moved.start - 4, moved.start, moved.end);
  moved.start -= 4;
  moved.end -= 4;
  const longer = tcpSuper({ data: 6_000, options: [1, 1, 1, 0] });
  other.bytes.fill(7, other.start + 40, other.end);
  for (const segmentBytes of [1_000, 70, 999, 6_000]) {
    for (const packet of [one, other, one, moved, longer, one, one]) {
      // New payload in the same place is seen, too.
      packet.bytes[packet.end - 1] = packet.bytes[packet.end - 1]! + 1;
      const expected = slowSegments([...packet.toBytes()], GsoType.TCPV4, segmentBytes)!;
      const got = cut(packet, GsoType.TCPV4, segmentBytes, segmenter);
      assert.deepEqual((got as Packet[]).map((it) => [...it.toBytes()]), expected);
    }
  }
});

Deno.test("segments are those of the slow twin, also when bytes follow the packet", () => {
  const parts = fc.record({
    version: fc.constantFrom(4 as const, 6 as const),
    isTcp: fc.boolean(),
    id: fc.nat(0xffff),
    data: fc.nat(900),
    flags: fc.nat(0xff),
    sequence: fc.nat(0xffff_ffff),
    options: fc.array(fc.nat(255), { maxLength: 40 }).map((it) => it.slice(0, it.length & ~3)),
    trailer: fc.uint8Array({ maxLength: 20 }),
    segmentBytes: fc.integer({ min: 20, max: 1_000 }),
  });
  fc.assert(fc.property(parts, ({ isTcp, trailer, segmentBytes, ...it }) => {
    const packet = isTcp ? tcpSuper(it) : udpSuper(it);
    packet.bytes.set(trailer, packet.end);
    packet.end += trailer.length;
    const tcpType = it.version === 4 ? GsoType.TCPV4 : GsoType.TCPV6;
    const gsoType = isTcp ? tcpType : GsoType.UDP_L4;
    const expected = slowSegments([...packet.toBytes()], gsoType, segmentBytes)!;
    const got = cutAll(packet, gsoType, segmentBytes);
    assert.deepEqual(got.map((one) => [...one.toBytes()]), expected);
    const headerBytes = (it.version === 4 ? 20 : 40) + (isTcp ? 20 + it.options.length : 8);
    assert.deepEqual(bytesFrom(got, headerBytes), dataOf(it.data));
    got.forEach((one) => completeChecksum(one));
    assert.deepEqual(got.map((one) => [...one.toBytes()]), expected.map(slowCompleted));
  }));
});

Deno.test("random bytes with random headers throw nothing", () => {
  const bytes = fc.uint8Array({ maxLength: 120 });
  const type = fc.oneof(fc.nat(255), fc.constantFrom(1, 4, 5));
  fc.assert(fc.property(bytes, fc.nat(3), type, fc.nat(50), (raw, version, gsoType, size) => {
    if (raw.length > 0 && version > 0) raw[0] = version === 1 ? 0x45 : 0x60;
    const got = cut(packetOf(raw), gsoType, size);
    const expected = slowSegments([...raw], gsoType, size);
    if (typeof got === "number") assert.equal(expected, null);
    else assert.deepEqual(got.map((one) => [...one.toBytes()]), expected);
  }));
});
