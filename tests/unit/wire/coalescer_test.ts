import assert from "node:assert/strict";
import fc from "fast-check";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { GsoType, VNET_HEADER_BYTES, VnetFlag } from "../../../src/wire/vnet_header.ts";
import { CoalescerRig } from "../../support/coalescer_rig.ts";
import { craftIpBytes } from "../../support/craft_ip.ts";
import { toHex } from "../../support/hex.ts";
import { craftTcpSegment, type TcpParts } from "../../support/tcp_segment.ts";

const VERSIONS = [4, 6] as const;
const ACK = 0x10;
const PSH = 0x08;
const TIMESTAMPS = [1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8];

/** Bytes that differ from place to place, and from one sequence number to the next. */
function data(bytes: number, sequence = 0): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (sequence + i) % 251);
}

/** Segments in order, `bytes` each; the parts apply to all. */
function train(pkts: number, bytes: number, parts: TcpParts = {}): Uint8Array[] {
  const first = parts.sequence ?? 1;
  return Array.from({ length: pkts }, (_, i) => {
    const sequence = (first + i * bytes) >>> 0;
    return craftTcpSegment({ ...parts, sequence, data: data(bytes, sequence), id: i });
  });
}

/** Adds two packets and tells of how many packets the writes are. */
function writesOf(...packets: Uint8Array[]): number[] {
  const rig = new CoalescerRig();
  for (const packet of packets) assert.equal(rig.add(packet), 0);
  rig.assertCarriesAll();
  return rig.writtenPkts();
}

Deno.test("Segments in order become one write that the kernel cuts into them again", () => {
  for (const version of VERSIONS) {
    const rig = new CoalescerRig();
    for (const packet of train(20, 1_000, { version, options: TIMESTAMPS })) rig.add(packet);
    assert.equal(rig.writes.length, 0);
    assert.equal(rig.coalescer.waitingPkts, 20);
    rig.assertCarriesAll();
    assert.deepEqual(rig.writtenPkts(), [20]);
    const header = rig.headerOf(0);
    const ipBytes = version === 4 ? 20 : 40;
    assert.equal(header.flags, VnetFlag.NEEDS_CSUM);
    assert.equal(header.gsoType, version === 4 ? GsoType.TCPV4 : GsoType.TCPV6);
    assert.equal(header.segmentBytes, 1_000);
    assert.equal(header.headerBytes, ipBytes + 32);
    assert.deepEqual([header.checksumStart, header.checksumOffset], [ipBytes, 16]);
    assert.deepEqual([rig.coalescer.writtenRuns, rig.coalescer.joinedPkts], [1, 20]);
  }
});

Deno.test("One segment alone is written as one packet whose checksum is to be computed", () => {
  for (const version of VERSIONS) {
    const rig = new CoalescerRig();
    rig.add(craftTcpSegment({ version, data: data(100) }));
    rig.assertCarriesAll();
    const header = rig.headerOf(0);
    assert.deepEqual([header.flags, header.gsoType, header.segmentBytes], [1, GsoType.NONE, 0]);
  }
});

Deno.test("Known segments become the known superpacket", () => {
  const rig = new CoalescerRig();
  const parts = { src: [10, 0, 0, 1], dst: [10, 0, 0, 2], ports: [1, 2], id: 7 } as const;
  rig.add(craftTcpSegment({ ...parts, sequence: 5, data: [0xaa, 0xbb] }));
  rig.add(craftTcpSegment({ ...parts, sequence: 7, data: [0xcc], flags: ACK | PSH }));
  // Pseudo-header: 0a00 + 0001 + 0a00 + 0002 + 6 + 23 = 1420. IPv4 header: see RFC 1071.
  assert.equal(
    toHex(rig.writes[0]!),
    "01" + "01" + "2800" + "0200" + "1400" + "1000" +
      "4500002b" + "00074000" + "400626c4" + "0a000001" + "0a000002" +
      "00010002" + "00000005" + "00000001" + "501801f4" + "14200000" + "aabbcc",
  );
});

Deno.test("A packet whose checksum is complete is written alone as it is, behind its flow", () => {
  const rig = new CoalescerRig();
  const [first, second, third] = train(3, 500);
  rig.add(first!);
  rig.addWhole(second!);
  assert.deepEqual(rig.writtenPkts(), [1, 1]);
  assert.deepEqual(
    rig.writes[1],
    Uint8Array.of(...new Array(VNET_HEADER_BYTES).fill(0), ...second!),
  );
  rig.add(third!);
  rig.assertCarriesAll();
});

