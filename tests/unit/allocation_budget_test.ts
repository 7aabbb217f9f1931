import assert from "node:assert/strict";
import { measureAllocations } from "../bench/allocations.ts";

Deno.test("the packet path stays within its allocation budget", async () => {
  const { engineOut, engineBack } = await measureAllocations();
  // Nothing at all; one small object per packet would be 16 bytes at least.
  assert(engineOut < 8, `out: ${engineOut} bytes per packet`);
  // A receive resolves a promise for each batch of 8, about 300 bytes; one object more per packet shows.
  assert(engineBack < 50, `back: ${engineBack} bytes per packet`);
});
