import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runProgram } from "../../support/process.ts";

Deno.test("a packet's way through session, session table and routes allocates nothing", async () => {
  const costs: Record<string, { readonly bytes: number }> = JSON.parse(
    await runProgram([
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      "--v8-flags=--expose-gc,--min-semi-space-size=64,--max-semi-space-size=64",
      fileURLToPath(new URL("../../bench/session_cost_main.ts", import.meta.url)),
    ]),
  );
  // Measured 0.002: nothing at all. The smallest object per packet would be 16 bytes.
  for (const path of ["seal", "open", "sessionTable", "routesIpv4", "routesIpv6"]) {
    const bytes = costs[path]?.bytes ?? NaN;
    assert(bytes < 4, `${path}: ${bytes} bytes per packet`);
  }
  // Measured 0 or 16: a number beyond 2^31 that V8 passes to a function which it did not inline is
  // a heap number. A link that has sent so many packets may have that one.
  const bytes = costs["openLargeNumbers"]?.bytes ?? NaN;
  assert(bytes < 24, `openLargeNumbers: ${bytes} bytes per packet`);
});
