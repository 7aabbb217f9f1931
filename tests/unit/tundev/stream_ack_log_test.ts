import assert from "node:assert/strict";
import { ACK_DELAY_MS, AckLog } from "../../../src/tundev/stream_ack_log.ts";
import {
  ACK_FRAME_BYTES,
  FrameKind,
  readU48,
  VarintReader,
} from "../../../src/tundev/stream_frames.ts";
import { Packet } from "../../../src/wire/packet.ts";

const MTU_BYTES = 1400;

/** Packet numbers that the next ACK frame names, ascending. */
function nextAck(log: AckLog, limitBytes = MTU_BYTES): number[] {
  const packet = new Packet(MTU_BYTES);
  const at = packet.start;
  packet.end = log.write(packet, at, at + limitBytes, 5000);
  if (packet.length === 0) return [];
  assert.ok(packet.length <= limitBytes);
  assert.equal(packet.bytes[at], FrameKind.ACK);
  const numbers: number[] = [];
  const reader = new VarintReader();
  reader.at = at + ACK_FRAME_BYTES;
  let above = readU48(packet.view, at + 11) + 1;
  for (let run = 0; run < packet.bytes[at + 17]!; run++) {
    if (run > 0) above -= reader.read(packet.bytes, packet.end);
    for (let left = reader.read(packet.bytes, packet.end); left > 0; left--) numbers.push(--above);
  }
  assert.equal(reader.at, packet.end);
  return numbers.reverse();
}

Deno.test("AckLog names exactly the packets that came", () => {
  const log = new AckLog();
  for (const packetNumber of [1, 2, 3, 7, 8, 10, 2, 200_000]) {
    log.handlePacket(packetNumber, 1, 100, 1000);
  }
  assert.deepEqual(nextAck(log), [1, 2, 3, 7, 8, 10, 200_000]);
});

Deno.test("AckLog counts a repeated packet's bytes once", () => {
  const log = new AckLog();
  for (const packetNumber of [1, 2, 2, 1, 2]) log.handlePacket(packetNumber, 1, 100, 1000);
  const packet = new Packet(MTU_BYTES);
  log.write(packet, packet.start, packet.start + MTU_BYTES, 1000);
  assert.equal(readU48(packet.view, packet.start + 5), 200);
});

Deno.test("AckLog names more runs than one ACK holds by turns, the newest in every second ACK", () => {
  const log = new AckLog();
  for (let packetNumber = 2; packetNumber <= 600; packetNumber += 2) {
    log.handlePacket(packetNumber, 1, 100, 1000);
  }
  const acks = [nextAck(log), nextAck(log), nextAck(log), nextAck(log)];
  assert.deepEqual(acks.map((ack) => ack.at(-1)), [600, 344, 600, 88]);
  assert.equal(new Set(acks.flat()).size, 300);
});

Deno.test("AckLog keeps to the room it is given", () => {
  const log = new AckLog();
  for (let packetNumber = 2; packetNumber <= 600; packetNumber += 2) {
    log.handlePacket(packetNumber, 1, 100, 1000);
  }
  assert.deepEqual(nextAck(log, ACK_FRAME_BYTES + 8), [594, 596, 598, 600]);
  assert.deepEqual(nextAck(new AckLog()), []);
});

Deno.test("AckLog forgets packets below the floor and acknowledges them no more", () => {
  const log = new AckLog();
  for (const packetNumber of [1, 2, 5]) log.handlePacket(packetNumber, 1, 100, 1000);
  log.handlePacket(9, 5, 100, 1000);
  log.handlePacket(3, 1, 100, 1000);
  assert.deepEqual(nextAck(log), [5, 9]);
});

Deno.test("AckLog is due after its delay, at once after many packets, never without one", () => {
  const log = new AckLog();
  assert.equal(log.dueMs(), Infinity);
  log.handlePacket(1, 1, 100, 1000);
  log.handlePacket(2, 1, 100, 1005);
  assert.equal(log.dueMs(), 1000 + ACK_DELAY_MS);
  for (let packetNumber = 3; packetNumber < 80; packetNumber++) {
    log.handlePacket(packetNumber, 1, 100, 1005);
  }
  assert.equal(log.dueMs(), 0);
  nextAck(log);
  assert.equal(log.dueMs(), Infinity);
});
