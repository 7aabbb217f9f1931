import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { decodeBase64Url, encodeBase64Url } from "../../../src/peer/base64url.ts";

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
