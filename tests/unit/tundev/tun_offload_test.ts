// What a tun with vnet headers gives and takes: over a file in memory, and with a real kernel at the other side.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Errno } from "../../../ffi/errno.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { TunFile } from "../../../ffi/tun.ts";
import { openTunDevice } from "../../../src/tundev/tun_device.ts";
import { TunOffload } from "../../../src/tundev/tun_offload.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../../src/wire/packet.ts";
import { completeChecksum } from "../../../src/wire/partial_checksum.ts";
import { GsoType, VNET_HEADER_BYTES, VnetFlag } from "../../../src/wire/vnet_header.ts";
import { checksum, craftIpBytes, transportChecksum } from "../../support/craft_ip.ts";
import { FakeVnetTun } from "../../support/fake_vnet_tun.ts";
import { cutWrite } from "../../support/superpacket.ts";
import { craftTcpSegment, type TcpParts } from "../../support/tcp_segment.ts";
import { craftUdp4, udp4Payload } from "../../support/udp4_packet.ts";

loadLibc();
const isRoot = Deno.uid() === 0;
const template = `bto${Deno.pid % 100_000}i%d`;
const subnet = `10.253.${100 + Deno.pid % 64}`;

/** Segments of 1,000 bytes, as tests cut them. */
const SEGMENT_BYTES = 1_000;
const TSO = { flags: VnetFlag.NEEDS_CSUM, gsoType: GsoType.TCPV4, segmentBytes: SEGMENT_BYTES };
const TCP_CSUM = { flags: VnetFlag.NEEDS_CSUM, checksumStart: 20, checksumOffset: 16 };

/** When all of it is read. */
const READ_MS = 1_234.5;

/** An offload, its file, and what became of packets. */
class Rig {
  readonly tun = new FakeVnetTun();
  /** Reason and number, as told. */
  readonly lost: (readonly [reason: number, pkts: number])[] = [];
  readonly offload = new TunOffload(this.tun, (reason, pkts) => this.lost.push([reason, pkts]));
  readonly packet = new Packet(65_507);

  /** One read. */
  read(): { bytes: Uint8Array; isPartial: boolean; start: number }[] {
    const packets: { bytes: Uint8Array; isPartial: boolean; start: number }[] = [];
    const result = this.offload.read((packet, readMs) => {
      const { isPartial, start } = packet;
      packets.push({ bytes: packet.toBytes().slice(), isPartial, start });
      assert.equal(readMs, READ_MS);
    }, READ_MS);
    assert.equal(result, packets.length);
    return packets;
  }

  send(bytes: Uint8Array, isPartial = true): number {
    this.packet.fill(bytes);
    this.packet.isPartial = isPartial;
    return this.offload.send(this.packet);
  }
}

function pattern(lengthBytes: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => i * 7 & 0xff);
}

/** Segment `index` of a connection. */
function segment(index: number, parts: TcpParts = {}): Uint8Array {
  const sequence = 1 + index * SEGMENT_BYTES;
  return craftTcpSegment({ sequence, data: pattern(SEGMENT_BYTES), ...parts });
}

/** Lets microtasks run that were queued before. */
async function endTurn(): Promise<void> {
  await Promise.resolve();
}

Deno.test("TunOffload.send asks once for a turn's end, and writes what waits when it comes", () => {
  const tun = new FakeVnetTun();
  const sends: (() => void)[] = [];
  const offload = new TunOffload(tun, () => {}, (send) => sends.push(send));
  const packet = new Packet();
  for (let index = 0; index < 3; index++) {
    packet.fill(segment(index));
    packet.isPartial = true;
    assert.equal(offload.send(packet), 0);
  }
  assert.deepEqual([sends.length, tun.writes.length], [1, 0]);
  sends[0]!();
  assert.deepEqual(tun.writtenPkts(), [3]);
  packet.fill(segment(3));
  packet.isPartial = true;
  offload.send(packet);
  assert.equal(sends.length, 2);
  offload.close();
});

