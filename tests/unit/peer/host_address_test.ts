import assert from "node:assert/strict";
import { parseIp } from "../../../src/ip_literal.ts";
import { isHostAddress } from "../../../src/peer/host_address.ts";

Deno.test("isHostAddress refuses what no machine has", () => {
  for (const text of ["0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255"]) {
    assert.equal(isHostAddress(parseIp(text)!), false, text);
  }
  for (const text of ["::", "::1", "64:ff9b::1.2.3.4", "ff02::1"]) {
    assert.equal(isHostAddress(parseIp(text)!), false, text);
  }
  for (const text of ["fe80::1", "fe81::1", "febf::1"]) {
    assert.equal(isHostAddress(parseIp(text)!), false, text);
  }
  for (const text of ["fe7f::1", "fec0::1"]) {
    assert.equal(isHostAddress(parseIp(text)!), true, text);
  }
  for (const text of ["10.10.10.2", "100.64.0.1", "223.255.255.254", "fd00::1", "2001:db8::1"]) {
    assert.equal(isHostAddress(parseIp(text)!), true, text);
  }
});
