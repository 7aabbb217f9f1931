import assert from "node:assert/strict";
import { measureAllocations } from "../bench/allocations.ts";

Deno.test("the packet path stays within its allocation budget", async () => {
  const { engineOut, engineBack, secureThrough } = await measureAllocations();
  // Measured 0.03: nothing at all. The smallest object per packet would be 16 bytes.
  assert(engineOut < 8, `out: ${engineOut} bytes per packet`);
  // Measured 7 (the promises of each batch of 8) or 21 (a time that was not inlined, too).
  assert(engineBack < 32, `back: ${engineBack} bytes per packet`);
  // Measured 57: numbers on the heap, such as a packet's time, and promises of the rig's for what comes back.
  assert(secureThrough < 88, `secure, out and back: ${secureThrough} bytes per packet`);
});