Deno.test("TunOffload.read gives a superpacket's segments one by one, to be summed up by who gets them", () => {
  const { tun, read, lost } = bound(new Rig());
  tun.give(craftTcpSegment({ sequence: 5, data: pattern(2_500) }), TSO);
  const packets = read();
  assert.deepEqual(packets.map(({ bytes }) => bytes.length), [1_040, 1_040, 540]);
  assert(packets.every(({ isPartial, start }) => isPartial && start === HEADROOM_BYTES));
  const sequences = packets.map(({ bytes }) => new DataView(bytes.buffer).getUint32(24));
  assert.deepEqual(sequences, [5, 1_005, 2_005]);
  const payload = packets.flatMap(({ bytes }) => [...bytes.subarray(40)]);
  assert.deepEqual(payload, [...pattern(2_500)]);
  assert.deepEqual(lost, []);
});

Deno.test("TunOffload.read says of one packet whether its checksum is still to be computed, and leaves room in front", () => {
  const { tun, read } = bound(new Rig());
  const tcp = segment(0);
  tun.give(tcp, TCP_CSUM);
  tun.give(tcp);
  tun.give(tcp, { flags: VnetFlag.DATA_VALID });
  tun.give(craftTcpSegment({ version: 6, data: [1] }), { ...TCP_CSUM, checksumStart: 40 });
  const udp = craftUdp4({ payload: Uint8Array.of(1) });
  tun.give(udp, { ...TCP_CSUM, checksumOffset: 6 });
  const packets = [read(), read(), read(), read(), read()].flat();
  assert.deepEqual(packets.map(({ isPartial }) => isPartial), [true, false, false, true, true]);
  assert(packets.every(({ start }) => start === HEADROOM_BYTES));
  for (const i of [0, 1, 2]) assert.deepEqual(packets[i]!.bytes, tcp);
  assert.deepEqual(packets[4]!.bytes, udp);
});

Deno.test("TunOffload.read computes a checksum that the other end would not find, as the header says", () => {
  const { tun, read } = bound(new Rig());
  // TCP within IPv4 within IPv4: the inner one's sum is what is missing.
  const inner = segment(0);
  const pseudo = [...inner.subarray(12, 20), 0, 6, ...[
    (inner.length - 20) >> 8,
    inner.length - 20 & 0xff,
  ]];
  new DataView(inner.buffer).setUint16(36, 0xffff - checksum(pseudo));
  const outer = craftIpBytes({ protocol: 4, payload: inner });
  tun.give(outer, { ...TCP_CSUM, checksumStart: 40 });
  const [packet] = read();
  assert.equal(packet!.isPartial, false);
  assert.equal(transportChecksum(packet!.bytes.slice(20)), 0);
  assert.deepEqual(packet!.bytes.subarray(0, 56), outer.subarray(0, 56));
});

Deno.test("TunOffload.read counts what is malformed as lost, and goes on", () => {
  const { tun, read, lost } = bound(new Rig());
  const tcp = segment(0);
  tun.giveBytes(new Uint8Array(0));
  tun.giveBytes(new Uint8Array(VNET_HEADER_BYTES - 1));
  tun.give(tcp, { ...TCP_CSUM, checksumStart: tcp.length - 17 });
  tun.give(tcp, { ...TCP_CSUM, checksumStart: 0xffff, checksumOffset: 0xffff });
  tun.give(tcp, { ...TSO, segmentBytes: 0 });
  tun.give(tcp, { ...TSO, gsoType: GsoType.TCPV6 });
  tun.give(tcp, { ...TSO, gsoType: 3 });
  tun.give(new Uint8Array(0), TSO);
  tun.give(tcp.subarray(0, 30), TSO);
  for (let i = 0; i < 9; i++) assert.deepEqual(read(), []);
  assert.deepEqual(lost.map(([, pkts]) => pkts), new Array(9).fill(1));
  const { TRUNCATED, NOT_IP, EMPTY } = DropReason;
  assert.deepEqual(
    lost.map(([reason]) => reason),
    [TRUNCATED, TRUNCATED, NOT_IP, NOT_IP, NOT_IP, NOT_IP, NOT_IP, EMPTY, NOT_IP],
  );
  tun.give(tcp);
  assert.equal(read().length, 1);
});

