/**
 * One suite for every DatagramSocket: what the interface promises, on each implementation.
 *
 * @module
 */

import "../support/loaded_libc.ts";
import assert from "node:assert/strict";
import type { DatagramSlot, DatagramSocket } from "../../src/linkmap/datagram_socket.ts";
import type { NetAddress } from "../../src/net_address.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { reactorsSettled } from "../../src/wait_loop.ts";
import { HEADROOM_BYTES, Packet } from "../../src/wire/packet.ts";
import {
  createSlots,
  DATAGRAM_RIGS,
  type DatagramRig,
  type DatagramRigKind,
} from "../support/datagram_rigs.ts";
import { mulberry32 } from "../support/rng.ts";

/** Sizes that matter: none, one, around small typed arrays, an Ethernet packet, jumbo. */
const SIZES_BYTES = [0, 1, 2, 3, 63, 64, 65, 255, 256, 1399, 1400, 1472, 1473, 2048, 2049, 9000];

/** More than any send queue and any kernel buffer holds. */
const BURST_PKTS = 3_000;

/** A full packet: some queues are bounded by bytes. */
const BURST_PACKET_BYTES = 1_400;

Deno.test.afterEach(reactorsSettled);

for (const kind of DATAGRAM_RIGS) {
  const test = (behaviour: string, body: (rig: DatagramRig) => unknown): void =>
    defineTest(kind, behaviour, body);

  test("carries datagrams of every size, both ways", async (rig) => {
    const { socket, target, peer, minBytes, maxBytes } = rig;
    const random = mulberry32(7);
    const [there, back] = createSlots(2); // a slot is one socket's, which may have put its own packet in
    const sizesBytes = [...SIZES_BYTES, 32_768, maxBytes - 1, maxBytes];
    for (const sizeBytes of sizesBytes.filter((it) => it >= minBytes)) {
      const packet = new Packet();
      packet.fill(Uint8Array.from({ length: sizeBytes }, () => random() * 256));
      assert.equal(socket.send(packet, target), 0);
      assert.equal(await peer.receive([there!]), 1);
      assert.deepEqual(
        there!.packet.toBytes(),
        packet.toBytes(),
        `to the peer, ${sizeBytes} bytes`,
      );
      assert.equal(peer.send(packet, there!.source), 0);
      assert.equal(await socket.receive([back!]), 1);
      assert.deepEqual(back!.packet.toBytes(), packet.toBytes(), `back, ${sizeBytes} bytes`);
    }
  });

  test("shows the target as source of what it receives", async (rig) => {
    const client = await greet(rig);
    const [slot] = createSlots(1);
    rig.peer.send(numbered(1), client);
    await rig.socket.receive([slot!]);
    assert.deepEqual(
      { hostname: slot!.source.hostname, port: slot!.source.port },
      { hostname: rig.target.hostname, port: rig.target.port },
    );
  });

  test("keeps the order of datagrams, over several receives", async (rig) => {
    const client = await greet(rig);
    const sent = Array.from({ length: 60 }, (_, i) => i);
    for (const i of sent) assert.equal(rig.peer.send(numbered(i), client), 0);
    assert.deepEqual(await receiveNumbers(rig.socket, sent.length), sent);
    for (const i of sent) assert.equal(rig.socket.send(numbered(i), rig.target), 0);
    assert.deepEqual(await receiveNumbers(rig.peer, sent.length), sent);
  });

  test("leaves a packet as it was, and does not look at it after send", async (rig) => {
    const packet = new Packet(100);
    packet.fill(Uint8Array.of(1, 2, 3, 4, 5));
    packet.start += 1;
    packet.end -= 1;
    assert.equal(rig.socket.send(packet, rig.target), 0);
    assert.equal(packet.start, HEADROOM_BYTES + 1);
    assert.equal(packet.end, HEADROOM_BYTES + 4);
    assert.deepEqual([...packet.toBytes()], [2, 3, 4]);
    packet.bytes.fill(99);
    const [slot] = createSlots(1);
    await rig.peer.receive([slot!]);
    assert.deepEqual([...slot!.packet.toBytes()], [2, 3, 4]);
  });

  test("puts what it receives behind the headroom, whatever the slot held before", async (rig) => {
    const client = await greet(rig);
    const [slot] = createSlots(1);
    slot!.packet.start = 3;
    slot!.packet.end = 4;
    rig.peer.send(numbered(5), client);
    assert.equal(await rig.socket.receive([slot!]), 1);
    assert.equal(slot!.packet.length, 4);
    assert.ok(slot!.packet.start >= HEADROOM_BYTES);
  });

  test("refuses a datagram that is too short to carry", (rig) => {
    const empty = new Packet();
    const expected = rig.minBytes === 0 ? 0 : DropReason.EMPTY;
    assert.equal(rig.socket.send(empty, rig.target), expected);
  });

  test("drops a datagram that a slot cannot hold, or puts its own packet in, and goes on", async (rig) => {
    const client = await greet(rig);
    const small = createSlots(1, 64);
    const { packet } = small[0]!;
    const long = new Packet();
    long.fill(new Uint8Array(500));
    rig.peer.send(long, client);
    rig.peer.send(numbered(7), client);
    assert.equal(await rig.socket.receive(small), 1);
    if (small[0]!.packet !== packet) {
      assert.deepEqual(small[0]!.packet.toBytes(), long.toBytes());
      assert.equal(await rig.socket.receive(small), 1);
    }
    assert.equal(readNumber(small[0]!), 7);
  });

  test("refuses a datagram that UDP cannot carry", (rig) => {
    const packet = new Packet(70_000);
    packet.fill(new Uint8Array(65_508));
    assert.equal(rig.socket.send(packet, rig.target), DropReason.TOO_LARGE);
    packet.end = packet.start + rig.maxBytes + 1;
    assert.equal(rig.socket.send(packet, rig.target), DropReason.TOO_LARGE);
    assert.equal(packet.length, rig.maxBytes + 1);
  });

  test("takes a burst without throwing, says what it dropped, and goes on", async (rig) => {
    const results = Array.from({ length: BURST_PKTS }, (_, i) => {
      return rig.socket.send(numbered(i, BURST_PACKET_BYTES), rig.target);
    });
    const taken = results.filter((result) => result === 0).length;
    const full = results.filter((result) => result === DropReason.SEND_QUEUE_FULL).length;
    assert.equal(taken + full, BURST_PKTS);
    // What goes to the kernel at once fills its buffer, which may hold all.
    assert.ok(taken > 0 && (full > 0 || rig.sendsAtOnce), `${taken} taken, ${full} refused`);
    const numbers: number[] = [];
    while (numbers.at(-1) !== BURST_PKTS) {
      // Whether this one is taken depends on whether the queue has drained: so until it arrives.
      rig.socket.send(numbered(BURST_PKTS), rig.target);
      numbers.push(...await receiveNumbers(rig.peer, 1));
    }
    assert.ok(numbers.every((number, i) => i === 0 || number >= numbers[i - 1]!), "out of order");
  });

  test("close ends a pending receive with 0, and is idempotent", async (rig) => {
    const pending = rig.socket.receive(createSlots(2));
    rig.socket.close();
    assert.equal(await pending, 0);
    rig.socket.close();
    assert.equal(rig.socket.failure, null);
  });

  test("after close sends nothing and receives nothing", async (rig) => {
    const client = await greet(rig);
    rig.peer.send(numbered(1), client);
    rig.socket[Symbol.dispose]();
    assert.equal(rig.socket.send(numbered(1), rig.target), DropReason.CLOSED);
    assert.equal(await rig.socket.receive(createSlots(1)), 0);
  });

  test("has a label without a password", (rig) => {
    assert.match(rig.socket.label, /^[a-z0-9]+( via [a-z0-9]+)? \S+:\d+$/);
    assert.doesNotMatch(rig.socket.label, /s3cret/);
  });
}

