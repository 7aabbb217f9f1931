/**
 * One million hostile datagrams into what a datagram meets first: header, control packet, IP check.
 * Repeat a run with the seed that it prints: BINDLINK_TEST_SEED=1234.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { ControlPacket } from "../../src/wire/control_packet.ts";
import { DatagramType, readDatagramHeader } from "../../src/wire/datagram_header.ts";
import { DROP_REASON_LABELS, DropReason } from "../../src/wire/drop_reason.ts";
import { checkIpPacket } from "../../src/wire/ip_packet.ts";
import { decodeLegacyControl } from "../../src/wire/legacy_control.ts";
import { Packet } from "../../src/wire/packet.ts";
import { GO_VECTORS, ORIGINAL_VECTORS } from "../support/control_vectors.ts";
import { control, entry, TYPES } from "../support/gob_control.ts";
import { Mutator } from "../support/mutate.ts";
import { testSeed } from "../support/rng.ts";

/** Datagrams as they come: mutated control and data packets, and random bytes. */
const COMMON_CASES = 990_000;

/** Datagrams of up to 64 KB, and control packets as large as are read: fewer, because copying takes a while. */
const HUGE_CASES = 10_000;

/**
 * A case that takes longer is run again, and the best of those runs must be below it: a single time
 * may hold a garbage collection or another process. The worst datagram known takes 0.05 ms.
 */
const MAX_CASE_MS = 20;

Deno.test("A million hostile datagrams: none throws, each result is success or a DropReason", () => {
  const seed = testSeed();
  const run = new FuzzRun(seed);
  const startedMs = performance.now();
  run.feed(commonCorpus(), COMMON_CASES, 4_096);
  run.feed(hugeCorpus(), HUGE_CASES, 65_507);
  const seconds = (performance.now() - startedMs) / 1_000;
  report(`wire fuzz: seed ${seed}, ${run.summary()}, ${seconds.toFixed(1)} s`);

  assert.equal(run.total(), 1_000_000);
  // The run is worth nothing when all cases die at the first check.
  for (const [outcome, share] of Object.entries(LEAST_SHARES)) {
    assert.ok(run.get(outcome) > share * COMMON_CASES, `seed ${seed}: too few of ${outcome}`);
  }
});

/** What at least this share of the common cases must come to. */
const LEAST_SHARES: Readonly<Record<string, number>> = {
  "control ok": 0.05,
  "data ok": 0.03,
  bad_control: 0.2,
  not_ip: 0.02,
  truncated: 0.01,
  bad_magic: 0.01,
  unknown_type: 0.01,
  bad_link_id: 0.001,
};

const HANDSHAKE_TYPES: readonly number[] = [
  DatagramType.INITIATION,
  DatagramType.RESPONSE,
  DatagramType.COOKIE,
];

/** Feeds cases and counts what came of them. */
class FuzzRun {
  readonly #seed: number;
  readonly #counts = new Map<string, number>();
  readonly #packet = new Packet();
  readonly #control: ControlPacket = { seqNo: 0, received: new Map() };

  constructor(seed: number) {
    this.#seed = seed;
  }

  feed(corpus: readonly Uint8Array[], cases: number, maxBytes: number): void {
    const mutator = new Mutator(this.#seed, corpus);
    const into = new Uint8Array(maxBytes);
    for (let i = 0; i < cases; i++) {
      const datagram = into.subarray(0, mutator.next(into));
      try {
        this.#feedOne(datagram);
      } catch (cause) {
        throw new Error(`Seed ${this.#seed}, case ${i}: ${hexOf(datagram)}`, { cause });
      }
    }
  }

  #feedOne(datagram: Uint8Array): void {
    const startedMs = performance.now();
    const outcome = this.#demultiplex(datagram);
    if (performance.now() - startedMs > MAX_CASE_MS) this.#assertFast(datagram);
    this.#counts.set(outcome, this.get(outcome) + 1);
  }