Deno.test("TunOffload.read never throws, whatever comes", () => {
  const rig = new Rig();
  const header = fc.record({
    flags: fc.nat(255),
    gsoType: fc.oneof(fc.constantFrom(0, 1, 4, 5, 0x81), fc.nat(255)),
    segmentBytes: fc.oneof(fc.nat(100), fc.nat(65_535)),
    checksumStart: fc.oneof(fc.nat(100), fc.nat(65_535)),
    checksumOffset: fc.oneof(fc.constantFrom(6, 16), fc.nat(65_535)),
  });
  const packet = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.tuple(fc.nat(79), fc.nat(255)).map(([at, byte]) => {
      const bytes = craftTcpSegment({ data: pattern(40) });
      bytes[at] = byte;
      return bytes;
    }),
  );
  fc.assert(fc.property(packet, header, (bytes, fields) => {
    rig.tun.give(bytes, fields);
    const told = rig.lost.length;
    const came = rig.read().length;
    assert.equal(came > 0, rig.lost.length === told, "neither given nor told as lost");
  }));
});

Deno.test("TunOffload.read hands on the file's errno", () => {
  const { offload } = new Rig();
  assert.equal(offload.read(() => assert.fail("nothing is there"), READ_MS), -Errno.EAGAIN);
});

Deno.test("TunOffload.read gives no further segment once closed from within the callback", () => {
  const { tun, offload } = new Rig();
  tun.give(craftTcpSegment({ data: pattern(5_000) }), TSO);
  let calls = 0;
  offload.read(() => {
    calls++;
    offload.close();
  }, READ_MS);
  assert.equal(calls, 1);
});

Deno.test("TunOffload.send joins a flow's packets, and writes them when the turn ends, without a further call", async () => {
  const rig = new Rig();
  for (let i = 0; i < 10; i++) assert.equal(rig.send(segment(i)), 0);
  assert.deepEqual(rig.tun.writes, []);
  await endTurn();
  assert.deepEqual(rig.tun.writtenPkts(), [10]);
  // And the next turn's as well.
  for (let i = 10; i < 13; i++) rig.send(segment(i));
  await endTurn();
  assert.deepEqual(rig.tun.writtenPkts(), [10, 3]);
  assert.deepEqual(rig.lost, []);
});

Deno.test("TunOffload.send lets nothing wait that has nothing to wait for", () => {
  const rig = new Rig();
  const whole = segment(0);
  rig.send(whole, false);
  rig.send(craftUdp4({ payload: Uint8Array.of(1, 2) }), false);
  rig.send(segment(1, { flags: 0x18 }));
  assert.deepEqual(rig.tun.writtenPkts(), [1, 1, 1]);
  assert.deepEqual(rig.tun.writes[0]!.subarray(VNET_HEADER_BYTES), whole);
  // A run that is complete neither.
  rig.send(segment(2));
  rig.send(segment(3, { flags: 0x18 }));
  assert.deepEqual(rig.tun.writtenPkts(), [1, 1, 1, 2]);
});

