import assert from "node:assert/strict";
import fc from "fast-check";
import {
  INITIAL_WINDOW_BYTES,
  MAX_WINDOW_BYTES,
  ReceiveHalf,
  WindowBudget,
} from "../../../src/tundev/stream_receive_half.ts";
import { MAX_UNSENT_BYTES, SendHalf } from "../../../src/tundev/stream_send_half.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { patternByte } from "./stream_world.ts";

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => patternByte(i));
}

/** Lets a receiver take `bytes` at `offset`. */
function give(half: ReceiveHalf, offset: number, bytes: Uint8Array, ends = false): number {
  return half.handleData(offset, bytes, 0, bytes.length, ends);
}

function readAll(half: ReceiveHalf): Uint8Array {
  const parts: number[] = [];
  for (let view = half.view(); view.length > 0; view = half.view()) {
    parts.push(...view);
    half.consume(view.length);
  }
  return Uint8Array.from(parts);
}

Deno.test("SendHalf and ReceiveHalf pass on exact bytes whatever is lost, late or repeated", () => {
  const fate = fc.constantFrom("arrive", "lose", "lose but arrive late", "arrive twice");
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 4000 }),
    fc.integer({ min: 1, max: 300 }),
    fc.array(fate, { minLength: 1, maxLength: 50 }),
    (totalBytes, chunkBytes, fates) => {
      const sender = new SendHalf(INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES);
      const receiver = new ReceiveHalf(new WindowBudget());
      const data = pattern(totalBytes);
      assert.equal(sender.write(data), totalBytes);
      sender.finish();
      let turn = 0;
      while (!sender.isDone) {
        assert.ok(turn < 10_000, "no progress");
        assert.ok(sender.takeChunk(chunkBytes), "no chunk though not done");
        const { chunkOffset, chunkEnd, chunkEnds } = sender;
        const bytes = new Uint8Array(sender.chunkBytes);
        sender.copyChunk(bytes, 0);
        // After the drawn fates everything arrives, so that it ends.
        const fate = turn < 200 ? fates[turn % fates.length]! : "arrive";
        turn++;
        if (fate.startsWith("lose")) sender.handleLost(chunkOffset, chunkEnd);
        if (fate === "lose") continue;
        for (let i = fate === "arrive twice" ? 2 : 1; i > 0; i--) {
          assert.equal(give(receiver, chunkOffset, bytes, chunkEnds), 0);
          sender.handleAcked(chunkOffset, chunkEnd);
        }
      }
      assert.deepEqual(readAll(receiver), data);
      assert.ok(receiver.isAtEnd);
      assert.equal(sender.hasChunk, false);
    },
  ));
});

Deno.test("SendHalf sends again only what did not arrive by another packet", () => {
  const sender = new SendHalf(INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES);
  sender.write(new Uint8Array(100));
  sender.takeChunk(100);
  sender.handleAcked(20, 40);
  sender.handleLost(0, 100);
  const chunks: number[][] = [];
  while (sender.takeChunk(100)) chunks.push([sender.chunkOffset, sender.chunkEnd]);
  assert.deepEqual(chunks, [[0, 20], [40, 100]]);
});

Deno.test("SendHalf takes no more unsent bytes than its limit", () => {
  const sender = new SendHalf(INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES);
  assert.equal(sender.write(new Uint8Array(MAX_UNSENT_BYTES + 5)), MAX_UNSENT_BYTES);
  assert.equal(sender.write(new Uint8Array(5)), 0);
  assert.ok(sender.takeChunk(1000));
  assert.equal(sender.writableBytes, 1000);
});

Deno.test("SendHalf stops at the other end's window and goes on when it opens", () => {
  const sender = new SendHalf(1000, MAX_WINDOW_BYTES);
  sender.write(new Uint8Array(3000));
  assert.ok(sender.takeChunk(5000));
  assert.equal(sender.chunkBytes, 1000);
  assert.equal(sender.hasChunk, false);
  sender.raiseLimit(1500);
  sender.raiseLimit(900); // limits never go back
  assert.ok(sender.takeChunk(5000));
  assert.equal(sender.chunkBytes, 500);
});

Deno.test("ReceiveHalf refuses what goes beyond the window it gave", () => {
  const receiver = new ReceiveHalf(new WindowBudget());
  const one = Uint8Array.of(1);
  assert.equal(give(receiver, INITIAL_WINDOW_BYTES - 1, one), 0);
  assert.equal(give(receiver, INITIAL_WINDOW_BYTES, one), DropReason.BAD_STREAM);
});

Deno.test("ReceiveHalf refuses a second end elsewhere, data behind the end, an end before data", () => {
  const receiver = new ReceiveHalf(new WindowBudget());
  assert.equal(give(receiver, 0, new Uint8Array(10)), 0);
  assert.equal(give(receiver, 0, new Uint8Array(9), true), DropReason.BAD_STREAM);
  assert.equal(give(receiver, 10, new Uint8Array(0), true), 0);
  assert.equal(give(receiver, 10, new Uint8Array(0), true), 0);
  assert.equal(give(receiver, 10, new Uint8Array(1)), DropReason.BAD_STREAM);
  assert.equal(give(receiver, 5, new Uint8Array(2), true), DropReason.BAD_STREAM);
});

Deno.test("ReceiveHalf doubles the window of a fast reader up to the maximum, not a slow one's", () => {
  const widthAfter = (intervalMs: number): number => {
    const receiver = new ReceiveHalf(new WindowBudget());
    let offset = 0;
    for (let i = 0, now = 1000; i < 40; i++, now += intervalMs) {
      const bytes = new Uint8Array(receiver.limit - offset);
      assert.equal(give(receiver, offset, bytes), 0);
      offset += bytes.length;
      while (receiver.readableBytes > 0) receiver.consume(receiver.view().length);
      assert.ok(receiver.openWindow(now));
    }
    return receiver.limit - offset;
  };
  assert.equal(widthAfter(100), MAX_WINDOW_BYTES);
  assert.equal(widthAfter(600), INITIAL_WINDOW_BYTES);
});

Deno.test("Windows of all streams together stay within the budget, and give it back", () => {
  const budget = new WindowBudget(INITIAL_WINDOW_BYTES);
  const receivers = [new ReceiveHalf(budget), new ReceiveHalf(budget)];
  for (const receiver of receivers) {
    give(receiver, 0, new Uint8Array(INITIAL_WINDOW_BYTES));
    while (receiver.readableBytes > 0) receiver.consume(receiver.view().length);
    receiver.openWindow(1);
  }
  assert.deepEqual(receivers.map((r) => r.limit / INITIAL_WINDOW_BYTES), [3, 2]);
  assert.equal(budget.leftBytes, 0);
  receivers[0]!.release();
  receivers[0]!.release();
  assert.equal(budget.leftBytes, INITIAL_WINDOW_BYTES);
});
