/**
 * Writes gob integers, which is all that a control packet's value consists of.
 * Source: https://pkg.go.dev/encoding/gob, "Encoding Details".
 *
 * @module
 */

const TWO_POW_31 = 2 ** 31;
const TWO_POW_32 = 2 ** 32;

/** Longest encoding of an integer: the byte count and eight bytes. */
export const MAX_GOB_INTEGER_BYTES = 9;

/**
 * Writes an unsigned integer at `at`.
 * @param value 0..2^53 - 1
 * @returns the offset behind it.
 */
export function writeGobUint(bytes: Uint8Array, at: number, value: number): number {
  return writeHalves(bytes, at, Math.floor(value / TWO_POW_32), value >>> 0);
}

/**
 * Writes a signed integer at `at`: the value, or its complement when it is negative, from bit 1 up;
 * bit 0 says which.
 * @param value -(2^53 - 1)..2^53 - 1
 * @returns the offset behind it.
 */
export function writeGobInt(bytes: Uint8Array, at: number, value: number): number {
  const isNegative = value < 0;
  const half = isNegative ? -value - 1 : value;
  // In halves, because an odd number beyond 2^53 is none.
  const low = (half << 1 | (isNegative ? 1 : 0)) >>> 0;
  return writeHalves(bytes, at, Math.floor(half / TWO_POW_31), low);
}

/** "One byte below 128, else a negated byte count and the bytes, high byte first", the fewest possible. */
function writeHalves(bytes: Uint8Array, at: number, high: number, low: number): number {
  if (high === 0 && low < 0x80) {
    bytes[at] = low;
    return at + 1;
  }
  const countBytes = high === 0 ? significantBytes(low) : 4 + significantBytes(high);
  bytes[at] = 0x100 - countBytes;
  for (let i = countBytes - 1; i >= 0; i--) {
    bytes[at + countBytes - i] = i >= 4 ? high >>> 8 * (i - 4) : low >>> 8 * i;
  }
  return at + 1 + countBytes;
}

function significantBytes(word: number): number {
  return 4 - (Math.clz32(word) >> 3);
}
