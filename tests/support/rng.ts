/**
 * Deterministic randomness for tests: a failing run is repeated by its seed.
 *
 * @module
 */

/** Environment variable that sets the seed of all seeded tests. */
export const SEED_VARIABLE = "BINDLINK_TEST_SEED";

/**
 * Makes a random number generator: mulberry32 (Tommy Ettinger, public domain), 32 bits of state,
 * period 2^32. Not for secrets.
 * @param seed only its low 32 bits count.
 * @returns a function that gives numbers in [0, 1), as Math.random does.
 */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/**
 * The seed of this run: {@link SEED_VARIABLE} when it is set, else a fresh one. The test prints it.
 * @throws RangeError when the variable is not an integer from 0 to 2^32 - 1.
 */
export function testSeed(): number {
  const text = Deno.env.get(SEED_VARIABLE);
  if (text === undefined || text === "") return Math.floor(Math.random() * 0x1_0000_0000);
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 0x1_0000_0000) {
    throw new RangeError(`Cannot use ${SEED_VARIABLE}="${text}": not an integer below 2^32`);
  }
  return seed;
}
