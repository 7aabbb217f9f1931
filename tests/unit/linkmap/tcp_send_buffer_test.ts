import assert from "node:assert/strict";
import fc from "fast-check";
import { TCP_SEND_BUFFER_BYTES, TcpSendBuffer } from "../../../src/linkmap/tcp_send_buffer.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";

function outgoing(bytes: Uint8Array): { bytes: Uint8Array; start: number; end: number } {
  return { bytes, start: 0, end: bytes.length };
}

Deno.test("TcpSendBuffer gives what was put, in order, whole frames only", () => {
  const operation = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 65_507 }) },
    { weight: 2, arbitrary: fc.constant("take" as const) },
    { weight: 2, arbitrary: fc.constant("release" as const) },
  );
  fc.assert(fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
    const buffer = new TcpSendBuffer();
    let waiting: number[] = [];
    let taken: number[] | null = null;
    let mark = 0;
    const sizeOf = (lengths: readonly number[]): number =>
      lengths.reduce((sum, it) => sum + 2 + it, 0);
    for (const what of operations) {
      if (what === "release") {
        if (taken !== null) buffer.release();
        taken = null;
      } else if (what === "take") {
        if (taken !== null) continue;
        const bytes = buffer.take();
        assert.equal(bytes.length, sizeOf(waiting));
        let at = 0;
        for (const lengthBytes of waiting) {
          assert.equal(bytes[at]! * 256 + bytes[at + 1]!, lengthBytes);
          assert.equal(bytes[at + 2], bytes[at + 1 + lengthBytes], "first and last byte");
          at += 2 + lengthBytes;
        }
        taken = waiting;
        waiting = [];
      } else {
        const queuedBytes: number = sizeOf(waiting) + sizeOf(taken ?? []);
        const fits: boolean = queuedBytes + 2 + what <= TCP_SEND_BUFFER_BYTES;
        const result = buffer.put(outgoing(new Uint8Array(what).fill(mark++)));
        assert.equal(result, fits ? 0 : DropReason.SEND_QUEUE_FULL);
        if (fits) waiting.push(what);
      }
      assert.equal(buffer.waitingBytes, sizeOf(waiting));
    }
  }));
});

Deno.test("TcpSendBuffer leaves what was taken as it is while more is put", () => {
  const buffer = new TcpSendBuffer();
  buffer.put(outgoing(Uint8Array.of(1, 2, 3)));
  const taken = buffer.take();
  for (let i = 0; i < 100; i++) buffer.put(outgoing(new Uint8Array(1_400).fill(9)));
  assert.deepEqual([...taken], [0, 3, 1, 2, 3]);
});

Deno.test("TcpSendBuffer.put refuses datagrams that have no frame", () => {
  const buffer = new TcpSendBuffer();
  assert.equal(buffer.put(outgoing(new Uint8Array(0))), DropReason.EMPTY);
  assert.equal(buffer.put(outgoing(new Uint8Array(65_508))), DropReason.TOO_LARGE);
  assert.equal(buffer.waitingBytes, 0);
});

Deno.test("TcpSendBuffer.putRaw puts bytes without a length", () => {
  const buffer = new TcpSendBuffer();
  buffer.putRaw(Uint8Array.of(5, 6));
  buffer.put(outgoing(Uint8Array.of(7)));
  assert.deepEqual([...buffer.take()], [5, 6, 0, 1, 7]);
});