Deno.test("TunOffload.send keeps the order within a flow, whatever its packets are", async () => {
  const kinds = fc.array(
    fc.record({ isPartial: fc.boolean(), isPushed: fc.boolean(), endsTurn: fc.boolean() }),
    { maxLength: 40 },
  );
  await fc.assert(fc.asyncProperty(kinds, async (packets) => {
    const rig = new Rig();
    for (const [i, { isPartial, isPushed, endsTurn }] of packets.entries()) {
      rig.send(segment(i, { flags: isPushed ? 0x18 : 0x10 }), isPartial);
      if (endsTurn) await endTurn();
    }
    await endTurn();
    const sequences = rig.tun.writes.flatMap(cutWrite).map((bytes) =>
      new DataView(bytes.buffer, bytes.byteOffset).getUint32(24)
    );
    assert.deepEqual(sequences, packets.map((_, i) => 1 + i * SEGMENT_BYTES));
  }));
});

Deno.test("TunOffload tells how many packets a write that failed has cost", async () => {
  const rig = new Rig();
  const { TUN_WRITE_ERROR } = DropReason;
  rig.tun.isBroken = true;
  for (let i = 0; i < 7; i++) assert.equal(rig.send(segment(i)), 0);
  assert.deepEqual(rig.lost, []);
  await endTurn();
  assert.deepEqual(rig.lost, [[TUN_WRITE_ERROR, 7]]);
  // Within send: the run that a gap ends.
  rig.send(segment(10));
  rig.send(segment(11));
  assert.equal(rig.send(segment(20)), 0);
  assert.deepEqual(rig.lost[1], [TUN_WRITE_ERROR, 2]);
  await endTurn();
  assert.deepEqual(rig.lost[2], [TUN_WRITE_ERROR, 1]);
  // What never waited is told to the caller, and to nobody twice.
  assert.equal(rig.send(segment(30), false), TUN_WRITE_ERROR);
  assert.equal(rig.lost.length, 3);
  rig.tun.isBroken = false;
  rig.send(segment(31));
  await endTurn();
  assert.deepEqual([rig.tun.writtenPkts(), rig.lost.length], [[1], 3]);
});

Deno.test("TunOffload.send takes a packet that has no room in front of it", async () => {
  const rig = new Rig();
  const bytes = segment(0);
  for (const isPartial of [false, true]) {
    const packet = new Packet(2_000);
    packet.bytes.set(bytes);
    packet.start = 0;
    packet.end = bytes.length;
    packet.isPartial = isPartial;
    assert.equal(rig.offload.send(packet), 0);
    assert.deepEqual([packet.start, packet.end], [0, bytes.length]);
  }
  await endTurn();
  assert.deepEqual(rig.tun.writtenPkts(), [1, 1]);
  assert.deepEqual(rig.tun.writes[0]!.subarray(VNET_HEADER_BYTES), bytes);
});

Deno.test("TunOffload.close writes what waits, and nothing is written afterwards", async () => {
  const rig = new Rig();
  rig.send(segment(0));
  rig.send(segment(1));
  rig.offload.close();
  assert.deepEqual(rig.tun.writtenPkts(), [2]);
  await endTurn();
  assert.deepEqual(rig.tun.writtenPkts(), [2]);
});

Deno.test({
  name: "TunFile.open gives vnet headers when they are wanted, and none when not",
  ignore: !isRoot,
  fn: () => {
    for (const wantsOffload of [true, false]) {
      using file = TunFile.open(template, undefined, wantsOffload);
      assert.equal(file.hasVnetHeader, wantsOffload);
      const flags = Number(Deno.readTextFileSync(`/sys/class/net/${file.name}/tun_flags`));
      assert.equal((flags & IFF_VNET_HDR) !== 0, wantsOffload);
    }
  },
});

