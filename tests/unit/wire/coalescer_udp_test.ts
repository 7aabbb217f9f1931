// UDP datagrams that are joined, where the kernel takes that; coalescer_test.ts has TCP and what holds for both.
import assert from "node:assert/strict";
import fc from "fast-check";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { GsoType, VNET_HEADER_BYTES } from "../../../src/wire/vnet_header.ts";
import { CoalescerRig } from "../../support/coalescer_rig.ts";
import { craftIpBytes } from "../../support/craft_ip.ts";
import { craftTcpSegment } from "../../support/tcp_segment.ts";
import { craftUdpDatagram, type UdpParts } from "../../support/udp_datagram.ts";

const VERSIONS = [4, 6] as const;

function data(bytes: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (seed * 7 + i) % 251);
}

/** Datagrams of these payloads, of one flow. */
function train(payloads: readonly number[], parts: UdpParts = {}): Uint8Array[] {
  return payloads.map((bytes, i) => craftUdpDatagram({ id: i, ...parts, data: data(bytes, i) }));
}

/** Of how many packets the writes are. */
function writesOf(packets: readonly Uint8Array[]): number[] {
  const rig = new CoalescerRig({ joinsUdp: true });
  for (const packet of packets) assert.equal(rig.add(packet), 0);
  rig.assertCarriesAll();
  return rig.writtenPkts();
}

Deno.test("Datagrams of one length become one write that the kernel cuts into them again", () => {
  for (const version of VERSIONS) {
    const rig = new CoalescerRig({ joinsUdp: true });
    for (const packet of train(new Array(20).fill(172), { version })) rig.add(packet);
    assert.equal(rig.writes.length, 0);
    rig.assertCarriesAll();
    assert.deepEqual(rig.writtenPkts(), [20]);
    const header = rig.headerOf(0);
    assert.equal(header.gsoType, GsoType.UDP_L4);
    assert.equal(header.segmentBytes, 172);
  }
});

Deno.test("A single datagram is written as it was", () => {
  const rig = new CoalescerRig({ joinsUdp: true });
  rig.add(craftUdpDatagram({ data: [1, 2, 3] }));
  rig.assertCarriesAll();
  assert.equal(rig.headerOf(0).gsoType, GsoType.NONE);
});

Deno.test("Where the kernel does not take it, nothing is joined and nothing waits", () => {
  const rig = new CoalescerRig();
  for (const packet of train([100, 100, 100])) rig.add(packet);
  assert.deepEqual(rig.writtenPkts(), [1, 1, 1]);
});

Deno.test("A shorter datagram is the last of its run, a longer one begins another", () => {
  assert.deepEqual(writesOf(train([100, 100, 60, 60, 60])), [3, 2]);
  assert.deepEqual(writesOf(train([100, 100, 140, 140])), [2, 2]);
});

Deno.test("A run has 64 datagrams and 65535 bytes at most", () => {
  const rig = new CoalescerRig({ joinsUdp: true });
  for (const packet of train(new Array(150).fill(20))) rig.add(packet);
  assert.deepEqual(rig.writtenPkts(), [64, 64]); // full ones do not wait
  rig.assertCarriesAll();
  assert.deepEqual(rig.writtenPkts(), [64, 64, 22]);
  assert.deepEqual(writesOf(train(new Array(60).fill(1_400))), [46, 14]);
});

Deno.test("What cutting could not bring back keeps two datagrams apart", () => {
  const first = craftUdpDatagram({ data: data(50) });
  const others: UdpParts[] = [
    { ports: [40_000, 444] },
    { src: [192, 0, 2, 9] },
    { trafficClass: 8 },
    { fragment: 0 },
    { udpBytes: 57 },
    { udpBytes: 59 },
    { data: [] },
  ];
  for (const parts of others) {
    const other = craftUdpDatagram({ data: data(50), ...parts });
    assert.deepEqual(writesOf([first, other]), [1, 1], JSON.stringify(parts));
  }
  assert.deepEqual(writesOf(train([9, 9], { fragment: 0 })), [2]);
  assert.deepEqual(writesOf(train([9, 9], { fragment: 0, id: 5 })), [1, 1]);
});

Deno.test("TCP and UDP of the same addresses and ports are two flows", () => {
  const rig = new CoalescerRig({ joinsUdp: true });
  for (let i = 0; i < 4; i++) {
    rig.add(craftUdpDatagram({ data: data(40, i) }));
    rig.add(craftTcpSegment({ sequence: 1 + 40 * i, data: data(40, i) }));
  }
  rig.assertCarriesAll();
  assert.deepEqual(rig.writtenPkts(), [4, 4]);
});

