/**
 * Quantiles of a Prometheus histogram between two looks at it. Pure.
 *
 * @module
 */

/** Cumulative counts by upper bound, rising; the last bound is Infinity. */
export type Buckets = ReadonlyMap<number, number>;

/** What came between the two looks. */
export function bucketsBetween(before: Buckets, after: Buckets): Buckets {
  return new Map([...after].map(([le, count]) => [le, count - (before.get(le) ?? 0)]));
}

/** How many there are. */
export function countOf(buckets: Buckets): number {
  return buckets.get(Infinity) ?? 0;
}

/**
 * The value below which that fraction lies, as Prometheus' histogram_quantile has it: straight lines within a bucket. NaN of nothing;
 * the last finite bound of what lies beyond.
 */
export function quantile(buckets: Buckets, fraction: number): number {
  const rank = fraction * countOf(buckets);
  let [lowBound, lowCount] = [0, 0];
  for (const [le, count] of buckets) {
    if (count >= rank && count > lowCount) {
      if (le === Infinity) return lowBound;
      return lowBound + (le - lowBound) * (rank - lowCount) / (count - lowCount);
    }
    [lowBound, lowCount] = [le, count];
  }
  return NaN;
}