function defineTest(
  { name, open }: DatagramRigKind,
  behaviour: string,
  body: (rig: DatagramRig) => unknown,
): void {
  Deno.test(`${name} ${behaviour}`, async () => {
    const rig = await open();
    try {
      await body(rig);
    } finally {
      await rig.close();
    }
  });
}

/** The peer answers nobody it has not heard of. @returns where it hears the socket from. */
async function greet(rig: DatagramRig): Promise<NetAddress> {
  const [slot] = createSlots(1);
  assert.equal(rig.socket.send(numbered(0), rig.target), 0);
  assert.equal(await rig.peer.receive([slot!]), 1);
  return slot!.source;
}

function numbered(number: number, sizeBytes = 4): Packet {
  const packet = new Packet(sizeBytes);
  packet.fill(new Uint8Array(sizeBytes));
  packet.view.setUint32(packet.start, number);
  return packet;
}

function readNumber({ packet }: DatagramSlot): number {
  return packet.view.getUint32(packet.start);
}

async function receiveNumbers(socket: DatagramSocket, count: number): Promise<number[]> {
  const slots = createSlots(4);
  const numbers: number[] = [];
  while (numbers.length < count) {
    const received = await socket.receive(slots);
    assert.ok(received > 0, "the socket ended");
    for (let i = 0; i < received; i++) numbers.push(readNumber(slots[i]!));
  }
  return numbers;
}
