/**
 * Answers to initiations, kept for a while: the same initiation comes over every link and several times over each, and only
 * the first copy shall cost anything. Pure.
 *
 * @module
 */

import { Allowance } from "./allowance.ts";
import type { HandshakeMemory } from "./handshake_memory.ts";
import type { Packet } from "../wire/packet.ts";

/** How long an answer is kept, in ms: a slave has given an initiation up after about 5 s. */
export const STORED_ANSWER_MS = 10_000;

/** Copies of one answer: five to each of many links are asked for; whoever replays more gets nothing. */
const COPIES = { capacity: 256, perSecond: 64 };

/** An answer. */
interface StoredAnswer {
  readonly datagram: Uint8Array<ArrayBuffer>;
  readonly madeMs: number;
  readonly copies: Allowance;
}

/** Names of a slave's answers. A refusal has its own place: a replay that is refused must not push out the answer to the true one. */
interface SlaveAnswers {
  welcomeName: string;
  refusalName: string;
}

/** At most two answers for each slave. */
export class StoredAnswers {
  /** By the name of the initiation, the oldest first. */
  readonly #answers = new Map<string, StoredAnswer>();
  readonly #slaves = new WeakMap<HandshakeMemory, SlaveAnswers>();

  /** Answers kept now. */
  get size(): number {
    return this.#answers.size;
  }

  /** Whether there is an answer to an initiation, if an old one. */
  has(initiationName: string): boolean {
    return this.#answers.has(initiationName);
  }

  /**
   * Puts the answer to an initiation into `out`.
   * @returns 1: done; 0: there is none; -1: it was given too often.
   */
  find(initiationName: string, out: Packet, now: number): 1 | 0 | -1 {
    const answer = this.#answers.get(initiationName);
    if (answer === undefined || now - answer.madeMs > STORED_ANSWER_MS) return 0;
    if (!answer.copies.take(now, 1)) return -1;
    out.fill(answer.datagram);
    return 1;
  }

  /** Keeps an answer in the place of the slave's last of its kind. @param datagram copied. */
  store(
    slave: HandshakeMemory,
    kind: "welcome" | "refusal",
    initiationName: string,
    datagram: Packet,
    now: number,
  ): void {
    this.#dropOld(now);
    let names = this.#slaves.get(slave);
    if (names === undefined) {
      names = { welcomeName: "", refusalName: "" };
      this.#slaves.set(slave, names);
    }
    const place = kind === "welcome" ? "welcomeName" : "refusalName";
    this.#answers.delete(names[place]);
    names[place] = initiationName;
    this.#answers.set(initiationName, {
      datagram: datagram.toBytes().slice(),
      madeMs: now,
      copies: new Allowance(COPIES),
    });
  }

  /** Drops a slave's answers. */
  forget(slave: HandshakeMemory): void {
    const names = this.#slaves.get(slave);
    if (names === undefined) return;
    this.#slaves.delete(slave);
    this.#answers.delete(names.welcomeName);
    this.#answers.delete(names.refusalName);
  }

  #dropOld(now: number): void {
    for (const [name, answer] of this.#answers) {
      if (now - answer.madeMs <= STORED_ANSWER_MS) return;
      this.#answers.delete(name);
    }
  }
}
