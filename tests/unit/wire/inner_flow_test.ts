import assert from "node:assert/strict";
import fc from "fast-check";
import { FlowKind, InnerFlow, markCongestion } from "../../../src/wire/inner_flow.ts";
import { checkIpPacket } from "../../../src/wire/ip_packet.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { checksum, craftIp, type IpParts } from "../../support/craft_ip.ts";

const SEED = 2 ** 45 + 12_345;
const ACK = 0x10;

function read(parts: IpParts, seed = SEED): InnerFlow {
  const flow = new InnerFlow(seed);
  flow.read(craftIp(parts));
  return flow;
}

function tcp(
  { from = 40_000, to = 443, flags = ACK, options = [] as number[], data = 0, reserved = 0 },
): IpParts {
  const offset = (20 + options.length) / 4 << 4 | reserved;
  const header = [from >> 8, from & 255, to >> 8, to & 255, 0, 0, 0, 1, 0, 0, 0, 2];
  const rest = [offset, flags, 255, 255, 0, 0, 0, 0, ...options];
  return { protocol: 6, payload: [...header, ...rest, ...new Array<number>(data).fill(7)] };
}

function udp(from: number, to: number, data = 10): IpParts {
  const ports = [from >> 8, from & 255, to >> 8, to & 255];
  return { payload: [...ports, 0, 8 + data, 0, 0, ...new Array<number>(data).fill(7)] };
}

const v6 = (parts: IpParts): IpParts => ({ ...parts, version: 6 });
const both = (parts: IpParts): IpParts[] => [parts, v6(parts)];

Deno.test("InnerFlow tells the kinds of packets apart, in IPv4 and IPv6", () => {
  for (const parts of both(tcp({}))) assert.equal(read(parts).kind, FlowKind.TCP);
  for (const parts of both(udp(1, 2))) assert.equal(read(parts).kind, FlowKind.UDP);
  assert.equal(read({ protocol: 1, payload: [8, 0, 0, 0, 0, 1, 0, 1] }).kind, FlowKind.ICMP);
  assert.equal(read(v6({ protocol: 58, payload: [128, 0, 0, 0, 0, 1, 0, 1] })).kind, FlowKind.ICMP);
  for (const parts of both({ protocol: 47 })) assert.equal(read(parts).kind, FlowKind.OTHER);
});

Deno.test("InnerFlow's pure ACK carries nothing and neither opens nor closes", () => {
  const isPureAck = (it: Parameters<typeof tcp>[0]): boolean[] =>
    both(tcp(it)).map((parts) => read(parts).isPureAck);
  assert.deepEqual(isPureAck({}), [true, true]);
  assert.deepEqual(isPureAck({ options: new Array(12).fill(1) }), [true, true]);
  assert.deepEqual(isPureAck({ data: 1 }), [false, false]);
  assert.deepEqual(isPureAck({ flags: 0 }), [false, false]);
  for (const control of [1, 2, 4]) {
    assert.deepEqual(isPureAck({ flags: ACK | control }), [false, false]);
    assert.equal(read(tcp({ flags: ACK | control })).isTcpControl, true);
  }
  assert.equal(read(tcp({})).isTcpControl, false);
});

Deno.test("InnerFlow's plain ACK says no more than a number and a window", () => {
  const timestamps = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];
  const isPlain = (it: Parameters<typeof tcp>[0]): boolean[] =>
    both(tcp(it)).map((parts) => read(parts).isPlainAck);
  assert.deepEqual(isPlain({}), [true, true]);
  assert.deepEqual(isPlain({ options: timestamps }), [true, true]);
  const sack = [1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2];
  assert.deepEqual(isPlain({ options: sack }), [false, false]);
  assert.deepEqual(isPlain({ options: [...timestamps, ...sack] }), [false, false]);
  assert.deepEqual(isPlain({ options: [1, 1, 1, 1] }), [false, false]);
  for (const flag of [0x08, 0x20, 0x40, 0x80]) { // PSH, URG, ECE, CWR
    assert.deepEqual(isPlain({ flags: ACK | flag }), [false, false]);
  }
  assert.deepEqual(isPlain({ data: 1 }), [false, false]);
  assert.deepEqual(isPlain({ reserved: 1 }), [false, false]); // AE of RFC 9768
  for (const parts of both(tcp({}))) {
    const { ackNo, windowField } = read(parts);
    assert.deepEqual([ackNo, windowField], [2, 0xffff]);
  }
});

Deno.test("InnerFlow's pure ACK is told by the length in the IP header, not by padding behind", () => {
  const packet = craftIp(tcp({}));
  packet.end += 6;
  const flow = new InnerFlow(SEED);
  flow.read(packet);
  assert.equal(flow.isPureAck, true);
  assert.equal(flow.payloadBytes, 0);
});

Deno.test("InnerFlow counts the bytes behind the transport header", () => {
  assert.equal(read(tcp({ data: 77, options: [1, 1, 1, 1] })).payloadBytes, 77);
  assert.equal(read(v6(udp(1, 2, 33))).payloadBytes, 33);
  assert.equal(read({ protocol: 47, payload: new Array(9).fill(0) }).payloadBytes, 9);
});

