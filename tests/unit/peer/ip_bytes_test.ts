import assert from "node:assert/strict";
import fc from "fast-check";
import { formatIp, parseIp } from "../../../src/ip_literal.ts";
import { ipBytesOf, ipTextOf, isHostAddress } from "../../../src/peer/ip_bytes.ts";

/** Groups in which zeros are common, so that runs of them are. */
const ipv6 = fc.array(fc.constantFrom(0, 0, 0, 1, 0xa, 0xfd00, 0xffff), {
  minLength: 8,
  maxLength: 8,
}).map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });

Deno.test("ipTextOf writes what linkmap's formatter writes, and ipBytesOf reads it back", () => {
  fc.assert(fc.property(fc.oneof(ipv4, ipv6), (bytes) => {
    const text = ipTextOf(bytes);
    // Both readers take an IPv4-mapped address for the IPv4 one.
    assert.equal(formatIp(parseIp(text)!), formatIp(bytes));
    assert.equal(ipTextOf(ipBytesOf(text)!), formatIp(bytes));
  }));
});

Deno.test("ipBytesOf takes and refuses what linkmap's reader takes and refuses", () => {
  const pieces = fc.constantFrom(
    ":",
    "::",
    "0",
    "1",
    "ab",
    "12345",
    ".",
    "1.2.3.4",
    "255",
    "g",
    "%",
  );
  const texts = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(texts, (text) => {
      const expected = parseIp(text);
      const bytes = ipBytesOf(text);
      assert.equal(bytes === null, expected === null, text);
      if (bytes !== null) assert.equal(ipTextOf(bytes), formatIp(expected!));
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("ipBytesOf refuses what only looks like an address", () => {
  for (
    const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "01.2.3.4",
      "1.2.3.256",
      ":",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
    ]
      .concat([
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8",
        "fe80::1%eth0",
        "::g",
        "::12345",
        "1.2.3.4::",
      ])
  ) assert.equal(ipBytesOf(text), null, text);
});

Deno.test("isHostAddress refuses what no machine has", () => {
  for (const text of ["0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255"]) {
    assert.equal(isHostAddress(ipBytesOf(text)!), false, text);
  }
  for (const text of ["::", "::1", "64:ff9b::1.2.3.4", "ff02::1"]) {
    assert.equal(isHostAddress(ipBytesOf(text)!), false, text);
  }
  for (const text of ["10.10.10.2", "100.64.0.1", "223.255.255.254", "fd00::1", "2001:db8::1"]) {
    assert.equal(isHostAddress(ipBytesOf(text)!), true, text);
  }
});