  /** As the daemon does it. @returns the label of what came of it. */
  #demultiplex(datagram: Uint8Array): string {
    const packet = this.#packet;
    packet.fill(datagram);
    const header = readDatagramHeader(packet);
    if (header < 0) return labelOf(header);
    const type = header >> 8;
    const isHandshake = HANDSHAKE_TYPES.includes(type);
    assert.equal(
      (header & 0xff) === 0,
      isHandshake,
      "handshakes, and nothing else, belong to no link",
    );
    // As LegacyTunnel takes them; sealed datagrams have a fuzz test of their own.
    if (isHandshake || type === DatagramType.TRANSPORT) return labelOf(DropReason.WRONG_PROTOCOL);
    const isControl = type === DatagramType.CONTROL;
    const result = isControl ? decodeLegacyControl(packet, this.#control) : checkIpPacket(packet);
    assert.equal(packet.length, datagram.length - 4, "the packet was changed");
    if (result < 0) return labelOf(result);
    assert.equal(result, 0);
    if (isControl) assertSane(this.#control);
    return isControl ? "control ok" : "data ok";
  }

  #assertFast(datagram: Uint8Array): void {
    let bestMs = Infinity;
    for (let i = 0; i < 5; i++) {
      const startedMs = performance.now();
      this.#demultiplex(datagram);
      bestMs = Math.min(bestMs, performance.now() - startedMs);
    }
    assert.ok(bestMs <= MAX_CASE_MS, `took ${bestMs} ms`);
  }

  get(outcome: string): number {
    return this.#counts.get(outcome) ?? 0;
  }

  total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  summary(): string {
    const counts = [...this.#counts].sort(([, a], [, b]) => b - a);
    return counts.map(([outcome, count]) => `${outcome} ${count}`).join(", ");
  }
}

function labelOf(reason: number): string {
  const label = DROP_REASON_LABELS[-reason];
  assert.ok(Number.isInteger(reason) && label !== undefined, `${reason} is no DropReason`);
  return label;
}

function assertSane({ seqNo, received }: ControlPacket): void {
  assert.ok(Number.isSafeInteger(seqNo), `seqNo ${seqNo}`);
  for (const [linkId, bytes] of received) {
    assert.ok(Number.isInteger(linkId) && linkId >= 1 && linkId <= 255, `link id ${linkId}`);
    assert.ok(Number.isSafeInteger(bytes) && bytes >= 0, `bytes ${bytes}`);
  }
}

/** Every stored control packet, and a few data packets, over and over so that both come up often. */
function commonCorpus(): readonly Uint8Array[] {
  const controls = [...ORIGINAL_VECTORS, ...GO_VECTORS].map(({ bytes }) =>
    datagramOf(DatagramType.CONTROL, bytes)
  );
  const ipv4 = ipPacket(84, Uint8Array.of(0x45, 0, 0, 84));
  const ipv4Options = ipPacket(60, Uint8Array.of(0x4a, 0, 0, 60));
  const ipv6 = ipPacket(104, Uint8Array.of(0x60, 0, 0, 0, 0, 64));
  const data = [ipv4, ipv4Options, ipv6].map((bytes) => datagramOf(DatagramType.DATA, bytes));
  return [...controls, ...Array.from({ length: 5 }, () => data).flat()];
}

function hugeCorpus(): readonly Uint8Array[] {
  const repeatedTypes = Array.from({ length: 1_000 }, () => TYPES).flat(2).slice(0, 65_000);
  return [manyEntries(500), manyEntries(10_000), repeatedTypes].map((bytes) =>
    datagramOf(DatagramType.CONTROL, Uint8Array.from(bytes))
  );
}

function manyEntries(count: number): readonly number[] {
  const entries = Array.from({ length: count }, (_, i) => [i % 300, entry(i % 100)] as const);
  return [...TYPES, control(1, entries)].flat();
}

function datagramOf(type: number, body: Uint8Array): Uint8Array {
  return Uint8Array.of(0x42, 0x4c, type, 1, ...body);
}

function ipPacket(lengthBytes: number, header: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  bytes.set(header);
  return bytes;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A test's figures belong on its output. */
function report(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