Deno.test({
  name: "TunDevice with offload: the kernel cuts datagrams that were joined, and each arrives",
  ignore: !isRoot,
  fn: async () => {
    using file = TunFile.open(template, undefined, true);
    assert.equal(file.takesUdpRuns, isLinuxSince(6, 2));
    const addresses = [{ address: `${subnet}.5`, prefixBits: 30 }];
    using tun = openTunDevice(
      { kind: "tun", name: template, addresses, mtuBytes: 1_400 },
      { wantsOffload: true },
    );
    const socket = Deno.listenDatagram({ transport: "udp", hostname: `${subnet}.5`, port: 0 });
    try {
      const { port } = socket.addr as Deno.NetAddr;
      const [own, peer] = [5, 6].map((host) => [...subnet.split(".").map(Number), host]);
      const received = async (): Promise<number> =>
        Number(
          await Deno.readTextFile(`/sys/class/net/${tun.name}/statistics/rx_packets`),
        );
      const before = await received();
      const packet = new Packet(2_000);
      for (let i = 0; i < 30; i++) {
        const payload = pattern(i === 29 ? 10 : 200).fill(i, 0, 4);
        packet.fill(craftUdp4({ src: peer!, dst: own!, dstPort: port, payload }));
        packet.view.setUint16(packet.start + 4, i); // no DF: ids count
        packet.view.setUint16(packet.start + 10, 0);
        packet.view.setUint16(packet.start + 10, checksum(packet.toBytes().subarray(0, 20)));
        packet.isPartial = true;
        assert.equal(tun.send(packet), 0);
      }
      for (let i = 0; i < 30; i++) {
        const [datagram] = await socket.receive(new Uint8Array(300));
        assert.deepEqual(datagram, pattern(i === 29 ? 10 : 200).fill(i, 0, 4));
      }
      assert.equal(await received() - before, file.takesUdpRuns ? 1 : 30);
    } finally {
      socket.close();
    }
  },
});

for (const wantsOffload of [false, true]) {
  Deno.test({
    name: `TunDevice ${
      wantsOffload ? "with" : "without"
    } offload: the kernel takes a packet whose checksum is left to it`,
    ignore: !isRoot,
    fn: async () => {
      const addresses = [{ address: `${subnet}.1`, prefixBits: 30 }];
      using tun = openTunDevice(
        { kind: "tun", name: template, addresses, mtuBytes: 1_400 },
        { wantsOffload },
      );
      const socket = Deno.listenDatagram({ transport: "udp", hostname: `${subnet}.1`, port: 0 });
      try {
        const { port } = socket.addr as Deno.NetAddr;
        const [own, peer] = [1, 2].map((host) => [...subnet.split(".").map(Number), host]);
        const bytes = craftUdp4({ src: peer!, dst: own!, dstPort: port, payload: pattern(77) });
        bytes.set([0xde, 0xad], 26);
        const packet = new Packet(2_000);
        packet.fill(bytes);
        packet.isPartial = true;
        assert.equal(tun.send(packet), 0);
        assert.deepEqual((await socket.receive(new Uint8Array(100)))[0], pattern(77));
        // The other way: what the kernel leaves to us comes out right, or is said to be unfinished.
        const partial: boolean[] = [];
        const running = tun.run((packet) => {
          if (udp4Payload(packet.toBytes()) === null) return;
          partial.push(packet.isPartial);
          if (packet.isPartial) assert.equal(completeChecksum(packet), 0);
          assert.equal(transportChecksum(packet.toBytes()), 0);
          tun.close();
        });
        await socket.send(pattern(78), { transport: "udp", hostname: `${subnet}.2`, port: 9 });
        await running;
        assert.deepEqual(partial, [wantsOffload]);
      } finally {
        socket.close();
      }
    },
  });
}

/** The rig's parts, its read bound to it. */
function bound(rig: Rig): { tun: FakeVnetTun; lost: Rig["lost"]; read: Rig["read"] } {
  return { tun: rig.tun, lost: rig.lost, read: () => rig.read() };
}

function isLinuxSince(major: number, minor: number): boolean {
  const [here = 0, hereMinor = 0] = Deno.osRelease().split(".").map(Number);
  return here > major || (here === major && hereMinor >= minor);
}

/** include/uapi/linux/if_tun.h */
const IFF_VNET_HDR = 0x4000;