Deno.test("A short segment ends its run; a longer one, a gap and a repetition begin a new one", () => {
  const at = (sequence: number, bytes: number): Uint8Array =>
    craftTcpSegment({ sequence, data: data(bytes, sequence) });
  assert.deepEqual(writesOf(at(0, 100), at(100, 99), at(199, 99)), [2, 1]);
  assert.deepEqual(writesOf(at(0, 100), at(100, 101)), [1, 1]);
  assert.deepEqual(writesOf(at(0, 100), at(101, 100)), [1, 1]);
  assert.deepEqual(writesOf(at(0, 100), at(0, 100)), [1, 1]);
  assert.deepEqual(writesOf(at(100, 100), at(0, 100)), [1, 1]);
});

Deno.test("Sequence numbers and IPv4 ids wrap within a run", () => {
  const parts = { sequence: 0xffff_ff00, fragment: 0 };
  const packets = train(4, 200, parts).map((packet, i) => {
    const sequence = (0xffff_ff00 + i * 200) >>> 0;
    assert.equal(new DataView(packet.buffer).getUint32(24), sequence);
    return craftTcpSegment({ ...parts, sequence, data: data(200, i), id: (0xfffe + i) & 0xffff });
  });
  assert.deepEqual(writesOf(...packets), [4]);
});

Deno.test("PSH ends a run, and stays on its last segment", () => {
  const rig = new CoalescerRig();
  const [first, second] = train(2, 100);
  rig.add(first!);
  second![33]! |= PSH;
  rig.add(second!);
  assert.deepEqual(rig.writtenPkts(), [2]); // at once
  assert.equal(rig.coalescer.waitingPkts, 0);
  rig.assertCarriesAll();
});

Deno.test("A segment with PSH that nothing waits for is written at once, without waiting", () => {
  const rig = new CoalescerRig();
  rig.add(craftTcpSegment({ data: [1], flags: ACK | PSH }));
  assert.deepEqual(rig.writtenPkts(), [1]);
  assert.equal(rig.coalescer.writtenRuns, 0);
});

Deno.test("Other flags, reserved bits, or no data: written alone, before and behind its flow's data", () => {
  const odd: TcpParts[] = [
    ...[0x00, 0x02, 0x12, 0x11, 0x14, 0x30, 0x50, 0x90, 0x08].map((flags) => ({ flags })),
    { data: [] },
    { fragment: 0x8000 }, // the reserved bit
  ];
  for (const version of VERSIONS) {
    for (const parts of odd) {
      const [first, , third] = train(3, 100, { version });
      const second = craftTcpSegment({ version, sequence: 101, data: data(100, 101), ...parts });
      const isJoined = version === 6 && parts.fragment !== undefined;
      assert.deepEqual(writesOf(first!, second, third!), isJoined ? [3] : [1, 1, 1]);
    }
    const [first, second] = train(2, 100, { version });
    second![(version === 4 ? 20 : 40) + 12]! |= 1; // AE of accurate ECN
    assert.deepEqual(writesOf(first!, second!), [1, 1]);
  }
});

Deno.test("What cutting could not bring back keeps two segments apart", () => {
  const differences: TcpParts[] = [
    { ack: 2 },
    { window: 501 },
    { urgent: 1 },
    { options: TIMESTAMPS },
    { trafficClass: 2 },
    { fragment: 0 },
  ];
  for (const version of VERSIONS) {
    for (const parts of differences) {
      const [first, second] = train(2, 100, { version });
      const other = craftTcpSegment({ version, sequence: 101, data: data(100, 101), ...parts });
      const isSame = version === 6 && parts.fragment === 0;
      assert.deepEqual(writesOf(first!, other), isSame ? [2] : [1, 1], JSON.stringify(parts));
      assert.deepEqual(writesOf(first!, second!), [2]);
    }
    const [first, second] = train(2, 100, { version, options: TIMESTAMPS });
    second![(version === 4 ? 20 : 40) + 27]! ^= 1;
    assert.deepEqual(writesOf(first!, second!), [1, 1], "another timestamp");
  }
});

Deno.test("Another flow label or hop limit keeps two segments apart", () => {
  for (const at of [3, 7]) {
    const [first, second] = train(2, 100, { version: 6 });
    second![at]! ^= 1;
    assert.deepEqual(writesOf(first!, second!), [1, 1]);
  }
});

Deno.test("Without DF, IPv4 ids must count up; with DF, they mean nothing", () => {
  for (const [fragment, wanted] of [[0, [1, 1]], [0x4000, [2]]] as const) {
    const [first, second] = [1, 101].map((sequence) =>
      craftTcpSegment({ fragment, id: 9, sequence, data: data(100, sequence) })
    );
    assert.deepEqual(writesOf(first!, second!), wanted);
  }
  assert.deepEqual(writesOf(...train(3, 100, { fragment: 0 })), [3]);
});

