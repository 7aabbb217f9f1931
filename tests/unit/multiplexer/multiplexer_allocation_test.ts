import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runProgram } from "../../support/process.ts";

Deno.test("a packet's way through two multiplexers and its acknowledgement allocate next to nothing", async () => {
  const costs: Record<string, number> = JSON.parse(
    await runProgram([
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      "--v8-flags=--expose-gc,--min-semi-space-size=64,--max-semi-space-size=64",
      fileURLToPath(new URL("multiplexer_allocation_main.ts", import.meta.url)),
    ]),
  );
  // Measured 41 and 46: numbers on the heap, and what is done once a ms or with each feedback.
  for (const path of ["oneLink", "twoLinks"]) {
    const bytes = costs[path] ?? NaN;
    assert(bytes < 60, `${path}: ${bytes} bytes per packet`);
  }
});
