/**
 * What this process uses of the machine.
 *
 * @module
 */

import type { ProcessStats } from "./metric.ts";

/** Reads memory and descriptors of this process. */
export function readProcessStats(): ProcessStats {
  const { rss, heapUsed } = Deno.memoryUsage();
  return {
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    openDescriptors: countDescriptors(),
    runtimeVersion: Deno.version.deno,
  };
}

/** Entries of /proc/self/fd (proc(5)), less the one that reading it opens; NaN where there is none. */
function countDescriptors(): number {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length - 1;
  } catch {
    return NaN;
  }
}
