import assert from "node:assert/strict";
import { measureAllocations } from "../bench/allocations.ts";

Deno.test("the packet path stays within its allocation budget", async () => {
  const { engineOut, engineBack, secureThrough } = await measureAllocations();
  // Measured 0.03: nothing at all; on a busy machine, where V8 compiles late, 16: one number on the heap.
  assert(engineOut < 20, `out: ${engineOut} bytes per packet`);
  // Measured 7 (the promises of each batch of 8) or 21 (a time that was not inlined, too).
  assert(engineBack < 32, `back: ${engineBack} bytes per packet`);
  // Measured 61: numbers on the heap, such as a packet's time, and promises of the rig's for what comes back.
  assert(secureThrough < 100, `secure, out and back: ${secureThrough} bytes per packet`);
});
