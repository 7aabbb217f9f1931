import assert from "node:assert/strict";
import { HandshakeMemory, MAX_REPLACED_INSTANCES } from "../../../src/peer/handshake_memory.ts";

Deno.test("HandshakeMemory.confirm remembers the last 16 instances that were replaced", () => {
  const memory = new HandshakeMemory();
  for (let i = 0; i < 100; i++) assert.equal(memory.confirm(`${i}`), i > 0);
  assert.equal(memory.instanceId, "99");
  assert.equal(memory.replacedInstances.length, MAX_REPLACED_INSTANCES);
  assert.deepEqual(memory.replacedInstances.slice(-2), ["97", "98"]);
});
