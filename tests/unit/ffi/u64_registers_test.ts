import assert from "node:assert/strict";
import fc from "fast-check";
import { U64Registers } from "../../../ffi/u64_registers.ts";

Deno.test("U64Registers hold any address and length", () => {
  const registers = new U64Registers(2);
  fc.assert(fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
    registers.set(0, a);
    registers.set(1, b);
    assert.deepEqual([...registers.words], [BigInt(a), BigInt(b)]);
  }));
});
