/**
 * Which word was meant by a mistyped one. Pure.
 *
 * @module
 */

/** Longest beginning of a word that is compared, in characters. */
const MAX_COMPARED_CHARS = 64;

/** The candidate within a third of the word's length in edits, or of which the word is a beginning. */
export function mostSimilar(word: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let bestEdits = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const isBeginning = word.length >= 3 && candidate.startsWith(word);
    const edits = isBeginning ? 1 : editDistance(word.slice(0, MAX_COMPARED_CHARS), candidate);
    if (edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
