/**
 * What an attacker makes of datagrams that it has seen. Pure.
 *
 * @module
 */

/** A copy for each byte, with that byte changed and nothing else. @param random uniform in [0, 1). */
export function changedAtEachByte(bytes: Uint8Array, random: () => number): Uint8Array[] {
  return Array.from(bytes, (_, at) => changedAt(bytes, at, random));
}

/** A copy with one byte changed, somewhere. @param random uniform in [0, 1). */
export function changedSomewhere(bytes: Uint8Array, random: () => number): Uint8Array {
  return changedAt(bytes, Math.floor(random() * bytes.length), random);
}

/** A copy for each length that is shorter, 0 included. */
export function cutAtEachLength(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, lengthBytes) => bytes.subarray(0, lengthBytes));
}

function changedAt(bytes: Uint8Array, at: number, random: () => number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 1 + Math.floor(random() * 255);
  return copy;
}
