/**
 * Counts this process's file descriptors, for tests of leaks.
 *
 * @module
 */

/** How many are open now, the one that reads the list not counted. */
export function countOpenFds(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length - 1;
}