Deno.test("InnerFlow knows DNS by its port on either side, over UDP and TCP", () => {
  for (const parts of both(udp(53, 60_000))) assert.equal(read(parts).isDns, true);
  for (const parts of both(udp(60_000, 53))) assert.equal(read(parts).isDns, true);
  for (const parts of both(tcp({ to: 53 }))) assert.equal(read(parts).isDns, true);
  for (const parts of both(udp(5353, 5353))) assert.equal(read(parts).isDns, false);
});

Deno.test("InnerFlow reads ECN and DSCP", () => {
  for (const parts of both({ ...udp(1, 2), trafficClass: 46 << 2 | 1 })) {
    const flow = read(parts);
    assert.deepEqual([flow.dscp, flow.ecn], [46, 1]);
  }
});

Deno.test("InnerFlow.hash depends on addresses, protocol, ports and seed, and on nothing else", () => {
  for (const make of [(it: IpParts) => it, v6]) {
    const base = read(make(tcp({}))).hash;
    const version = make({}).version ?? 4;
    const src = version === 4 ? [10, 0, 0, 9] : [0xfd, ...new Array<number>(15).fill(1)];
    assert.equal(read(make({ ...tcp({ flags: 2, data: 50 }), id: 9, trafficClass: 3 })).hash, base);
    const others = [
      read(make(tcp({ from: 40_001 }))).hash,
      read(make(tcp({ to: 444 }))).hash,
      read(make({ ...tcp({}), protocol: 17 })).hash,
      read(make({ ...tcp({}), src })).hash,
      read(make({ ...tcp({}), dst: src })).hash,
      read(make(tcp({ from: 443, to: 40_000 }))).hash,
      read(make(tcp({})), SEED + 1).hash,
      read(make(tcp({})), SEED + 2 ** 40).hash,
    ];
    assert.equal(new Set([base, ...others]).size, others.length + 1);
    assert(others.every((it) => it >= 0 && it < 2 ** 31));
  }
});

Deno.test("InnerFlow.hash of an echo depends on its identifier; of an ICMP error it does not", () => {
  const echo = (id: number): number =>
    read({ protocol: 1, payload: [8, 0, 0, 0, 0, id, 0, 1] }).hash;
  const echo6 = (type: number, id: number): number =>
    read(v6({ protocol: 58, payload: [type, 0, 0, 0, 0, id, 0, 1] })).hash;
  assert.notEqual(echo(1), echo(2));
  assert.notEqual(echo6(128, 1), echo6(128, 2));
  assert.equal(echo6(2, 1), echo6(2, 2));
});

Deno.test("InnerFlow keeps the later fragments of a packet together and reads no ports in them", () => {
  const fragment = (place: number, id: number, payload: readonly number[]): InnerFlow =>
    read({ ...tcp({}), fragment: place, id, payload });
  const a = fragment(0x2001, 5, [0, 53, 0, 53, 0, 0, 0, 0]);
  const b = fragment(0x0002, 5, new Array(40).fill(0x50));
  assert.equal(a.hash, b.hash);
  assert.notEqual(a.hash, fragment(0x2001, 6, []).hash);
  assert.deepEqual([a.isFragment, a.isDns, b.isPureAck, a.kind], [true, false, false, 0]);
  const first = fragment(0x2000, 5, tcp({ to: 53 }).payload as number[]);
  assert.deepEqual([first.isFragment, first.isDns, first.isPureAck], [true, true, false]);
  assert.equal(read({ ...tcp({}), fragment: 0x4000 }).isFragment, false);
});

Deno.test("InnerFlow skips IPv6 extension headers, and tells fragments by theirs", () => {
  const plain = read(v6(udp(7, 53)));
  const options = [60, 0, 1, 4, 0, 0, 0, 0]; // Hop-by-hop, then destination options.
  const skipped = read({
    ...v6(udp(7, 53)),
    firstExtension: 0,
    extensions: [...options, 17, 0, 1, 4, 0, 0, 0, 0],
  });
  assert.deepEqual([skipped.hash, skipped.isDns], [plain.hash, true]);
  const fragment = (place: number, id: number): InnerFlow =>
    read({ ...v6(udp(7, 53)), firstExtension: 44, extensions: [17, 0, 0, place, 0, 0, 0, id] });
  assert.deepEqual([fragment(0, 1).isFragment, fragment(0, 1).hash], [false, plain.hash]); // Atomic.
  assert.deepEqual([fragment(1, 1).isFragment, fragment(1, 1).hash], [true, plain.hash]);
  assert.equal(fragment(8, 1).isDns, false);
  assert.equal(fragment(8, 1).hash, fragment(17, 1).hash);
  assert.notEqual(fragment(8, 1).hash, fragment(8, 2).hash);
  assert.equal(fragment(8, 1).kind, FlowKind.UDP);
});

