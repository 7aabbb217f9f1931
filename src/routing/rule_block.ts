/**
 * The numbers that one daemon's routing rules have: a block of 300 priorities, and the routing table of the block's first number.
 * Whatever stands in a block is that daemon's, so what it has set is found again, and taken away, by the numbers alone. Pure.
 *
 * ```
 *   base            links' own traffic: goto the block's end, so it goes on as if this block were not there
 *   base+1 ...      for each network that goes through the tunnel, the longest prefix first, two rules:
 *                   main table, routes of that length or more  (the machine's own networks stay as they are)
 *                   the block's table                          (the tunnel)
 *   base+299        the end: does nothing
 * ```
 *
 * @module
 */

/** Priorities in a block. */
export const BLOCK_SIZE = 300;

/**
 * Where blocks begin, the preferred one first. Before the main table's 32766 and what `wg-quick` and others add just before that;
 * after those of Tailscale (5210..5270), so that what it keeps for itself stays its own.
 */
export const BLOCK_BASES: readonly number[] = Array.from(
  { length: 10 },
  (_, i) => 17_000 + BLOCK_SIZE * i,
);

/** Priority of the rules for links' own traffic. */
export function wayPriority(base: number): number {
  return base;
}

/** Priority of a network's first rule, by which the machine's own routes come first; the tunnel's is the next number. */
export function networkPriority(base: number, prefixBits: number): number {
  return base + 1 + 2 * (LONGEST_PREFIX_BITS - prefixBits);
}

/** Priority of the rule that ends a block. */
export function endPriority(base: number): number {
  return base + BLOCK_SIZE - 1;
}

/** Whether a rule of that priority is of the block. */
export function isInBlock(base: number, priority: number): boolean {
  return priority >= base && priority < base + BLOCK_SIZE;
}

/** The first block of which nothing is taken; null: all are. @param tables numbers of routing tables that have routes */
export function findFreeBlock(
  priorities: readonly number[],
  tables: ReadonlySet<number>,
): number | null {
  return BLOCK_BASES.find((base) =>
    !tables.has(base) && !priorities.some((priority) => isInBlock(base, priority))
  ) ?? null;
}

/** Priorities in what `ip -j rule show` prints, which is JSON or, of an old kernel without rules, nothing. */
export function readPriorities(text: string): readonly number[] {
  if (text.trim() === "") return [];
  const rules: unknown = JSON.parse(text);
  if (!Array.isArray(rules)) return [];
  return rules.map(({ priority }) => Number(priority)).filter(Number.isInteger);
}

const LONGEST_PREFIX_BITS = 128;
