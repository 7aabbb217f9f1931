import assert from "node:assert/strict";
import { overheadBytes } from "../../../src/budget/wire_overhead.ts";

Deno.test("overheadBytes has the headers of IP and UDP, and of TCP rather too much than too little", () => {
  assert.equal(overheadBytes("udp", "203.0.113.5:4321"), 28);
  assert.equal(overheadBytes("udp", "[2001:db8::1]:4321"), 48);
  assert.equal(overheadBytes("udp", ""), 28);
  assert.equal(overheadBytes("tcp", "203.0.113.5:4321"), 80);
  assert.equal(overheadBytes("tcp", "[2001:db8::1]:4321"), 110);
});