Deno.test("What is not joined does not overtake its flow's run, and has no other flow's written", () => {
  const rig = new CoalescerRig({ joinsUdp: true });
  const [first, second] = train([30, 30]);
  const strange = craftUdpDatagram({ ports: [1, 2], data: [1] });
  rig.add(strange);
  rig.add(first!);
  rig.addWhole(second!);
  assert.deepEqual(rig.writtenPkts(), [1, 1]);
  assert.equal(rig.coalescer.waitingPkts, 1);
  // Later fragments tell no ports: all between their addresses.
  rig.addWhole(craftIpBytes({ protocol: 17, fragment: 5, payload: [1, 2, 3, 4] }));
  assert.equal(rig.coalescer.waitingPkts, 0);
  rig.assertCarriesAll();
});

Deno.test("A kernel that refuses runs after all gets each datagram, and no more runs", () => {
  const rig = new CoalescerRig({ joinsUdp: true, refusesUdpRuns: true });
  for (const packet of train([100, 100, 100, 60])) assert.equal(rig.add(packet), 0);
  assert.deepEqual(rig.writtenPkts(), [1, 1, 1, 1]);
  assert.equal(rig.coalescer.joinsUdp, false);
  for (const packet of train([100, 100])) rig.add(packet);
  assert.equal(rig.coalescer.waitingPkts, 0);
  assert.equal(rig.coalescer.lostPkts, 0);
  rig.assertCarriesAll();
});

Deno.test("When joining ends, no flow overtakes a run of it that is still open", () => {
  const rig = new CoalescerRig({ joinsUdp: true, refusesUdpRuns: true });
  rig.add(craftUdpDatagram({ ports: [1, 2], data: data(100) }));
  for (const packet of train([100, 60])) rig.add(packet);
  assert.equal(rig.coalescer.joinsUdp, false);
  rig.add(craftUdpDatagram({ ports: [1, 2], data: data(100, 1) }));
  assert.equal(rig.coalescer.waitingPkts, 0);
  rig.assertCarriesAll();
});

Deno.test("A tun that takes nothing loses a run's datagrams once each, and joins on when it is back", () => {
  const rig = new CoalescerRig({ joinsUdp: true });
  rig.result = DropReason.TUN_WRITE_ERROR;
  for (const packet of train([100, 100, 100])) rig.add(packet);
  rig.coalescer.flush();
  assert.deepEqual([rig.coalescer.lostPkts, rig.coalescer.joinsUdp], [3, true]);
  assert.equal(rig.coalescer.lostReason, DropReason.TUN_WRITE_ERROR);
});

Deno.test("A property: whatever UDP flows do, each gets its datagrams bit for bit and in order", () => {
  const step = fc.record({
    flow: fc.nat(10),
    bytes: fc.constantFrom(0, 1, 99, 100, 100, 100, 100, 100, 101, 1_500),
    kind: fc.constantFrom("udp", "udp", "udp", "udp", "udp", "udp", "whole", "tcp", "fragment"),
    trafficClass: fc.constantFrom(0, 0, 0, 0, 0, 4),
    isFlushed: fc.constantFrom(false, false, false, false, false, false, false, true),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.boolean(), (steps, refusesUdpRuns) => {
      const rig = new CoalescerRig({ joinsUdp: true, refusesUdpRuns });
      steps.forEach(({ flow, bytes, kind, trafficClass, isFlushed }, i) => {
        const parts = {
          version: flow % 2 === 0 ? 4 : 6,
          ports: [flow >> 1, 80],
          fragment: flow % 4 === 0 ? 0x4000 : 0,
          id: i,
          trafficClass,
          data: data(bytes, i),
        } as const;
        const result = kind === "tcp"
          ? rig.add(craftTcpSegment({ ...parts, sequence: i * 100 }))
          : kind === "whole"
          ? rig.addWhole(craftUdpDatagram(parts))
          : kind === "fragment"
          ? rig.addWhole(craftIpBytes({ protocol: 17, fragment: 7, payload: [1, 2, 3, i] }))
          : rig.add(craftUdpDatagram(parts));
        assert.equal(result, 0);
        if (isFlushed) rig.coalescer.flush();
      });
      rig.assertCarriesAll();
      const isOneByOne = rig.writtenPkts().every((pkts, i) =>
        pkts === 1 || rig.headerOf(i).gsoType !== GsoType.UDP_L4
      );
      assert.ok(!refusesUdpRuns || isOneByOne);
      assert.ok(rig.writes.every((write) => write.length > VNET_HEADER_BYTES));
    }),
    { numRuns: 500 },
  );
});