Deno.test("A wrong checksum of an IPv4 header is not repaired by joining", () => {
  const [first, second] = train(2, 100);
  second![10]! ^= 1;
  const rig = new CoalescerRig();
  rig.add(first!);
  rig.add(second!);
  assert.equal(rig.writes.length, 2);
  assert.equal(rig.writes[1]![VNET_HEADER_BYTES + 10], second![10]);
});

Deno.test("A superpacket never exceeds 65535 bytes", () => {
  for (const version of VERSIONS) {
    const headers = version === 4 ? 40 : 60;
    const [most] = writesOf(...train(60, 1_400, { version }));
    assert.equal(most, Math.floor((65_535 - headers) / 1_400));
  }
  assert.deepEqual(writesOf(...train(3, 13_099, {})).at(0), 3);
  assert.deepEqual(writesOf(...train(6, 13_099, {})), [5, 1]); // 5 * 13,099 + 40 = 65,535
  assert.deepEqual(writesOf(...train(6, 13_100, {})), [4, 2]);
  assert.deepEqual(writesOf(...train(2, 65_400, {})), [1, 1]);
  assert.deepEqual(writesOf(craftTcpSegment({ version: 6, data: data(65_515) })), [1]); // 65,575
});

Deno.test("Flows that take turns are joined each, and written oldest first", () => {
  const rig = new CoalescerRig();
  const flows = VERSIONS.flatMap((version) =>
    [1, 2, 3, 4].map((port) => train(5, 300, { version, ports: [port, 80] }))
  );
  for (let i = 0; i < 5; i++) for (const flow of flows) rig.add(flow[i]!);
  assert.equal(rig.writes.length, 0);
  rig.assertCarriesAll();
  assert.deepEqual(rig.writtenPkts(), new Array(8).fill(5));
  const ports = rig.writes.map((write, i) => write[VNET_HEADER_BYTES + (i < 4 ? 20 : 40) + 1]);
  assert.deepEqual(ports, [1, 2, 3, 4, 1, 2, 3, 4]);
});

Deno.test("Flows that differ in one address or port only are not mixed up", () => {
  const rig = new CoalescerRig();
  for (const version of VERSIONS) {
    const address = new Array<number>(version === 4 ? 4 : 16).fill(7);
    const others = address.map((_, i) => address.with(i, 8));
    for (const src of [address, ...others]) {
      for (const ports of [[1, 2], [2, 1], [1, 3]] as const) {
        for (const packet of train(2, 50, { version, src, dst: address, ports })) rig.add(packet);
      }
    }
  }
  rig.assertCarriesAll();
  assert.deepEqual(rig.writtenPkts(), new Array(22 * 3).fill(2));
});

Deno.test("A ninth flow has the oldest run written", () => {
  const rig = new CoalescerRig();
  for (let port = 1; port <= 9; port++) {
    assert.equal(rig.writes.length, 0);
    rig.add(craftTcpSegment({ ports: [port, 80], data: [port] }));
  }
  assert.equal(rig.writes.length, 1);
  assert.equal(rig.writes[0]!.at(-1), 1);
  assert.equal(rig.coalescer.waitingPkts, 8);
  rig.assertCarriesAll();
});

Deno.test("A pure ACK waits for its flow's data, and for no other's", () => {
  const rig = new CoalescerRig();
  rig.add(craftTcpSegment({ ports: [1, 80], data: [1] }));
  rig.add(craftTcpSegment({ ports: [2, 80], data: [2] }));
  rig.add(craftTcpSegment({ ports: [2, 80], sequence: 2 }));
  assert.deepEqual(rig.writes.map((write) => write[VNET_HEADER_BYTES + 21]), [2, 2]);
  assert.equal(rig.writes[0]!.at(-1), 2);
  assert.equal(rig.coalescer.waitingPkts, 1);
});

Deno.test("UDP, ICMP and strangers' packets have nothing written, fragments all between their addresses", () => {
  const rig = new CoalescerRig();
  rig.add(craftTcpSegment({ ports: [1, 80], data: [1] }));
  rig.add(craftTcpSegment({ ports: [2, 80], data: [2] }));
  rig.addWhole(craftIpBytes({ protocol: 1, payload: [8, 0, 0, 0, 0, 0, 0, 0] }));
  rig.add(craftIpBytes({ protocol: 17, payload: [0, 1, 0, 2, 0, 8, 0, 0] }));
  rig.addWhole(
    craftIpBytes({ protocol: 6, fragment: 5, src: [9, 9, 9, 9], payload: [1, 2, 3, 4] }),
  );
  assert.equal(rig.coalescer.waitingPkts, 2);
  assert.equal(rig.headerOf(1).checksumOffset, 6);
  rig.addWhole(craftIpBytes({ protocol: 6, fragment: 5, payload: [1, 2, 3, 4] }));
  assert.equal(rig.coalescer.waitingPkts, 0);
  rig.assertCarriesAll();
});

