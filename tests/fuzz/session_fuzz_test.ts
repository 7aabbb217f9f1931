/**
 * One million hostile datagrams into what a transport packet meets: header, session, inner message.
 * Repeat a run with the seed that it prints: BINDLINK_TEST_SEED=1234.
 *
 * Most of them meet a cipher that lets seven of eight through as they are, since what is behind a real one
 * is reached by the other end only: which may be a foe, too. The rest meet a real one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type AeadProvider, CipherId } from "../../src/peer/aead.ts";
import type { Session } from "../../src/peer/session.ts";
import { stripDataHeader } from "../../src/wire/data_header.ts";
import { DatagramType, readDatagramHeader } from "../../src/wire/datagram_header.ts";
import { DROP_REASON_LABELS, DropCounters, DropReason } from "../../src/wire/drop_reason.ts";
import { FeedbackReader } from "../../src/wire/feedback_reader.ts";
import { GivenUp } from "../../src/wire/given_up.ts";
import { decodeNotice, InnerKind, readInnerKind } from "../../src/wire/inner_message.ts";
import { LinkNotice } from "../../src/wire/link_notice.ts";
import { checkIpPacket } from "../../src/wire/ip_packet.ts";
import { HEADROOM_BYTES, Packet } from "../../src/wire/packet.ts";
import { Ping } from "../../src/wire/ping.ts";
import { Mutator } from "../support/mutate.ts";
import { mulberry32, testSeed } from "../support/rng.ts";
import { RESPONDER_INDEX, sessionPair } from "../support/session_pair.ts";
import { bytesOf, craftTransportVectors, hexOf } from "../support/transport_vectors.ts";

/** With the cipher that costs nothing, and with a real one: 40 us each. */
const OPEN_CASES = 950_000;
const SEALED_CASES = 50_000;

/** Seven of eight tags are good, and nothing is encrypted. */
const LENIENT: AeadProvider = {
  label: "lenient",
  ciphers: [CipherId.CHACHA20_POLY1305],
  createSealer: () => ({ seal(): void {}, [Symbol.dispose](): void {} }),
  createOpener: () => ({
    open: (src, _srcStart, srcEnd) => (src[srcEnd - 1]! & 7) !== 7,
    [Symbol.dispose](): void {},
  }),
};

Deno.test("A million hostile transport packets: none throws, each is opened or counted by reason", () => {
  const seed = testSeed();
  const startedMs = performance.now();
  const open = new FuzzRun(seed, () => sessionPair({ provider: LENIENT }).responder);
  open.feed(openCorpus(), OPEN_CASES, { sessionCases: 32, freshNumberShare: 0.75 });
  const { datagrams, isSealed } = sealedCorpus();
  const sealed = new FuzzRun(seed, () => sessionPair().responder, isSealed);
  sealed.feed(datagrams, SEALED_CASES, { sessionCases: 64, freshNumberShare: 0 });
  const seconds = (performance.now() - startedMs) / 1_000;
  report(`session fuzz: seed ${seed}, lenient: ${open.summary()}`);
  report(`session fuzz: sealed: ${sealed.summary()}, ${seconds.toFixed(1)} s`);

  assert.equal(open.total() + sealed.total(), 1_000_000);
  // The run is worth nothing when all cases die at the first check.
  open.assertShares(seed, OPEN_CASES, {
    ...{ "data ok": 0.03, "feedback ok": 0.005, "notice ok": 0.02, unknown_kind: 0.02 },
    ...{ "ping ok": 0.01, "link ok": 0.01, "given up ok": 0.005 },
    ...{ bad_control: 0.03, not_ip: 0.02, truncated: 0.05, replayed: 0.04, not_authentic: 0.01 },
    ...{ bad_magic: 0.05, unknown_type: 0.02, bad_link_id: 0.04, wrong_protocol: 0.04 },
  });
  sealed.assertShares(seed, SEALED_CASES, {
    ...{ "data ok": 0.005, "feedback ok": 0.002, "notice ok": 0.005 },
    ...{ replayed: 0.02, not_authentic: 0.3 },
  });
});

/** Feeds cases and counts what came of them. */
class FuzzRun {
  readonly #seed: number;
  readonly #makeSession: () => Session;
  readonly #isGenuine: (datagram: Uint8Array) => boolean;
  readonly #opened = new Map<string, number>();
  readonly #drops = new DropCounters();
  readonly #packet = new Packet(8_192);
  readonly #feedback = new FeedbackReader();
  readonly #ping = new Ping();
  readonly #link = new LinkNotice();
  readonly #givenUp = new GivenUp();

  /** @param isGenuine whether a datagram may be opened. */
  constructor(
    seed: number,
    makeSession: () => Session,
    isGenuine: (datagram: Uint8Array) => boolean = () => true,
  ) {
    this.#seed = seed;
    this.#makeSession = makeSession;
    this.#isGenuine = isGenuine;
  }

