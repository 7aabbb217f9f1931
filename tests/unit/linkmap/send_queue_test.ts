/** SendQueue over a socket that settles its sends when, and in the order, the test says. */

import assert from "node:assert/strict";
import { SEND_QUEUE_PKTS, SendQueue } from "../../../src/linkmap/send_queue.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";

const DST: Deno.NetAddr = { transport: "udp", hostname: "192.0.2.1", port: 9 };

/** A conn whose sends wait until they are settled by the test. */
class ScriptedConn {
  readonly given: { readonly number: number; readonly settle: PromiseWithResolvers<number> }[] = [];

  send(bytes: Uint8Array): Promise<number> {
    const settle = Promise.withResolvers<number>();
    this.given.push({ number: bytes[0]! * 256 + bytes[1]!, settle });
    return settle.promise;
  }

  /** Numbers of the datagrams under way. */
  get numbers(): number[] {
    return this.given.map(({ number }) => number);
  }

  /** Settles everything under way in its order and lets the queue see it. */
  async settleAll(): Promise<void> {
    for (const { settle } of this.given.splice(0)) settle.resolve(2);
    await microtasks();
  }

  /** Settles one of those under way. */
  async settleAt(index: number): Promise<void> {
    this.given.splice(index, 1)[0]?.settle.resolve(2);
    await microtasks();
  }
}

Deno.test("SendQueue gives a new socket one send, then more as they settle", async () => {
  const { conn, queue } = create();
  for (let i = 0; i < 20; i++) assert.equal(send(queue, i), 0);
  assert.deepEqual(conn.numbers, [0]);
  await conn.settleAll();
  assert.deepEqual(conn.numbers, [1, 2]);
  await conn.settleAll();
  assert.deepEqual(conn.numbers, [3, 4, 5, 6]);
  await conn.settleAll();
  assert.deepEqual(conn.numbers, [7, 8, 9, 10, 11, 12, 13, 14]);
});

Deno.test("SendQueue gives an open socket a whole burst at once", async () => {
  const { conn, queue } = create();
  await openWindow(conn, queue);
  for (let i = 0; i < SEND_QUEUE_PKTS; i++) assert.equal(send(queue, i), 0);
  assert.equal(conn.given.length, SEND_QUEUE_PKTS);
});

Deno.test("SendQueue refuses what is beyond its length, and takes more once there is room", async () => {
  const { conn, queue } = create();
  for (let i = 0; i < SEND_QUEUE_PKTS; i++) assert.equal(send(queue, i), 0);
  assert.equal(send(queue, 999), DropReason.SEND_QUEUE_FULL);
  await conn.settleAll();
  assert.equal(send(queue, 999), 0);
  assert.equal(send(queue, 999), DropReason.SEND_QUEUE_FULL);
});

Deno.test("SendQueue sends one at a time after sends settled out of order", async () => {
  const { conn, queue } = create();
  await openWindow(conn, queue);
  for (let i = 0; i < 8; i++) send(queue, i);
  await conn.settleAt(7);
  assert.equal(queue.stalls, 1);
  send(queue, 8);
  send(queue, 9);
  assert.deepEqual(conn.numbers, [0, 1, 2, 3, 4, 5, 6], "the window is full");
  await conn.settleAll();
  assert.deepEqual(conn.numbers, [8]);
  await conn.settleAll();
  assert.deepEqual(conn.numbers, [9]);
  assert.equal(queue.stalls, 1);
});

Deno.test("SendQueue opens its window again after a stall", async () => {
  const { conn, queue } = create();
  await openWindow(conn, queue);
  send(queue, 0);
  send(queue, 1);
  await conn.settleAt(1);
  await conn.settleAll();
  await openWindow(conn, queue);
  for (let i = 0; i < SEND_QUEUE_PKTS; i++) send(queue, i);
  assert.equal(conn.given.length, SEND_QUEUE_PKTS);
});

Deno.test("SendQueue does not use a slot again before its send has settled", async () => {
  const { conn, queue } = create();
  await openWindow(conn, queue);
  for (let i = 0; i < SEND_QUEUE_PKTS; i++) send(queue, i);
  // All but the oldest are done: its neighbours' slots may be used, in order, only behind it.
  while (conn.given.length > 1) await conn.settleAt(conn.given.length - 1);
  assert.equal(send(queue, 999), DropReason.SEND_QUEUE_FULL);
  await conn.settleAll();
  assert.equal(send(queue, 999), 0);
});

Deno.test("SendQueue counts a refused send and goes on with the next", async () => {
  const { conn, queue, drops } = create();
  send(queue, 0);
  send(queue, 1);
  conn.given.splice(0)[0]?.settle.reject(new Error("Network is unreachable"));
  await microtasks();
  assert.equal(queue.errors, 1);
  assert.match(queue.lastError?.message ?? "", /unreachable/);
  assert.equal(drops.get(DropReason.SEND_ERROR), 1);
  assert.deepEqual(conn.numbers, [1]);
});

Deno.test("SendQueue counts no errors and gives nothing once it is closed", async () => {
  const { conn, queue, drops } = create();
  send(queue, 0);
  send(queue, 1);
  queue.close();
  conn.given.splice(0)[0]?.settle.reject(new Error("Bad resource"));
  await microtasks();
  assert.equal(queue.errors, 0);
  assert.equal(drops.total(), 0);
  assert.deepEqual(conn.numbers, []);
});

function create(): { conn: ScriptedConn; queue: SendQueue; drops: DropCounters } {
  const conn = new ScriptedConn();
  const drops = new DropCounters();
  return { conn, queue: new SendQueue(conn as unknown as Deno.DatagramConn, drops), drops };
}

/** Sends until a whole burst would go out at once. */
async function openWindow(conn: ScriptedConn, queue: SendQueue): Promise<void> {
  for (let i = 0; i < 40_000; i++) {
    if (send(queue, i) !== 0) throw new Error("the queue is full");
    await conn.settleAll();
  }
}

function send(queue: SendQueue, number: number): number {
  return queue.send({ bytes: Uint8Array.of(number >> 8, number), start: 0, end: 2 }, DST);
}

/** Promise reactions of what was settled have run. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 4; i++) await Promise.resolve();
}