Deno.test("InnerFlow takes an endless or broken chain of extension headers for an unknown protocol", () => {
  const chain = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => [i === count - 1 ? 17 : 60, 0, 1, 4, 0, 0, 0, 0])
      .flat();
  const parts = (extensions: number[]): IpParts => ({
    ...v6(udp(7, 53)),
    firstExtension: 60,
    extensions,
  });
  assert.equal(read(parts(chain(8))).isDns, true);
  assert.equal(read(parts(chain(9))).kind, FlowKind.OTHER);
  assert.equal(read(parts([17, 255, 0, 0, 0, 0, 0, 0])).isDns, false);
});

Deno.test("InnerFlow spreads neighbouring flows evenly, by low bits and by high ones", () => {
  const low = new Uint32Array(256);
  const high = new Uint32Array(256);
  const flow = new InnerFlow(SEED);
  const packet = craftIp(tcp({}));
  for (let i = 0; i < 25_600; i++) {
    packet.view.setUint16(packet.start + 20, i);
    flow.read(packet);
    low[flow.hash & 255]!++;
    high[flow.hash >>> 23]!++;
  }
  for (const count of [...low, ...high]) assert(count > 50 && count < 150, `${count} of 100`);
});

Deno.test("InnerFlow reads nothing behind the packet's end, and throws at nothing that passed the check", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(4, 6),
      fc.uint8Array({ minLength: 20, maxLength: 140 }),
      fc.nat(7),
      fc.constantFrom(0, 1, 6, 17, 43, 44, 51, 58, 60, 135),
      (version, bytes, ihl, next) => {
        bytes[0] = version === 4 ? 0x45 + ihl : 0x60;
        bytes[version === 4 ? 9 : 6] = next;
        const [a, b] = [0x00, 0xff].map((behind) => {
          const packet = new Packet(200);
          packet.bytes.fill(behind);
          packet.fill(bytes);
          const lengthAt = packet.start + (version === 4 ? 2 : 4);
          packet.view.setUint16(lengthAt, Math.max(0, bytes.length - (version === 4 ? 0 : 40)));
          if (checkIpPacket(packet) < 0) return null;
          const flow = new InnerFlow(SEED);
          flow.read(packet);
          return { ...flow };
        });
        assert.deepEqual(a, b);
        if (a !== null) assert(a!.payloadBytes >= 0 && a!.payloadBytes <= 120);
      },
    ),
    { numRuns: 500 },
  );
});

/** Bytes that are no IP packet: the TCP stand-in's begin with 0xb1. */
const notIp = fc.uint8Array({ minLength: 1, maxLength: 140 }).filter((bytes) =>
  bytes[0]! >> 4 !== 4 && bytes[0]! >> 4 !== 6
);

Deno.test("InnerFlow takes all that is no IP for one flow, whatever its bytes look like", () => {
  const flow = new InnerFlow(SEED);
  const packet = new Packet(200);
  packet.fill(Uint8Array.of(0xb1));
  flow.read(packet);
  const { hash } = flow;
  fc.assert(fc.property(notIp, (bytes) => {
    flow.read(craftIp(udp(53, 53)));
    packet.fill(bytes);
    flow.read(packet);
    const { ackNo: _ackNo, windowField: _windowField, ...rest } = { ...flow }; // of an earlier packet
    assert.deepEqual(rest, {
      hash,
      kind: FlowKind.OTHER,
      dscp: 0,
      ecn: 0,
      payloadBytes: bytes.length,
      isPureAck: false,
      isPlainAck: false,
      isTcpControl: false,
      isDns: false,
      isFragment: false,
    });
  }));
});

Deno.test("markCongestion leaves what is no IP as it is", () => {
  fc.assert(fc.property(notIp, (bytes) => {
    const packet = new Packet(200);
    packet.fill(bytes);
    assert.equal(markCongestion(packet), false);
    assert.deepEqual(packet.toBytes(), bytes);
  }));
});

Deno.test("markCongestion sets CE in ECN-capable packets, and IPv4's checksum stays right", () => {
  for (const parts of both(udp(1, 2))) {
    for (const ecn of [1, 2, 3]) {
      for (const dscp of [0, 46, 63]) {
        const packet = craftIp({ ...parts, trafficClass: dscp << 2 | ecn, id: 0xbeef });
        assert.equal(markCongestion(packet), true);
        const wanted = craftIp({ ...parts, trafficClass: dscp << 2 | 3, id: 0xbeef });
        assert.deepEqual(packet.toBytes(), wanted.toBytes());
      }
    }
  }
});

Deno.test("markCongestion leaves packets that are not ECN-capable as they are", () => {
  for (const parts of both({ ...udp(1, 2), trafficClass: 0xfc })) {
    const packet = craftIp(parts);
    const before = packet.toBytes().slice();
    assert.equal(markCongestion(packet), false);
    assert.deepEqual(packet.toBytes(), before);
  }
});

Deno.test("markCongestion keeps the checksum right for any header", () => {
  fc.assert(
    fc.property(fc.nat(255), fc.nat(0xffff), fc.nat(0xffff), (trafficClass, id, fragment) => {
      const packet = craftIp({ ...udp(1, 2), trafficClass, id, fragment });
      assert.equal(markCongestion(packet), (trafficClass & 3) !== 0);
      assert.equal(checksum(packet.toBytes().subarray(0, 20)), 0);
    }),
  );
});
