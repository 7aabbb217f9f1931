/**
 * What a master chooses from what both ends have: the version and the cipher. Pure.
 *
 * @module
 */

import type { CipherId } from "./aead.ts";
import { MIN_PROTOCOL_VERSION, PROTOCOL_VERSION } from "./handshake_payload.ts";

/** The newest version that both ends speak; null: there is none. */
export function chooseVersion(
  theirs: { readonly minVersion: number; readonly maxVersion: number },
): number | null {
  const version = Math.min(theirs.maxVersion, PROTOCOL_VERSION);
  return version >= Math.max(theirs.minVersion, MIN_PROTOCOL_VERSION) ? version : null;
}

/**
 * The cipher that suits both ends best: the smallest sum of its ranks in the two lists, and of equal ones the lower id, so
 * that it is the same whoever is asked.
 * @param ours,theirs the fastest first; ids of `theirs` may be unknown here.
 * @returns null: none in common.
 */
export function chooseCipher(
  ours: readonly CipherId[],
  theirs: readonly number[],
): CipherId | null {
  let best: CipherId | null = null;
  let bestRank = Infinity;
  ours.forEach((cipher, ourRank) => {
    const theirRank = theirs.indexOf(cipher);
    if (theirRank < 0) return;
    const rank = ourRank + theirRank;
    if (rank < bestRank || rank === bestRank && best !== null && cipher < best) {
      best = cipher;
      bestRank = rank;
    }
  });
  return best;
}
