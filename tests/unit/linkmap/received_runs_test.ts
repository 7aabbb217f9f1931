import assert from "node:assert/strict";
import { Errno } from "../../../ffi/errno.ts";
import { MAX_MESSAGES } from "../../../ffi/incoming_messages.ts";
import type { UdpFile } from "../../../ffi/udp_file.ts";
import { ReceivedRuns } from "../../../src/linkmap/received_runs.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { createSlots } from "../../support/datagram_rigs.ts";
import { mulberry32 } from "../../support/rng.ts";

/** A run as the system joins them: its datagrams are numbered. */
interface Run {
  readonly source: string;
  readonly pkts: number;
  readonly segmentBytes: number;
}

/** A socket's file with what has come, which counts calls. */
class FakeFile {
  readonly waiting: Run[] = [];
  calls = 0;
  errno: number = Errno.EAGAIN;
  segmentBytes = 0;
  source = { hostname: "", port: 0 };
  readonly local = null;
  readonly isTruncated = false;
  readonly #received: Run[] = [];
  #nextNumber = 0;

  receiveEach(
    bytes: Uint8Array,
    offset: number,
    capacityBytes: number,
    first: number,
    count: number,
  ): number {
    this.calls++;
    const runs = this.waiting.splice(0, count);
    for (const [i, run] of runs.entries()) {
      const start = offset + (first + i) * capacityBytes;
      assert.ok(run.pkts * run.segmentBytes <= capacityBytes, "there is room for a long one");
      for (let pkt = 0; pkt < run.pkts; pkt++) {
        bytes[start + pkt * run.segmentBytes] = this.#nextNumber++;
      }
      this.#received[first + i] = run;
    }
    return runs.length || -this.errno;
  }

  choose(index: number): number {
    const run = this.#received[index]!;
    this.segmentBytes = run.segmentBytes;
    this.source = { hostname: run.source, port: 1 };
    return run.pkts * run.segmentBytes;
  }
}

interface Opened {
  readonly file: FakeFile;
  readonly runs: ReceivedRuns;
  readonly drops: DropCounters;
}

function open({ sleeps = false } = {}): Opened {
  const file = new FakeFile();
  const drops = new DropCounters();
  const watch = {
    readable: () => Promise.resolve(),
    nextTurn: () => Promise.resolve(),
    noteRead: () => {},
    sleepsAt: () => sleeps,
    close: () => {},
  };
  const runs = new ReceivedRuns(file as unknown as UdpFile, { watch, drops });
  return { file, runs, drops };
}

const SHORT: Run = { source: "a", pkts: 1, segmentBytes: 1_400 };
const LONG: Run = { source: "a", pkts: 45, segmentBytes: 1_400 };

Deno.test("ReceivedRuns asks once for the few datagrams of a slow link, and not again before it is told to when all sleep next", () => {
  const { file, runs } = open({ sleeps: true });
  const slots = createSlots(64, 0);
  file.waiting.push(SHORT, { ...SHORT, source: "b" });
  assert.equal(runs.fill(slots), 2);
  assert.deepEqual(slots.slice(0, 2).map(({ source }) => source.hostname), ["a", "b"]);
  file.waiting.push(SHORT);
  assert.equal(runs.fill(slots), 0);
  assert.equal(file.calls, 1);
  runs.expectMore();
  assert.equal(runs.fill(slots), 1);
  assert.equal(file.calls, 2);
});

Deno.test("ReceivedRuns asks at once for more when a call brought as many as it could", () => {
  const { file, runs } = open();
  const slots = createSlots(64, 0);
  for (let i = 0; i < MAX_MESSAGES + 3; i++) file.waiting.push(SHORT);
  assert.equal(runs.fill(slots), MAX_MESSAGES);
  assert.equal(runs.fill(slots), 3);
  assert.equal(file.calls, 2);
});

Deno.test("ReceivedRuns receives long runs one by one, and looks again after each", () => {
  const { file, runs } = open();
  const slots = createSlots(64, 0);
  file.waiting.push(LONG);
  assert.equal(runs.fill(slots), 45);
  file.waiting.push(LONG, LONG);
  assert.equal(runs.fill(slots), 45);
  assert.equal(file.waiting.length, 1, "the other one is the system's still");
  assert.equal(runs.fill(slots), 45);
  assert.equal(runs.fill(slots), 0);
  assert.equal(file.calls, 4);
});

Deno.test("ReceivedRuns hands out all there is, in order, whatever comes and however few slots there are", () => {
  const seed = Math.trunc(Math.random() * 2 ** 32);
  const random = mulberry32(seed);
  const { file, runs } = open();
  let [pkts, seenPkts] = [0, 0];
  for (let round = 0; round < 3_000; round++) {
    for (let i = Math.trunc(random() * 20); i > 0; i--) {
      const length = random() < 0.2 ? 46 : random() < 0.5 ? 1 : 20;
      const run = { source: "a", pkts: 1 + Math.trunc(random() * length), segmentBytes: 1_400 };
      file.waiting.push(run);
      pkts += run.pkts;
    }
    const slots = createSlots(1 + Math.trunc(random() * 64), 0);
    for (let i = Math.trunc(random() * 10); i > 0 || runs.hasMore; i--) {
      const filledSlots = runs.fill(slots);
      for (const { packet } of slots.slice(0, filledSlots)) {
        assert.equal(packet.bytes[packet.start], seenPkts++ % 256, `seed ${seed}`);
      }
      if (filledSlots === 0) runs.expectMore();
    }
  }
  const slots = createSlots(64, 0);
  for (let idle = 0; idle < 2;) {
    const filledSlots = runs.fill(slots);
    seenPkts += filledSlots;
    idle = filledSlots === 0 ? idle + 1 : 0;
    if (filledSlots === 0) runs.expectMore();
  }
  assert.equal(seenPkts, pkts, `seed ${seed}`);
});

Deno.test("ReceivedRuns skips what no packet holds, says when there is more behind it, and loses nothing", () => {
  const { file, runs, drops } = open();
  const slots = createSlots(64, 0);
  file.waiting.push({ ...SHORT, segmentBytes: 65_520 }, { ...SHORT, segmentBytes: 65_520 }, SHORT);
  assert.equal(runs.fill(slots), 0);
  assert.equal(runs.hasMore, true, "the system has none of these any more");
  assert.equal(runs.fill(slots), 0);
  assert.equal(runs.fill(slots), 1);
  assert.equal(runs.hasMore, false);
  assert.equal(drops.get(DropReason.TOO_LARGE), 2);
});

Deno.test("ReceivedRuns gives up after 64 errors with no datagram between", () => {
  const { file, runs } = open();
  const slots = createSlots(64, 0);
  file.errno = Errno.ECONNREFUSED;
  file.waiting.push(SHORT);
  assert.equal(runs.fill(slots), 1);
  runs.expectMore();
  assert.equal(runs.fill(slots), 0);
  assert.match(runs.failure?.message ?? "", /recvmmsg.*ECONNREFUSED/);
  assert.equal(file.calls, 65);
});
