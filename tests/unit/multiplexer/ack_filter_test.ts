import assert from "node:assert/strict";
import fc from "fast-check";
import { AckFilter } from "../../../src/multiplexer/ack_filter.ts";
import { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { InnerFlow } from "../../../src/wire/inner_flow.ts";
import type { Packet } from "../../../src/wire/packet.ts";
import { FakeLinkPort } from "../../support/fake_link_port.ts";
import {
  type Ack,
  AckFilterRig,
  BEGUN_BYTES,
  makeAck,
  ROUND_TRIP_MS,
  SACK,
  TIMESTAMPS,
  WAIT_MS,
} from "./ack_filter_rig.ts";

Deno.test("AckFilter sends the last of several ACKs once a fifth of a round trip has passed", () => {
  const rig = new AckFilterRig();
  const ackNo = rig.begin();
  for (let i = 1; i <= 5; i++) assert.equal(rig.give({ ackNo: ackNo + i * 2_600 }), false);
  assert.equal(rig.filter.dueMs, rig.now + WAIT_MS);
  rig.now += WAIT_MS - 1;
  rig.flush();
  assert.deepEqual(rig.sent, []);
  rig.now += 1;
  rig.flush();
  assert.deepEqual(rig.sent, [ackNo + 5 * 2_600]);
  assert.equal(rig.filter.filteredPkts, 4);
  assert.equal(rig.filter.dueMs, Infinity);
  assert.equal(rig.pool.usedSlots, 0);
});

Deno.test("AckFilter lets an ACK pass when the last one was sent a fifth of a round trip ago", () => {
  const rig = new AckFilterRig();
  const ackNo = rig.begin();
  rig.now += WAIT_MS;
  assert.equal(rig.give({ ackNo: ackNo + 2_600 }), true);
  assert.equal(rig.give({ ackNo: ackNo + 5_200 }), false);
});

Deno.test("AckFilter lets all ACKs of a flow pass that has just begun, and again after it stood still", () => {
  const rig = new AckFilterRig();
  for (let i = 0; i <= 5; i++) assert.equal(rig.give({ ackNo: 1_460 * i }), true);
  assert.equal(rig.give({ ackNo: 1_460 * 6 }), true); // 7,300 bytes before it
  assert.equal(rig.give({ ackNo: 1_460 * 7 }), false);
  rig.now += 1_000;
  rig.flush();
  for (let i = 8; i <= 13; i++) assert.equal(rig.give({ ackNo: 1_460 * i }), true);
});

Deno.test("AckFilter lets ACKs pass that say more than a number, and drops the one before them that waits", () => {
  const more: [string, Partial<Ack>][] = [
    ["SACK", { options: SACK }],
    ["ECN echo", { flags: 0x50 }],
    ["congestion window reduced", { flags: 0x90 }],
    ["urgent", { flags: 0x30 }],
    ["a window more than twice as wide", { window: 2_001 }],
  ];
  for (const [what, change] of more) {
    const rig = new AckFilterRig();
    const ackNo = rig.begin();
    assert.equal(rig.give({ ackNo: ackNo + 2_600 }), false);
    assert.equal(rig.give({ ackNo: ackNo + 5_200, ...change }), true, what);
    assert.deepEqual(rig.sent, [ackNo + 5_200], what);
    rig.now += WAIT_MS;
    rig.flush();
    assert.deepEqual(rig.sent, [ackNo + 5_200], what);
    assert.equal(rig.pool.usedSlots, 0, what);
  }
});

Deno.test("AckFilter lets a repeated ACK pass: three of them tell of a loss", () => {
  const rig = new AckFilterRig();
  const ackNo = rig.begin();
  for (let i = 0; i < 3; i++) assert.equal(rig.give({ ackNo }), true);
  assert.deepEqual(rig.sent, [ackNo, ackNo, ackNo]);
});

Deno.test("AckFilter sends an ACK that waits with the one that repeats it: neither is missing from the three", () => {
  const rig = new AckFilterRig();
  const ackNo = rig.begin() + 2_600;
  assert.equal(rig.give({ ackNo }), false);
  assert.equal(rig.give({ ackNo, options: SACK }), true);
  rig.flush();
  assert.deepEqual(rig.sent, [ackNo, ackNo]);
  assert.equal(rig.filter.filteredPkts, 0);
  assert.equal(rig.pool.usedSlots, 0);
});

Deno.test("AckFilter takes lower numbers for those of another connection once the flow has been still", () => {
  const rig = new AckFilterRig();
  rig.begin(2 ** 30);
  rig.now += 1_000;
  const ackNo = rig.begin(5_000);
  assert.equal(rig.give({ ackNo: ackNo + 2_600 }), false);
});

Deno.test("AckFilter lets an older ACK pass and keeps the newer one that waits", () => {
  const rig = new AckFilterRig();
  const ackNo = rig.begin();
  rig.give({ ackNo: ackNo + 5_200 });
  assert.equal(rig.give({ ackNo: ackNo + 2_600 }), true);
  rig.now += WAIT_MS;
  rig.flush();
  assert.deepEqual(rig.sent, [ackNo + 2_600, ackNo + 5_200]);
});

Deno.test("AckFilter counts over the end of the numbers, and with timestamps", () => {
  const rig = new AckFilterRig();
  const ackNo = rig.begin(2 ** 32 - BEGUN_BYTES - 100);
  assert.equal(rig.give({ ackNo: (ackNo + 2_600) >>> 0, options: TIMESTAMPS }), false);
  rig.now += WAIT_MS;
  rig.flush();
  assert.deepEqual(rig.sent, [2_500]);
});

Deno.test("AckFilter holds nothing where a fifth of the round trip is not worth a wake-up, nor without links", () => {
  const near = new AckFilterRig(9);
  const ackNo = near.begin();
  assert.equal(near.give({ ackNo: ackNo + 2_600 }), true);
  const none = new AckFilterRig();
  none.filter.tune([], none.now);
  assert.equal(none.give({ ackNo: none.begin() + 2_600 }), true);
});

Deno.test("AckFilter holds nothing while the delay of all links is steady, a sixteenth of the round trip", () => {
  for (const [part, passes] of [[17, true], [15, false]] as const) {
    const rig = new AckFilterRig();
    const link = new MultiplexerLink(new FakeLinkPort(1));
    link.isAlive = true;
    link.rtt.handleSample(ROUND_TRIP_MS, 0);
    Object.defineProperty(link.delay, "usualJitterMs", { value: ROUND_TRIP_MS / part });
    rig.filter.tune([link], rig.now);
    assert.equal(rig.give({ ackNo: rig.begin() + 2_600 }), passes);
  }
});

Deno.test("AckFilter holds no ACK for more than 25 ms, however long the round trip", () => {
  const rig = new AckFilterRig(600);
  rig.give({ ackNo: rig.begin() + 2_600 });
  assert.equal(rig.filter.dueMs, rig.now + 25);
});

Deno.test("AckFilter follows the links that bring what arrives", () => {
  const rig = new AckFilterRig();
  const [fast, slow] = [1, 2].map((id) => {
    const link = new MultiplexerLink(new FakeLinkPort(id));
    link.isAlive = true;
    link.rtt.handleSample(id === 1 ? 40 : 120, 0);
    return link;
  }) as [MultiplexerLink, MultiplexerLink];
  fast.receivedTally.add(96_000, rig.now);
  slow.receivedTally.add(4_000, rig.now);
  rig.filter.tune([fast, slow], rig.now);
  let ackNo = rig.begin();
  rig.give({ ackNo: ackNo + 2_600 });
  assert.equal(rig.filter.dueMs, rig.now + 8);
  rig.now += 8;
  rig.flush();
  slow.receivedTally.add(4_000, rig.now);
  rig.filter.tune([fast, slow], rig.now);
  ackNo += 5_200;
  rig.give({ ackNo });
  assert.equal(rig.filter.dueMs, rig.now + 40 / 3); // not 24: a young flow goes over the fast link alone
});

Deno.test("AckFilter keeps the ACKs of many flows apart, and loses the last one of none", () => {
  const ack = fc.record({
    port: fc.integer({ min: 40_000, max: 40_600 }), // more than there are places
    bytes: fc.integer({ min: 0, max: 9_000 }),
    options: fc.constantFrom([], TIMESTAMPS, SACK),
    waitMs: fc.integer({ min: 0, max: 30 }),
  });
  fc.assert(fc.property(fc.array(ack, { minLength: 50, maxLength: 400 }), (acks) => {
    const pool = new PacketPool();
    const filter = new AckFilter(pool);
    const link = new MultiplexerLink(new FakeLinkPort(1));
    link.isAlive = true;
    link.rtt.handleSample(ROUND_TRIP_MS, 0);
    filter.tune([link], 0);
    const flow = new InnerFlow(7);
    const given = new Map<number, number>();
    const sent = new Map<number, number>();
    let now = 0;
    let admitted = 0;
    const send = (slot: Packet): void => {
      flow.read(slot);
      const known = sent.get(flow.hash) ?? -1;
      assert.ok(flow.ackNo >= known, "sent in order");
      sent.set(flow.hash, flow.ackNo);
      admitted++;
      pool.release(slot);
    };
    const flush = (): void => {
      for (let slot = filter.shift(now); slot !== null; slot = filter.shift(now)) send(slot);
    };
    const nos = new Map<number, number>();
    for (const { port, bytes, options, waitMs } of acks) {
      now += waitMs;
      if (now >= filter.dueMs) flush();
      const ackNo = (nos.get(port) ?? 0) + bytes;
      nos.set(port, ackNo);
      const slot = pool.acquireCopy(makeAck({ port, ackNo, options }))!;
      flow.read(slot);
      given.set(flow.hash, ackNo);
      if (filter.admit(slot, flow, now)) send(slot);
      assert.ok(filter.dueMs === Infinity || filter.dueMs <= now + WAIT_MS);
    }
    flush();
    assert.deepEqual(sent, given);
    assert.equal(pool.usedSlots, 0);
    assert.equal(admitted + filter.filteredPkts, acks.length);
  }));
});
