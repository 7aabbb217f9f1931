import assert from "node:assert/strict";
import fc from "fast-check";
import { SentLog, SentState } from "../../../src/multiplexer/sent_log.ts";
import { Packet } from "../../../src/wire/packet.ts";

/** What the twin knows of a packet in flight. */
interface Entry {
  readonly slot: Packet;
  readonly wireBytes: number;
  readonly sentMs: number;
  readonly columns: readonly number[];
}

/** Puts a packet in, with columns that follow from its number. @returns null when the log is full. */
function addTo(log: SentLog, seqNo: number, now: number): Entry | null {
  const wireBytes = 40 + seqNo % 1_400;
  const at = log.add(seqNo, wireBytes, now);
  if (at < 0) return null;
  const slot = new Packet(0);
  const columns = [now - seqNo % 7, seqNo % 256, seqNo * 3 % 2 ** 32, seqNo % 4, seqNo % 5];
  log.slots[at] = slot;
  log.firstSentMs[at] = columns[0]!;
  log.groups[at] = columns[1]!;
  log.groupSeqNos[at] = columns[2]!;
  log.flags[at] = columns[3]!;
  log.resends[at] = columns[4]!;
  return { slot, wireBytes, sentMs: now, columns };
}

function columnsAt(log: SentLog, at: number): number[] {
  return [
    log.firstSentMs[at]!,
    log.groups[at]!,
    log.groupSeqNos[at]!,
    log.flags[at]!,
    log.resends[at]!,
  ];
}

function checkAgainst(log: SentLog, twin: ReadonlyMap<number, Entry>): void {
  let bytes = 0;
  for (const [seqNo, entry] of twin) {
    const at = log.find(seqNo);
    assert(at >= 0, `lost ${seqNo}`);
    assert.equal(log.states[at], SentState.IN_FLIGHT);
    assert.equal(log.slots[at], entry.slot);
    assert.equal(log.wireBytes[at], entry.wireBytes);
    assert.equal(log.sentMs[at], entry.sentMs);
    assert.deepEqual(columnsAt(log, at), entry.columns);
    assert(seqNo >= log.oldestSeqNo && seqNo < log.endSeqNo);
    bytes += entry.wireBytes;
  }
  assert.equal(log.inFlightPkts, twin.size);
  assert.equal(log.inFlightBytes, bytes);
}

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 3, arbitrary: fc.record({ settle: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ advance: fc.constant(true) }) },
    { weight: 1, arbitrary: fc.record({ burst: fc.integer({ min: 1, max: 60 }) }) },
  ),
  { maxLength: 120, size: "max" },
);

Deno.test("SentLog keeps what is in flight as a map would, however it grows", () => {
  const starts = fc.constantFrom(0, 5, 2 ** 31 - 20, 2 ** 32 - 20, 2 ** 47);
  fc.assert(
    fc.property(starts, steps, (start, list) => {
      const log = new SentLog();
      const twin = new Map<number, Entry>();
      let seqNo = start;
      let now = 0;
      const add = (skip: number): void => {
        seqNo += skip;
        twin.set(seqNo, addTo(log, seqNo, now)!);
      };
      for (const step of list) {
        now += 0.5;
        if ("add" in step) add(step.add);
        else if ("burst" in step) { for (let i = 0; i < step.burst; i++) add(1); }
        else if ("advance" in step) log.advance();
        else if (twin.size > 0) {
          const [settled, entry] = [...twin][step.settle % twin.size]!;
          const state = step.settle % 2 === 0 ? SentState.ACKED : SentState.LOST;
          assert.equal(log.settle(log.find(settled), state), entry.slot);
          twin.delete(settled);
        }
        checkAgainst(log, twin);
      }
      log.advance();
      const oldest = Math.min(...twin.keys());
      assert.equal(log.oldestSeqNo, twin.size > 0 ? oldest : log.endSeqNo);
    }),
    { numRuns: 60 },
  );
});

Deno.test("SentLog does not find a number that was not logged", () => {
  const log = new SentLog();
  assert.equal(log.find(0), -1);
  log.add(10, 100, 0);
  log.add(12, 100, 0);
  assert.deepEqual([log.find(9), log.find(11), log.find(13), log.find(10 + 2 ** 32)], [
    -1,
    -1,
    -1,
    -1,
  ]);
});

Deno.test("SentLog keeps what became of a packet until its place is needed", () => {
  const log = new SentLog();
  log.add(0, 100, 0);
  log.add(1, 100, 0);
  log.settle(log.find(0), SentState.LOST);
  assert.equal(log.states[log.find(0)], SentState.LOST);
  log.advance();
  assert.equal(log.oldestSeqNo, 1);
  assert.equal(log.states[log.find(0)], SentState.LOST);
});

Deno.test("SentLog that is full refuses, and goes on when there is room again", () => {
  const log = new SentLog();
  let seqNo = 0;
  while (log.add(seqNo, 100, 0) >= 0) {
    seqNo++;
    assert(seqNo < 1_000_000, "never full");
  }
  assert.equal(log.inFlightPkts, seqNo);
  assert.equal(log.endSeqNo, seqNo);
  assert.equal(log.add(seqNo, 100, 0), -1);
  assert.equal(log.inFlightPkts, seqNo);
  for (let i = 0; i < 10; i++) log.settle(log.find(i), SentState.ACKED);
  log.advance();
  assert(log.add(seqNo, 100, 1) >= 0);
  assert.equal(log.inFlightPkts, seqNo - 9);
});

Deno.test("SentLog begins anew at any number while nothing is in flight", () => {
  const log = new SentLog();
  log.add(1_000_000, 100, 0);
  log.settle(log.find(1_000_000), SentState.ACKED);
  log.advance();
  // A peer that began anew counts from 0.
  assert(log.add(0, 100, 1) >= 0);
  assert.equal(log.oldestSeqNo, 0);
  assert.equal(log.endSeqNo, 1);
  // Other messages used up numbers for a long time.
  log.settle(log.find(0), SentState.ACKED);
  log.advance();
  assert(log.add(5_000_000, 100, 1) >= 0);
  assert.equal(log.oldestSeqNo, 5_000_000);
});
