/** ReceiveQueue over a socket that brings what the test says. */

import assert from "node:assert/strict";
import { RECEIVE_DEPTH_PKTS, ReceiveQueue } from "../../../src/linkmap/receive_queue.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { createSlots } from "../../support/datagram_rigs.ts";

/** A conn whose receives wait until the test brings a datagram or an error. */
class ScriptedConn {
  readonly waiting: {
    readonly buffer: Uint8Array;
    readonly settle: PromiseWithResolvers<[Uint8Array, Deno.Addr]>;
  }[] = [];

  receive(buffer: Uint8Array): Promise<[Uint8Array, Deno.Addr]> {
    const settle = Promise.withResolvers<[Uint8Array, Deno.Addr]>();
    this.waiting.push({ buffer, settle });
    return settle.promise;
  }

  /** A datagram arrives. */
  bring(bytes: Uint8Array, hostname: string = "192.0.2.1"): void {
    const { buffer, settle } = this.waiting.shift()!;
    buffer.set(bytes);
    settle.resolve([buffer.subarray(0, bytes.length), { transport: "udp", hostname, port: 9 }]);
  }

  /** A receive fails. */
  fail(error: Error): void {
    this.waiting.shift()!.settle.reject(error);
  }
}

Deno.test("ReceiveQueue keeps several receives waiting", () => {
  const { conn, queue } = create();
  void queue.receive(createSlots(1));
  assert.equal(conn.waiting.length, RECEIVE_DEPTH_PKTS);
  queue.close();
});

Deno.test("ReceiveQueue hands out what came in order, as much as fits, and waits again", async () => {
  const { conn, queue } = create();
  const slots = createSlots(2);
  const first = queue.receive(slots);
  for (let i = 0; i < 3; i++) conn.bring(Uint8Array.of(i));
  const numbers: number[] = [];
  let received = await first;
  for (;;) {
    numbers.push(...slots.slice(0, received).map(({ packet }) => packet.toBytes()[0]!));
    if (numbers.length === 3) break;
    received = await queue.receive(slots);
  }
  assert.deepEqual(numbers, [0, 1, 2]);
  assert.equal(conn.waiting.length, RECEIVE_DEPTH_PKTS);
  queue.close();
});

Deno.test("ReceiveQueue takes no more from the system than was asked for, while nobody asks", async () => {
  const { conn, queue } = create();
  const slots = createSlots(1);
  const first = queue.receive(slots);
  for (let i = 0; i < RECEIVE_DEPTH_PKTS; i++) conn.bring(Uint8Array.of(i));
  assert.equal(await first, 1);
  assert.equal(conn.waiting.length, 1);
  for (let i = 1; i < RECEIVE_DEPTH_PKTS; i++) {
    assert.equal(await queue.receive(slots), 1);
    assert.equal(slots[0]!.packet.toBytes()[0], i);
  }
  queue.close();
});

Deno.test("ReceiveQueue bears errors that are about an earlier send, without end", async () => {
  const { conn, queue } = create();
  const slots = createSlots(1);
  const receiving = queue.receive(slots);
  for (let i = 0; i < 500; i++) {
    conn.fail(new Deno.errors.ConnectionRefused());
    await microtasks();
  }
  conn.bring(Uint8Array.of(3));
  assert.equal(await receiving, 1);
  assert.equal(queue.errors, 500);
  assert.equal(queue.failure, null);
  queue.close();
});

Deno.test("ReceiveQueue fails when there are only errors, and says why", async () => {
  const { conn, queue } = create();
  const receiving = queue.receive(createSlots(1));
  while (queue.failure === null) {
    conn.fail(new Error("Network is down"));
    await microtasks();
  }
  assert.equal(await receiving, 0);
  assert.match(String(queue.failure), /Network is down/);
  assert.equal(await queue.receive(createSlots(1)), 0);
});

Deno.test("ReceiveQueue counts and drops what a slot cannot hold", async () => {
  const { conn, queue, drops } = create();
  const slots = createSlots(1, 10);
  const receiving = queue.receive(slots);
  conn.bring(new Uint8Array(11));
  conn.bring(new Uint8Array(10));
  assert.equal(await receiving, 1);
  assert.equal(slots[0]!.packet.length, 10);
  assert.equal(drops.get(DropReason.TOO_LARGE), 1);
  queue.close();
});

Deno.test("ReceiveQueue shows an IPv4-mapped source as IPv4", async () => {
  const { conn, queue } = create();
  const slots = createSlots(1);
  for (const host of ["192.0.2.7", "192.0.2.8", "192.0.2.7"]) {
    const receiving = queue.receive(slots);
    conn.bring(Uint8Array.of(1), `::ffff:${host}`);
    await receiving;
    assert.deepEqual(slots[0]!.source, { hostname: host, port: 9 });
  }
  queue.close();
});

Deno.test("ReceiveQueue.close ends a pending receive with 0, and is no failure", async () => {
  const { conn, queue } = create();
  const receiving = queue.receive(createSlots(1));
  queue.close();
  conn.fail(new Deno.errors.Interrupted());
  assert.equal(await receiving, 0);
  assert.equal(queue.errors, 0);
  assert.equal(queue.failure, null);
});

function create(): { conn: ScriptedConn; queue: ReceiveQueue; drops: DropCounters } {
  const conn = new ScriptedConn();
  const drops = new DropCounters();
  return { conn, queue: new ReceiveQueue(conn as unknown as Deno.DatagramConn, drops), drops };
}

/** Promise reactions of what was settled have run. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 4; i++) await Promise.resolve();
}
