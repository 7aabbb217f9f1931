import assert from "node:assert/strict";
import { concatBytes } from "../../../src/peer/concat_bytes.ts";

Deno.test("concatBytes copies its parts in order", () => {
  const part = Uint8Array.of(1, 2);
  const bytes = concatBytes(part, new Uint8Array(0), Uint8Array.of(3));
  part[0] = 9;
  assert.deepEqual(bytes, Uint8Array.of(1, 2, 3));
  assert.deepEqual(concatBytes(), new Uint8Array(0));
});
