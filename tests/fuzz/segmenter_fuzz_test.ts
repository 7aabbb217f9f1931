/**
 * Random superpackets, good ones and hostile ones, into Segmenter, completeChecksum and writePseudoChecksum: they do what
 * their slow twins do. Repeat a run with the seed that it prints: BINDLINK_TEST_SEED=1234. For the million, which takes
 * some minutes: BINDLINK_FUZZ_CASES=1000000.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, MAX_PACKET_BYTES, Packet } from "../../src/wire/packet.ts";
import { completeChecksum, writePseudoChecksum } from "../../src/wire/partial_checksum.ts";
import { Segmenter } from "../../src/wire/segmenter.ts";
import { GsoType, VnetHeader } from "../../src/wire/vnet_header.ts";
import { mulberry32, testSeed } from "../support/rng.ts";
import {
  slowChecksumAt,
  slowCompleted,
  slowPseudoSum,
  slowSegments,
} from "../support/slow_segmenter.ts";

/** Environment variable that sets how many superpackets there are. */
const CASES_VARIABLE = "BINDLINK_FUZZ_CASES";
const DEFAULT_CASES = 12_000;

/** Where a packet stands when it was read behind a vnet header. */
const READ_OFFSET = HEADROOM_BYTES + 10;

/** Longest packet that an IPv6 header can tell of. */
const MAX_IP_BYTES = 40 + 65_535;

/** One case in so many is of any size up to 64 KiB; it takes a thousand times as long. */
const HUGE_ONE_IN = 2_000;

/** One case in so many has all of its segments' checksums computed. */
const CHECKSUMS_ONE_IN = 8;