  /**
   * @param options a new session after so many cases, since one huge number makes all others old; and how many cases get a
   * number of their own.
   */
  feed(
    corpus: readonly Uint8Array[],
    cases: number,
    options: { readonly sessionCases: number; readonly freshNumberShare: number },
  ): void {
    const mutator = new Mutator(this.#seed, corpus);
    const random = mulberry32(this.#seed);
    const into = new Uint8Array(4_096);
    let session = this.#makeSession();
    for (let i = 0; i < cases; i++) {
      if (i % options.sessionCases === 0) session = this.#makeSession();
      const datagram = into.subarray(0, mutator.next(into));
      if (random() < options.freshNumberShare && datagram.length >= 16) {
        datagram.fill(0, 8, 14);
        // Within one window of each other.
        datagram.set([random() * 16, random() * 256], 14);
      }
      try {
        this.#feedOne(session, datagram);
      } catch (cause) {
        throw new Error(`Seed ${this.#seed}, case ${i}: ${hexOf(datagram)}`, { cause });
      }
    }
  }

  #feedOne(session: Session, datagram: Uint8Array): void {
    const packet = this.#packet;
    packet.fill(datagram);
    const receivedPkts = session.receivedPkts;
    const outcome = this.#demultiplex(session, packet);
    if (session.receivedPkts !== receivedPkts) {
      assert(this.#isGenuine(datagram), "a forged packet was opened");
      assert(packet.start >= HEADROOM_BYTES + 16 && packet.start <= packet.end);
      assert(packet.end <= HEADROOM_BYTES + datagram.length - 16);
    }
    if (typeof outcome === "string") this.#opened.set(outcome, this.get(outcome) + 1);
    else this.#drops.count(outcome as DropReason);
  }

  /** As the daemon does it. @returns what it was, or a DropReason. */
  #demultiplex(session: Session, packet: Packet): string | number {
    const { start } = packet;
    const header = readDatagramHeader(packet);
    packet.start = start;
    if (header < 0) return header;
    if (header >> 8 !== DatagramType.TRANSPORT) return DropReason.WRONG_PROTOCOL;
    const result = session.open(packet, header & 0xff);
    if (result < 0) {
      assert.equal(packet.start, start, "bounds were moved");
      return result;
    }
    assert.equal(result, 0);
    return this.#read(packet);
  }

  #read(inner: Packet): string | number {
    switch (readInnerKind(inner)) {
      case InnerKind.DATA:
        return nameOf(stripDataHeader(inner) || checkIpPacket(inner), "data ok");
      case InnerKind.FEEDBACK: {
        const result = this.#feedback.begin(inner);
        if (result === 0) assertSane(this.#feedback);
        return nameOf(result, "feedback ok");
      }
      case InnerKind.PING:
        return nameOf(this.#ping.decode(inner), "ping ok");
      case InnerKind.LINK:
        return nameOf(this.#link.decode(inner), "link ok");
      case InnerKind.GIVEN_UP:
        return nameOf(this.#givenUp.decode(inner), "given up ok");
      case InnerKind.NOTICE: {
        const code = decodeNotice(inner);
        assert(code <= 255);
        return code < 0 ? code : "notice ok";
      }
      case -1:
        return "empty ok";
      default:
        return DropReason.UNKNOWN_KIND;
    }
  }

  get(outcome: string): number {
    return this.#opened.get(outcome) ?? 0;
  }

  total(): number {
    const opened = [...this.#opened.values()].reduce((sum, count) => sum + count, 0);
    return opened + this.#drops.total();
  }

  #counts(): Map<string, number> {
    return new Map([...this.#opened, ...this.#drops.entries()]);
  }

  summary(): string {
    const counts = [...this.#counts()].sort(([, a], [, b]) => b - a);
    return counts.map(([outcome, count]) => `${outcome} ${count}`).join(", ");
  }

  assertShares(seed: number, cases: number, leastShares: Readonly<Record<string, number>>): void {
    const counts = this.#counts();
    for (const [outcome, share] of Object.entries(leastShares)) {
      assert((counts.get(outcome) ?? 0) > share * cases, `seed ${seed}: too few of ${outcome}`);
    }
  }
}

/** @returns the outcome's name for 0, or the reason. */
function nameOf(result: number, name: string): string | number {
  assert(result === 0 || DROP_REASON_LABELS[-result] !== undefined, `${result} is no DropReason`);
  return result === 0 ? name : result;
}

function assertSane(reader: FeedbackReader): void {
  const seen = new Set<number>();
  while (reader.nextLink()) {
    const { linkId, rangeCount } = reader;
    assert(linkId >= 1 && linkId <= 255 && !seen.has(linkId), `link id ${linkId}`);
    seen.add(linkId);
    let ranges = 0;
    for (let above = Infinity; reader.nextRange(); above = reader.rangeFirst, ranges++) {
      assert(reader.rangeFirst >= 0 && reader.rangeFirst <= reader.rangeLast);
      assert(reader.rangeLast < above);
    }
    assert.equal(ranges, rangeCount);
  }
}

/** The stored packets' inner messages, not encrypted, with a tag of zeros; and the heads of other types. */
function openCorpus(): readonly Uint8Array[] {
  const transport = craftTransportVectors().vectors.map(({ inner, datagram }) =>
    Uint8Array.from([
      ...bytesOf(datagram).subarray(0, 16),
      ...bytesOf(inner),
      ...new Array(16).fill(0),
    ])
  );
  const others = Object.values(DatagramType).map((type) =>
    Uint8Array.of(0x42, 0x4c, type, 0, ...new Array(60).fill(type))
  );
  return [...transport, ...others];
}

/** What the initiator has sealed, and a test of whether a datagram is among it. */
function sealedCorpus(): {
  readonly datagrams: readonly Uint8Array[];
  readonly isSealed: (datagram: Uint8Array) => boolean;
} {
  const { initiator } = sessionPair();
  const inner = new Packet(4_000);
  const sealed = new Packet(4_000);
  const datagrams = craftTransportVectors().vectors.map((vector) => {
    inner.fill(bytesOf(vector.inner));
    assert.equal(initiator.seal(inner, vector.linkId, sealed), 0);
    assert.equal(sealed.view.getUint32(sealed.start + 4), RESPONDER_INDEX);
    return sealed.toBytes().slice();
  });
  const known = new Set(datagrams.map(hexOf));
  return { datagrams, isSealed: (datagram) => known.has(hexOf(datagram)) };
}

/** A test's figures belong on its output. */
function report(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
