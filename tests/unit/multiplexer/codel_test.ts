import assert from "node:assert/strict";
import fc from "fast-check";
import { Codel, CODEL_INTERVAL_MS, CODEL_TARGET_MS } from "../../../src/multiplexer/codel.ts";
import { SlotRing } from "../../../src/multiplexer/slot_ring.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { CodelTwin, type TwinPacket, type TwinResult } from "./codel_twin.ts";

const LIMITS = { targetMs: CODEL_TARGET_MS, intervalMs: CODEL_INTERVAL_MS };
const MIN_BACKLOG_BYTES = 3_000;

/** A line whose first packet came then, with so many bytes in all. */
function lineOf(enqueuedMs: number, backlogBytes: number): SlotRing {
  const line = new SlotRing();
  const packet = new Packet(backlogBytes);
  packet.end += backlogBytes;
  line.push(packet, 0, enqueuedMs);
  return line;
}

/** The queue's way to use CoDel, over a plain array. */
class JudgedQueue {
  readonly packets: TwinPacket[] = [];
  readonly #codel = new Codel();

  dequeue(now: number): TwinResult {
    const droppedIds: number[] = [];
    while (this.packets.length > 0) {
      const [packet] = this.packets as [TwinPacket];
      const backlogBytes = this.packets.reduce((sum, { bytes }) => sum + bytes, 0);
      const line = lineOf(packet.enqueuedMs, backlogBytes);
      const isDue = this.#codel.shouldSignal(line, LIMITS, now);
      this.packets.shift();
      if (!isDue || packet.isEcn) return { packet, isMarked: isDue, droppedIds };
      droppedIds.push(packet.id);
    }
    this.#codel.noteEmpty();
    return { packet: null, isMarked: false, droppedIds };
  }
}

/** Times of the signals to a queue whose packets have always stood for as long. */
function signalTimes(sojournMs: number, backlogBytes: number, untilMs: number): number[] {
  const codel = new Codel();
  const times: number[] = [];
  for (let now = 1_000; now < 1_000 + untilMs; now++) {
    if (codel.shouldSignal(lineOf(now - sojournMs, backlogBytes), LIMITS, now)) {
      times.push(now - 1_000);
    }
  }
  return times;
}

Deno.test("CoDel signals first after an interval above the target, then ever more often", () => {
  // 200, then 200/sqrt(1), 200/sqrt(2), ... later (RFC 8289 §5.3), seen at whole milliseconds.
  assert.deepEqual(signalTimes(CODEL_TARGET_MS, 10_000, 800), [200, 400, 542, 657, 757]);
});

Deno.test("CoDel leaves a queue below the target alone, and one of less than two packets", () => {
  assert.deepEqual(signalTimes(CODEL_TARGET_MS - 1, 10_000, 2_000), []);
  assert.deepEqual(signalTimes(500, MIN_BACKLOG_BYTES - 1, 2_000), []);
});

Deno.test("CoDel stops when one packet stood for less than the target", () => {
  const codel = new Codel();
  assert.equal(codel.shouldSignal(lineOf(0, 9_000), LIMITS, 100), false);
  assert.equal(codel.shouldSignal(lineOf(200, 9_000), LIMITS, 300), true);
  assert.equal(codel.shouldSignal(lineOf(300, 9_000), LIMITS, 301), false);
  assert.equal(codel.shouldSignal(lineOf(300, 9_000), LIMITS, 500), false);
  assert.equal(codel.shouldSignal(lineOf(300, 9_000), LIMITS, 699), false);
  assert.equal(codel.shouldSignal(lineOf(300, 9_000), LIMITS, 700), true);
});

Deno.test("CoDel that has to signal again soon begins at the rate that helped", () => {
  const codel = new Codel();
  let signals = 0;
  for (let now = 1_000; now < 3_000; now++) {
    if (codel.shouldSignal(lineOf(now - 100, 9_000), LIMITS, now)) signals++;
  }
  codel.shouldSignal(lineOf(3_000, 9_000), LIMITS, 3_000);
  const times: number[] = [];
  for (let now = 3_001; now < 3_500; now++) {
    if (codel.shouldSignal(lineOf(now - 100, 9_000), LIMITS, now)) times.push(now);
  }
  assert(signals > 10, `${signals} signals`);
  assert.equal(times[0], 3_201);
  assert(times[1]! - times[0]! <= 200 / Math.sqrt(signals - 1) + 1, `${times[1]! - times[0]!} ms`);
});

Deno.test("CoDel drops and marks the packets that its readable twin does", () => {
  const step = fc.record({
    arrivals: fc.array(
      fc.record({ bytes: fc.integer({ min: 40, max: 1_500 }), isEcn: fc.boolean() }),
      {
        maxLength: 4,
      },
    ),
    departures: fc.nat(4),
    waitMs: fc.oneof(fc.nat(40), fc.nat(400)),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
      const queue = new JudgedQueue();
      const twin = new CodelTwin(CODEL_TARGET_MS, CODEL_INTERVAL_MS, MIN_BACKLOG_BYTES);
      let now = 1_000;
      let id = 0;
      for (const { arrivals, departures, waitMs } of steps) {
        for (const { bytes, isEcn } of arrivals) {
          const packet = { id: id++, bytes, isEcn, enqueuedMs: now };
          queue.packets.push(packet);
          twin.packets.push(packet);
        }
        now += waitMs;
        for (let i = 0; i < departures; i++) {
          assert.deepEqual(queue.dequeue(now), twin.dequeue(now));
        }
      }
    }),
    { numRuns: 60 },
  );
});
