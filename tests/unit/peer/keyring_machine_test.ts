/**
 * The keyring under random histories, against a list that says which session is in which place.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Keyring } from "../../../src/peer/keyring.ts";
import type { Session } from "../../../src/peer/session.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { testSession } from "../../support/session_pair.ts";

const LIMITS = { rekeyAfterMs: 120, rejectAfterMs: 180, rekeyAfterPkts: 10, rejectAfterPkts: 20 };

/** `pick` chooses among all sessions that ever were, the newest at 0. */
type Step =
  | { readonly do: "initiate" | "respond" | "timeout" | "wait for timeout" | "drop old" | "clear" }
  | { readonly do: "confirm"; readonly pick: number }
  | { readonly do: "use"; readonly sentPkts: number; readonly receivedPkts: number }
  | { readonly do: "wait"; readonly ms: number };

const pkts = fc.nat({ max: 12 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("initiate", "respond", "timeout") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait for timeout") }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("confirm"), pick: fc.nat({ max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("use"), sentPkts: pkts, receivedPkts: pkts }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.nat({ max: 100 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("drop old", "clear") }) },
);

interface Placed {
  readonly session: Session;
  place: "current" | "previous" | "next";
}

/** A keyring, and the list. */
class Machine {
  #now = 1_000;
  readonly #all: Session[] = [];
  readonly #added = new Set<Session>();
  readonly #dropped = new Set<Session>();
  #placed: Placed[] = [];
  readonly #keyring = new Keyring(LIMITS, {
    onAdded: (session): void => {
      assert(!this.#added.has(session), "added twice");
      this.#added.add(session);
    },
    onDropped: (session): void => {
      assert(this.#added.has(session) && !this.#dropped.has(session), "dropped twice");
      assert.equal(session.seal(new Packet(64), 1, new Packet(64)), DropReason.NO_SESSION);
      this.#dropped.add(session);
    },
  });

  run(step: Step): void {
    switch (step.do) {
      case "initiate":
        this.#keyring.addInitiated(this.#promote(this.#make(true)));
        break;
      case "respond":
        this.#remove("next");
        this.#placed.push({ session: this.#make(false), place: "next" });
        this.#keyring.addResponded(this.#at("next")!);
        break;
      case "confirm":
        this.#confirm(step.pick);
        break;
      case "use":
        if (this.#keyring.current === null) break;
        this.#keyring.current.sentPkts += step.sentPkts;
        this.#keyring.current.receivedPkts += step.receivedPkts;
        break;
      case "wait":
        this.#now += step.ms;
        break;
      case "wait for timeout":
        this.#waitForTimeout();
        break;
      case "timeout":
        this.#handleTimeout();
        break;
      case "drop old":
        this.#remove("previous", "next");
        this.#keyring.dropOld();
        break;
      case "clear":
        this.#remove("previous", "next", "current");
        this.#keyring.clear();
        break;
    }
    this.#check();
  }

  #make(isInitiator: boolean): Session {
    const localIndex = this.#all.length;
    const session = testSession({ localIndex, isInitiator, createdMs: this.#now });
    this.#all.push(session);
    return session;
  }

  #confirm(pick: number): void {
    const session = this.#all.at(-1 - pick);
    if (session === undefined) return;
    const isWaiting = session === this.#at("next");
    if (isWaiting) {
      this.#placed = this.#placed.filter(({ place }) => place !== "next");
      this.#promote(session);
    }
    assert.equal(this.#keyring.confirm(session), isWaiting);
  }

  #promote(session: Session): Session {
    this.#remove("previous");
    for (const placed of this.#placed) if (placed.place === "current") placed.place = "previous";
    this.#placed.push({ session, place: "current" });
    return session;
  }

  /** A timer set to nextTimeout ends: it never fires twice at the same time. */
  #waitForTimeout(): void {
    const dueMs = this.#keyring.nextTimeout();
    if (dueMs === Infinity) return;
    this.#now = Math.max(this.#now, dueMs);
    this.#handleTimeout();
    assert(this.#keyring.nextTimeout() > this.#now, "a timer would spin");
  }

  #handleTimeout(): void {
    this.#placed = this.#placed.filter(({ session }) => !this.#isOld(session));
    this.#keyring.handleTimeout(this.#now);
  }

  #remove(...places: Placed["place"][]): void {
    this.#placed = this.#placed.filter(({ place }) => !places.includes(place));
  }

  #at(wanted: Placed["place"]): Session | undefined {
    return this.#placed.find(({ place }) => place === wanted)?.session;
  }

  #isOld(session: Session): boolean {
    return this.#now - session.createdMs >= LIMITS.rejectAfterMs;
  }

  #check(): void {
    const keyring = this.#keyring;
    const held = this.#placed.map(({ session }) => session);
    assert.deepEqual(this.#all.filter((it) => !this.#dropped.has(it)).length, held.length);
    assert(held.length <= 3);
    assert.equal(this.#added.size, this.#all.length);
    const current = this.#at("current") ?? null;
    assert.equal(keyring.current, current);
    const isUsable = current !== null && !this.#isOld(current) &&
      current.sentPkts < LIMITS.rejectAfterPkts;
    assert.equal(keyring.sending(this.#now), isUsable ? current : null);
    for (const session of this.#all) {
      const isFound = held.includes(session) && !this.#isOld(session);
      assert.equal(keyring.find(session.localIndex, this.#now), isFound ? session : null);
    }
    assert.equal(keyring.needsRekey(this.#now), current !== null && this.#isWorn(current));
  }

  #isWorn({ isInitiator, createdMs, sentPkts, receivedPkts }: Session): boolean {
    return isInitiator && (this.#now - createdMs >= LIMITS.rekeyAfterMs ||
      Math.max(sentPkts, receivedPkts) >= LIMITS.rekeyAfterPkts);
  }
}

Deno.test("Keyring agrees with a list of places, in any history; each session is dropped and wiped once", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 120, size: "max" }), (history) => {
      const machine = new Machine();
      for (const step of history) machine.run(step);
      machine.run({ do: "clear" });
    }),
    { numRuns: 200 },
  );
});