Deno.test("TCP behind IPv4 options or IPv6 extension headers is written alone, in its flow's order", () => {
  const [first, second] = train(2, 100, { version: 6 });
  const rig = new CoalescerRig();
  rig.add(first!);
  rig.add(craftIpBytes({
    version: 6,
    protocol: 6,
    firstExtension: 60,
    extensions: [6, 0, 1, 4, 0, 0, 0, 0],
    payload: second!.subarray(40),
  }));
  assert.deepEqual(rig.writtenPkts(), [1, 1]);
  const [third, fourth] = train(2, 100);
  const withOptions = Uint8Array.of(
    ...fourth!.subarray(0, 20),
    1,
    1,
    1,
    1,
    ...fourth!.subarray(20),
  );
  withOptions[0] = 0x46;
  withOptions[3]! += 4;
  rig.add(third!);
  rig.add(withOptions);
  assert.deepEqual(rig.writtenPkts(), [1, 1, 1, 1]);
  rig.assertCarriesAll();
});

Deno.test("What is no IP packet is refused, and so is a partial one without a checksum field", () => {
  const rig = new CoalescerRig();
  assert.equal(rig.addWhole(Uint8Array.of(0x12)), DropReason.NOT_IP);
  assert.equal(rig.addWhole(new Uint8Array(0)), DropReason.EMPTY);
  assert.equal(rig.add(craftIpBytes({ protocol: 1, payload: [1] })), DropReason.NOT_IP);
  assert.equal(rig.writes.length, 0);
});

Deno.test("A failing write of one packet is its result; that of a run counts the packets in it", () => {
  const rig = new CoalescerRig();
  rig.result = DropReason.TUN_WRITE_ERROR;
  assert.equal(rig.add(craftTcpSegment({})), DropReason.TUN_WRITE_ERROR);
  assert.equal(rig.coalescer.lostPkts, 0);
  const packets = train(5, 100);
  for (const packet of packets.slice(0, 3)) assert.equal(rig.add(packet), 0);
  packets[3]![33]! |= PSH;
  assert.equal(rig.add(packets[3]!), 0);
  assert.equal(rig.add(packets[4]!), 0);
  assert.equal(rig.coalescer.lostPkts, 4);
  rig.coalescer.flush();
  assert.equal(rig.coalescer.lostPkts, 5);
  assert.equal(rig.coalescer.lostReason, DropReason.TUN_WRITE_ERROR);
  assert.deepEqual([rig.coalescer.writtenRuns, rig.coalescer.joinedPkts], [0, 0]);
});

Deno.test("A property: whatever flows do, each gets its packets bit for bit and in order", () => {
  const step = fc.record({
    flow: fc.nat(10),
    bytes: fc.constantFrom(0, 1, 99, 100, 100, 100, 100, 101, 1_500, 2_000),
    flags: fc.constantFrom(ACK, ACK, ACK, ACK, ACK, ACK | PSH, ACK | 1, ACK | 0x40, 0x02),
    skip: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, -100),
    window: fc.constantFrom(500, 500, 500, 500, 501),
    isWhole: fc.constantFrom(false, false, false, false, false, true),
    isFlushed: fc.constantFrom(false, false, false, false, false, false, false, true),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rig = new CoalescerRig();
      const next = new Array<number>(11).fill(0xffff_f000);
      steps.forEach(({ flow, bytes, flags, skip, window, isWhole, isFlushed }, i) => {
        const sequence = (next[flow]! + skip) >>> 0;
        next[flow] = (sequence + bytes) >>> 0;
        const packet = craftTcpSegment({
          version: flow % 2 === 0 ? 4 : 6,
          ports: [flow >> 1, 80],
          fragment: flow % 4 === 0 ? 0x4000 : 0,
          id: i,
          sequence,
          flags,
          window,
          data: data(bytes, i),
        });
        assert.equal(isWhole ? rig.addWhole(packet) : rig.add(packet), 0);
        if (isFlushed) rig.coalescer.flush();
      });
      rig.assertCarriesAll();
    }),
    { numRuns: 100 },
  );
});
