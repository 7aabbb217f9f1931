/**
 * Which cipher is the fastest here: measured, not guessed from the processor's name. AES-GCM is, by a third, where
 * the processor has instructions for AES and for carry-less multiplication; where it has none (many ARM boards),
 * ChaCha20-Poly1305 is several times faster.
 *
 * @module
 */

import { AEAD_HEADER_BYTES, AEAD_KEY_BYTES, type CipherId, type Sealer } from "../peer/aead.ts";

/**
 * The ciphers, the fastest first; of two alike, as given.
 *
 * They take turns, so that a pause of the machine or the compiler's progress meets all of them, and each one's best
 * round counts, which a pause did not meet.
 * @param clockMs monotonic ms, with fractions.
 */
export function rankCiphers(
  ciphers: readonly CipherId[],
  createSealer: (cipher: CipherId, key: Uint8Array) => Sealer,
  clockMs: () => number,
): readonly CipherId[] {
  using stack = new DisposableStack();
  const runners = ciphers.map((cipher) => ({
    cipher,
    sealer: stack.use(createSealer(cipher, new Uint8Array(AEAD_KEY_BYTES))),
    bestMs: Infinity,
  }));
  const slot = new Uint8Array(new ArrayBuffer(AEAD_HEADER_BYTES + PACKET_BYTES + TAIL_BYTES));
  const startMs = clockMs();
  for (let round = 0; round < MIN_ROUNDS || clockMs() - startMs < BUDGET_MS; round++) {
    for (const runner of runners) {
      const beginMs = clockMs();
      for (let seqNo = 0; seqNo < ROUND_PKTS; seqNo++) {
        const end = AEAD_HEADER_BYTES + PACKET_BYTES;
        runner.sealer.seal(slot, AEAD_HEADER_BYTES, end, slot, AEAD_HEADER_BYTES, 1, seqNo);
      }
      runner.bestMs = Math.min(runner.bestMs, clockMs() - beginMs);
    }
  }
  return runners.toSorted((a, b) => a.bestMs - b.bestMs).map(({ cipher }) => cipher);
}

/**
 * Larger than packets are, so that the calls around the cipher, which take long until they are compiled and are the same
 * for each, do not drown the difference. Nonces repeat, under a key that seals nothing else.
 */
const PACKET_BYTES = 8_192;

const TAIL_BYTES = 32;

/** So few that a round fits between two interrupts. */
const ROUND_PKTS = 2;

/** Also when they take longer than the budget, as on a processor without instructions for AES. */
const MIN_ROUNDS = 10;

/** Part of each start. */
const BUDGET_MS = 2;
