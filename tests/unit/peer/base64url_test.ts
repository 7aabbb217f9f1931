import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { decodeBase64Url, encodeBase64Url, readBase64Url } from "../../../src/peer/base64url.ts";

Deno.test("encodeBase64Url gives what node gives, and decodeBase64Url takes it back", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const text = encodeBase64Url(bytes);
    assert.equal(text, Buffer.from(bytes).toString("base64url"));
    assert.deepEqual(decodeBase64Url(text), bytes);
  }));
});

Deno.test("decodeBase64Url takes no text but the one that is written", () => {
  // Bits behind the last byte, an impossible length, padding, the other alphabet, blanks.
  for (
    const text of ["AB", "AAB", "A", "AAAAA", "AA==", "AAA=", "+/+/", "AA AA", "AAAA\n", "ÄÖÜß"]
  ) {
    assert.equal(decodeBase64Url(text), null, text);
  }
});

Deno.test("readBase64Url gives the whole bytes of a text that was cut anywhere", () => {
  const bytes = Uint8Array.of(0xff, 0xee, 0xdd, 0xcc, 0xbb);
  const text = encodeBase64Url(bytes);
  const wholeBytes = [0, 0, 1, 2, 3, 3, 4, 5];
  for (const [length, count] of wholeBytes.entries()) {
    assert.deepEqual(readBase64Url(text.slice(0, length)), bytes.subarray(0, count));
  }
  assert.equal(readBase64Url("AA=="), null);
});
