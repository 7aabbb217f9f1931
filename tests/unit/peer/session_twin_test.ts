/**
 * The session against its readable twin: both ends of both are driven with the same random history of
 * sealing, losing, reordering, duplicating, mutating and reflecting over several links.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Session } from "../../../src/peer/session.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { type Opened, ReadableSession } from "../../support/readable_session.ts";
import {
  INITIATOR_INDEX,
  PAIR_KEYS,
  RESPONDER_INDEX,
  sessionPair,
} from "../../support/session_pair.ts";

const LINK_IDS = [1, 2, 255] as const;

/** One step of a history. `pick` chooses among the datagrams that were sealed, the newest at 0. */
type Step =
  | { readonly do: "seal"; readonly linkId: number; readonly inner: Uint8Array }
  | { readonly do: "skip"; readonly linkId: number; readonly numbers: number }
  | { readonly do: "deliver" | "reflect"; readonly pick: number }
  | { readonly do: "mutate"; readonly pick: number; readonly at: number; readonly xor: number }
  | { readonly do: "cut"; readonly pick: number; readonly at: number }
  | { readonly do: "misdeliver"; readonly pick: number; readonly linkId: number };

const linkIds = fc.constantFrom(...LINK_IDS);
const pick = fc.oneof(fc.nat({ max: 3 }), fc.nat());
const numbers = fc.oneof(
  fc.nat({ max: 100 }),
  fc.constantFrom(4_095, 4_096, 8_192, 2 ** 32, 2 ** 45),
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("seal"),
      linkId: linkIds,
      inner: fc.uint8Array({ maxLength: 48 }),
    }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constant("deliver"), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("skip"), linkId: linkIds, numbers }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reflect"), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("mutate"),
      pick,
      at: fc.nat(),
      xor: fc.integer({ min: 1, max: 255 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut"), pick, at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("misdeliver"), pick, linkId: linkIds }) },
);

/** A fast pair and a slow one, and what came of them so far. */
class Twins {
  readonly #fast = sessionPair();
  readonly #slowInitiator = new ReadableSession(
    { send: PAIR_KEYS.toResponder, receive: PAIR_KEYS.toInitiator },
    RESPONDER_INDEX,
  );
  readonly #slowResponder = new ReadableSession(
    { send: PAIR_KEYS.toInitiator, receive: PAIR_KEYS.toResponder },
    INITIATOR_INDEX,
  );
  readonly #sealed: (readonly number[])[] = [];
  readonly outcomes = new Map<number, number>();
  #receivedPkts = 0;

  run(step: Step): void {
    if (step.do === "seal") return this.#seal(step.linkId, step.inner);
    if (step.do === "skip") return this.#skip(step.linkId, step.numbers);
    if (this.#sealed.length === 0) return;
    const datagram = this.#sealed.at(-1 - step.pick % this.#sealed.length)!;
    const linkId = datagram[3]!;
    switch (step.do) {
      case "deliver":
        return this.#deliver(datagram, linkId);
      case "reflect":
        return this.#reflect(datagram, linkId);
      case "misdeliver":
        return this.#deliver(datagram, step.linkId);
      case "cut":
        return this.#deliver(datagram.slice(0, step.at % datagram.length), linkId);
      case "mutate": {
        const at = step.at % datagram.length;
        return this.#deliver(datagram.with(at, datagram[at]! ^ step.xor), linkId);
      }
    }
  }

  #seal(linkId: number, inner: Uint8Array): void {
    const plain = new Packet(100);
    plain.fill(inner);
    const sealed = new Packet(100);
    assert.equal(this.#fast.initiator.seal(plain, linkId, sealed), 0);
    const wanted = this.#slowInitiator.seal([...inner], linkId);
    assert.deepEqual([...sealed.toBytes()], wanted);
    assert.deepEqual([...plain.toBytes()], [...inner], "the inner message was changed");
    this.#sealed.push(wanted);
    assert.equal(this.#fast.initiator.sentPkts, this.#sealed.length);
  }

  /** As if so many packets had been sealed on the link: numbers get large. */
  #skip(linkId: number, count: number): void {
    this.#fast.initiatorCounters.next[linkId]! += count;
    const { next } = this.#slowInitiator;
    next.set(linkId, (next.get(linkId) ?? 0n) + BigInt(count));
  }

  #deliver(datagram: readonly number[], linkId: number): void {
    const { responder } = this.#fast;
    const wanted = this.#slowResponder.open(datagram, linkId);
    const result = openBoth(responder, datagram, linkId, wanted);
    if (result === 0) this.#receivedPkts++;
    assert.equal(responder.receivedPkts, this.#receivedPkts);
    this.outcomes.set(result, (this.outcomes.get(result) ?? 0) + 1);
  }

  #reflect(datagram: readonly number[], linkId: number): void {
    const wanted = this.#slowInitiator.open(datagram, linkId);
    assert(
      openBoth(this.#fast.initiator, datagram, linkId, wanted) < 0,
      "a reflected packet got in",
    );
  }
}

/** Opens with the fast one and compares. */
function openBoth(
  session: Session,
  datagram: readonly number[],
  linkId: number,
  wanted: Opened,
): number {
  const packet = new Packet(100);
  packet.fill(Uint8Array.from(datagram));
  const { start, end } = packet;
  const result = session.open(packet, linkId);
  assert.equal(result, wanted.result);
  if ("inner" in wanted) {
    assert.deepEqual([...packet.toBytes()], wanted.inner);
    assert.equal(session.isNewest, wanted.isNewest);
  } else {
    assert.deepEqual([packet.start, packet.end], [start, end], "bounds were moved");
  }
  return result;
}

Deno.test("Session does what its readable twin does, whatever the network does", () => {
  const outcomes = new Map<number, number>();
  fc.assert(
    fc.property(fc.array(steps, { minLength: 20, maxLength: 120, size: "max" }), (history) => {
      const twins = new Twins();
      for (const step of history) twins.run(step);
      for (const [outcome, count] of twins.outcomes) {
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
      }
    }),
    { numRuns: 60 },
  );
  // Opened, TRUNCATED, NOT_AUTHENTIC, REPLAYED: the histories reached all of them, often.
  for (const outcome of [0, -1, -25, -26]) {
    assert((outcomes.get(outcome) ?? 0) >= 20, `${outcome}: ${outcomes.get(outcome)}`);
  }
});