Deno.test("random superpackets become the segments that the slow twin makes, and none throws", () => {
  const seed = testSeed();
  const cases = Number(Deno.env.get(CASES_VARIABLE) || DEFAULT_CASES);
  assert.ok(Number.isInteger(cases) && cases >= 1_000, `${CASES_VARIABLE}: ${cases}`);
  const run = new FuzzRun(seed);
  const startedMs = performance.now();
  for (let i = 0; i < cases; i++) {
    try {
      run.feed();
    } catch (cause) {
      throw new Error(`seed ${seed}, case ${i}`, { cause });
    }
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const { counts } = run;
  report(`segmenter fuzz: seed ${seed}, ${JSON.stringify(counts)}, ${seconds.toFixed(1)} s`);
  assert.equal(counts.cut + counts.dropped, cases);
  // The run is worth nothing when all cases die at the first check.
  assert.ok(counts.cut > cases / 2 && counts.dropped > cases / 20, `seed ${seed}`);
  assert.ok(counts.segments > counts.cut * 2 && counts.checksums > cases / 8, `seed ${seed}`);
});

/** Makes cases, feeds them to fast and slow code, and counts what came of them. */
class FuzzRun {
  readonly counts = { cut: 0, dropped: 0, segments: 0, checksums: 0 };
  readonly #random: () => number;
  /** Payloads are windows of it. */
  readonly #noise = new Uint8Array(2 * MAX_IP_BYTES);
  readonly #packet = new Packet(MAX_IP_BYTES);
  readonly #out = new Packet();
  readonly #segmenter = new Segmenter();
  readonly #header = new VnetHeader();

  constructor(seed: number) {
    this.#random = mulberry32(seed);
    for (let i = 0; i < this.#noise.length; i++) this.#noise[i] = this.#below(256);
  }

  /** One case. Some are the one before with other payload, as the packets of one connection are. */
  feed(): void {
    const packet = this.#packet;
    if (this.#isOneIn(3) && packet.length > 100) packet.bytes[packet.end - 1]! ^= 1;
    else this.#make();
    const bytes = [...packet.toBytes()];
    const expected = slowSegments(bytes, this.#header.gsoType, this.#header.segmentBytes);
    const count = this.#segmenter.begin(packet, this.#header);
    if (count < 0) {
      this.counts.dropped++;
      assert.equal(count, expectedDrop(bytes, expected));
      assert.equal(this.#segmenter.next(this.#out), false);
      return;
    }
    this.counts.cut++;
    assert.equal(count, expected?.length);
    const areSummed = this.#isOneIn(CHECKSUMS_ONE_IN);
    for (const segment of expected!) {
      assert.ok(this.#segmenter.next(this.#out));
      assertSame(this.#out, segment);
      assert.equal(this.#out.isPartial, true);
      this.counts.segments++;
      if (areSummed) this.#sum(segment);
    }
    assert.equal(this.#segmenter.next(this.#out), false);
  }

  /** The segment's checksum, both ways. */
  #sum(segment: number[]): void {
    const out = this.#out;
    const at = slowChecksumAt(segment);
    assert.equal(writePseudoChecksum(out, this.#header), 0);
    assert.equal(this.#header.checksumStart + this.#header.checksumOffset, at);
    assert.equal(out.view.getUint16(out.start + at), slowPseudoSum(segment));
    assert.equal(completeChecksum(out), 0);
    assertSame(out, slowCompleted(segment));
    this.counts.checksums++;
  }

  #make(): void {
    const isIpv4 = this.#isOneIn(2);
    const isTcp = !this.#isOneIn(3);
    const tcpType = isIpv4 ? GsoType.TCPV4 : GsoType.TCPV6;
    const data = this.#isOneIn(HUGE_ONE_IN) ? this.#below(65_000) : this.#below(300);
    this.#header.gsoType = isTcp ? tcpType : GsoType.UDP_L4;
    if (this.#isOneIn(4)) this.#header.gsoType |= GsoType.ECN;
    this.#header.headerBytes = this.#below(200);
    this.#header.segmentBytes = 1 + this.#below(this.#isOneIn(8) ? 2_000 : 200);
    if (data > 300) this.#header.segmentBytes += 100;
    const transport = isTcp ? this.#tcpHeader() : [...this.#bytes(8)];
    const bodyBytes = transport.length + data;
    const protocol = isTcp ? 6 : 17;
    const ip = isIpv4
      ? this.#ipv4Header(protocol, bodyBytes)
      : this.#ipv6Header(protocol, bodyBytes);
    this.#put([...ip, ...transport], data);
    if (this.#isOneIn(4)) this.#spoil(ip.length + transport.length);
  }

  #put(headers: readonly number[], data: number): void {
    const packet = this.#packet;
    packet.start = READ_OFFSET - this.#below(3) * 5;
    packet.end = Math.min(packet.start + headers.length + data, packet.bytes.length);
    packet.bytes.set(headers, packet.start);
    const payloadAt = packet.start + headers.length;
    packet.bytes.set(this.#bytes(Math.max(0, packet.end - payloadAt)), payloadAt);
  }

  /** Lies, cuts and adds. */
  #spoil(headerBytes: number): void {
    const packet = this.#packet;
    const { bytes, start } = packet;
    switch (this.#below(8)) {
      case 0: // random bytes, but for the version
        packet.end = start + this.#below(150);
        bytes.set(this.#bytes(packet.length), start);
        bytes[start] = (this.#isOneIn(2) ? 0x40 : 0x60) | (bytes[start]! & 0x0f);
        return;
      case 1:
        packet.end = start + this.#below(packet.length);
        return;
      case 2:
        packet.end = Math.min(packet.end + this.#below(50), bytes.length);
        return;
      case 3:
        this.#header.gsoType = this.#below(256);
        return;
      case 4:
        this.#header.segmentBytes = this.#isOneIn(2) ? 0 : 0xffff - this.#below(300);
        return;
      default:
        for (let n = 1 + this.#below(3); n > 0; n--) {
          bytes[start + this.#below(headerBytes)] = this.#isOneIn(2) ? this.#below(256) : 0xff;
        }
    }
  }

  #tcpHeader(): number[] {
    const header = [...this.#bytes(20 + 4 * this.#below(11))];
    header[12] = header.length / 4 << 4 | this.#below(16);
    // A sequence number that goes round soon, for every other one.
    if (this.#isOneIn(2)) header.fill(0xff, 4, 7);
    return header;
  }

  #ipv4Header(protocol: number, bodyBytes: number): number[] {
    const header = [...this.#bytes(20 + (this.#isOneIn(4) ? 4 * this.#below(11) : 0))];
    const totalBytes = header.length + bodyBytes;
    header[0] = 0x40 | header.length / 4;
    header.splice(2, 2, totalBytes >> 8, totalBytes & 0xff);
    if (this.#isOneIn(2)) header.fill(0xff, 4, 6);
    header.splice(6, 2, this.#isOneIn(2) ? 0x40 : 0, 0);
    header[9] = protocol;
    return header;
  }

  #ipv6Header(protocol: number, bodyBytes: number): number[] {
    const kinds = this.#isOneIn(3) ? [0, 43, 44, 51, 60].filter(() => this.#isOneIn(2)) : [];
    const extensions = kinds.flatMap((kind, i) => this.#extension(kind, kinds[i + 1] ?? protocol));
    const header = [...this.#bytes(40)];
    const payloadBytes = extensions.length + bodyBytes;
    header[0] = 0x60 | header[0]! & 0x0f;
    header.splice(4, 3, payloadBytes >> 8, payloadBytes & 0xff, kinds[0] ?? protocol);
    return [...header, ...extensions];
  }

  #extension(kind: number, next: number): number[] {
    if (kind === 44) return [next, 0, 0, 0, ...this.#bytes(4)];
    const units = kind === 51 ? 4 : this.#below(3);
    const bytes = kind === 51 ? (units + 2) * 4 : (units + 1) * 8;
    return [next, units, ...this.#bytes(bytes - 2)];
  }

  /** A window of noise. */
  #bytes(count: number): Uint8Array {
    const at = this.#below(this.#noise.length - count);
    return this.#noise.subarray(at, at + count);
  }

  #isOneIn(count: number): boolean {
    return this.#below(count) === 0;
  }

  /** An integer in 0..limit-1. */
  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** Why Segmenter drops what the twin does not cut, or cuts into what no slot holds. */
function expectedDrop(bytes: readonly number[], expected: readonly number[][] | null): number {
  if (bytes.length === 0) return DropReason.EMPTY;
  if (expected === null) return DropReason.NOT_IP;
  assert.ok(expected[0]!.length > MAX_PACKET_BYTES, "dropped, but the twin cuts it");
  return DropReason.TOO_LARGE;
}

/** A loop: deepEqual takes longer than all the rest. */
function assertSame(packet: Packet, expected: readonly number[]): void {
  const { bytes, start } = packet;
  let isSame = packet.length === expected.length && start === HEADROOM_BYTES;
  for (let i = 0; isSame && i < expected.length; i++) isSame = bytes[start + i] === expected[i];
  if (isSame) return;
  assert.deepEqual([...packet.toBytes()], expected);
  assert.fail(`starts at ${start}`);
}

function report(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
