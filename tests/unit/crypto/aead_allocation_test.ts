import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { isLibcryptoThere } from "../../support/libcrypto.ts";
import { runProgram } from "../../support/process.ts";

const hasLibcrypto = isLibcryptoThere();

Deno.test("sealing and opening stay within their allocation budget", async () => {
  const bytes: Partial<Record<string, number>> = JSON.parse(
    await runProgram([
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      "--v8-flags=--expose-gc,--min-semi-space-size=64,--max-semi-space-size=64",
      fileURLToPath(new URL("../../bench/aead_allocation_main.ts", import.meta.url)),
    ]),
  );
  // Measured 0.15: nothing at all. The smallest object per packet would be 16 bytes.
  if (hasLibcrypto) {
    assert(bytes.libcrypto !== undefined);
    assert(bytes.libcrypto < 8, `libcrypto: ${bytes.libcrypto} bytes per packet`);
  }
  // Measured 416: four views of about 100 bytes.
  assert(bytes.libsodium !== undefined);
  assert(bytes.libsodium < 600, `libsodium: ${bytes.libsodium} bytes per packet`);
});
