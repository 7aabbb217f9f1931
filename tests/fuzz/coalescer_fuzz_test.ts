/**
 * Hostile packets into the coalescer: none throws or gets lost, and what the kernel makes of the writes is what went in.
 * Repeat a run with the seed that it prints: BINDLINK_TEST_SEED=1234. For the million: BINDLINK_FUZZ_CASES=1000000.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Coalescer } from "../../src/wire/coalescer.ts";
import { DROP_REASON_LABELS, DropReason } from "../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../src/wire/packet.ts";
import { Segmenter } from "../../src/wire/segmenter.ts";
import { GsoType, VNET_HEADER_BYTES, VnetHeader } from "../../src/wire/vnet_header.ts";
import { CoalescerRig } from "../support/coalescer_rig.ts";
import { craftIpBytes } from "../support/craft_ip.ts";
import { toHex } from "../support/hex.ts";
import { Mutator } from "../support/mutate.ts";
import { mulberry32, testSeed } from "../support/rng.ts";
import { craftTcpSegment } from "../support/tcp_segment.ts";
import { craftUdpDatagram } from "../support/udp_datagram.ts";

/** Environment variable that sets how many packets there are. */
const CASES_VARIABLE = "BINDLINK_FUZZ_CASES";
const DEFAULT_CASES = 100_000;

/** This share of the packets is compared bit for bit, of the others only the number: comparing takes thirty times as long. */
const COMPARED_SHARE = 0.03;

/** Packets between two flushes, on the average; and of one comparison. */
const FLUSH_CASES = 32;

/** Mutated packets; between them come the corpus' trains in order, or nothing would be joined. */
const MUTATED_SHARE = 0.4;

const MAX_BYTES = 2_048;

Deno.test("Hostile packets into the coalescer: each is written, refused or counted as lost", () => {
  const seed = testSeed();
  const countedCases = Math.round(allCases() * (1 - COMPARED_SHARE));
  const cases = new Cases(seed);
  const random = mulberry32(seed ^ 1);
  const segmenter = new Segmenter();
  const header = new VnetHeader();
  const superpacket = new Packet(65_535);
  let writtenPkts = 0;
  let isFailing = false;
  const coalescer = new Coalescer((run) => {
    if (isFailing) return DropReason.TUN_WRITE_ERROR;
    header.read(run.view, run.start);
    if (header.gsoType === GsoType.NONE) writtenPkts++;
    else {
      superpacket.fill(run.bytes.subarray(run.start + VNET_HEADER_BYTES, run.end));
      writtenPkts += segmenter.begin(superpacket, header);
    }
    return 0;
  }, true);
  const packet = new Packet(MAX_BYTES);
  let takenPkts = 0;
  for (let i = 0; i < countedCases; i++) {
    const bytes = cases.next();
    packet.fill(bytes);
    packet.isPartial = random() < 0.9;
    if (random() < 1 / FLUSH_CASES) coalescer.flush();
    isFailing = random() < 0.01;
    const result = coalescer.add(packet);
    const isSane = result <= 0 && DROP_REASON_LABELS[-result] !== undefined &&
      packet.start === HEADROOM_BYTES && packet.length === bytes.length;
    if (result === 0) takenPkts++;
    const { waitingPkts, lostPkts } = coalescer;
    if (!isSane || takenPkts !== writtenPkts + waitingPkts + lostPkts) {
      assert.fail(`seed ${seed}, case ${i}: ${result}, ${takenPkts} taken: ${toHex(bytes)}`);
    }
  }
  const { writtenRuns, joinedPkts } = coalescer;
  report(
    `coalescer fuzz: seed ${seed}, ${takenPkts} taken, ${joinedPkts} of them in ${writtenRuns} runs`,
  );
  // The run is worth nothing when nothing is joined, or nothing gets through.
  assert.ok(joinedPkts > 1.5 * writtenRuns && writtenRuns > countedCases / 50, `seed ${seed}`);
  assert.ok(takenPkts > countedCases / 2, `seed ${seed}`);
});

Deno.test("Hostile packets into the coalescer: flows come out as they went in", () => {
  const seed = testSeed();
  const cases = new Cases(seed);
  const random = mulberry32(seed ^ 2);
  const comparedCases = allCases() * COMPARED_SHARE;
  for (let i = 0; i < comparedCases; i += FLUSH_CASES) {
    const rig = new CoalescerRig({ joinsUdp: true });
    for (let n = 0; n < FLUSH_CASES; n++) {
      const bytes = cases.next();
      if (random() < 0.9) rig.add(bytes);
      else rig.addWhole(bytes);
    }
    rig.assertCarriesAll(`seed ${seed}, case ${i}`);
  }
});

function allCases(): number {
  const cases = Number(Deno.env.get(CASES_VARIABLE) || DEFAULT_CASES);
  assert.ok(Number.isInteger(cases) && cases >= 1_000, `${CASES_VARIABLE}: ${cases}`);
  return cases;
}

/** Trains of segments, and mutated packets between them. */
class Cases {
  readonly #corpus = corpus();
  readonly #mutator: Mutator;
  readonly #random: () => number;
  readonly #into = new Uint8Array(MAX_BYTES);
  #at = 0;

  constructor(seed: number) {
    this.#mutator = new Mutator(seed, this.#corpus);
    this.#random = mulberry32(seed);
  }

  /** The next packet; good until the next call. */
  next(): Uint8Array {
    if (this.#random() < MUTATED_SHARE) {
      return this.#into.subarray(0, this.#mutator.next(this.#into));
    }
    this.#at = (this.#at + 1) % this.#corpus.length;
    return this.#corpus[this.#at]!;
  }
}

function corpus(): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (const version of [4, 6] as const) {
    for (const fragment of [0, 0x4000]) {
      for (let i = 0; i < 12; i++) {
        const data = new Uint8Array(i === 11 ? 30 : 60).fill(i);
        const ports = [i % 2, 80] as const;
        const sequence = 0xffff_ff80 + (i >> 1) * 60;
        packets.push(craftTcpSegment({ version, fragment, id: i >> 1, ports, sequence, data }));
      }
      packets.push(craftTcpSegment({ version, ports: [0, 80], options: [1, 1, 1, 0], data: [1] }));
      packets.push(craftTcpSegment({ version, ports: [1, 80] }));
    }
    for (let i = 0; i < 12; i++) {
      const data = new Uint8Array(i === 11 ? 30 : 60).fill(i);
      packets.push(craftUdpDatagram({ version, ports: [i % 2, 80], id: i >> 1, data }));
    }
    packets.push(craftIpBytes({ version, protocol: 17, payload: [0, 1, 0, 2, 0, 9, 0, 0, 7] }));
  }
  const extensions = [6, 0, 1, 4, 0, 0, 0, 0];
  const payload = craftTcpSegment({ data: [1, 2, 3] }).subarray(20);
  packets.push(craftIpBytes({ version: 6, protocol: 6, firstExtension: 60, extensions, payload }));
  const fragment = [6, 0, 0, 8, 0, 0, 0, 1];
  packets.push(craftIpBytes({ version: 6, firstExtension: 44, extensions: fragment, payload }));
  packets.push(craftIpBytes({ protocol: 6, fragment: 1, payload }));
  return packets;
}

function report(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
