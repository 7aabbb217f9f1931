import assert from "node:assert/strict";
import fc from "fast-check";
import { quoteProxy, quoteValue } from "../../../src/cli/quote.ts";

Deno.test("quoteProxy shows scheme, host and port, nothing else", () => {
  assert.equal(quoteProxy("socks5://u:p@h.example:1080"), '"socks5://***@h.example:1080"');
  assert.equal(quoteProxy("[::1]:1080"), '"[::1]:1080"');
  assert.equal(quoteProxy("h:1080:u:p"), '"h:1080***"');
  assert.equal(quoteProxy("socks5://u:pw"), '"socks5://u***"');
  assert.equal(quoteProxy("a@b@c:1"), '"***@c:1"');
});

Deno.test("quoteValue shows an ordinary value whole, without control characters", () => {
  assert.equal(quoteValue("10.0.0.1/33"), '"10.0.0.1/33"');
  assert.equal(quoteValue("a\nb\x1b"), '"a\\nb\\u001b"');
  assert.equal(quoteValue("x".repeat(100)), `"${"x".repeat(80)}..."`);
});

Deno.test("quoteValue never shows what stands before an @ or behind a scheme's colon", () => {
  const secret = "s3cret";
  const around = fc.string({ maxLength: 10 });
  fc.assert(fc.property(around, around, (before, after) => {
    assert.ok(!quoteValue(`${before}${secret}@${after}`).includes(secret));
    assert.ok(!quoteValue(`socks5://${before}:${secret}`).includes(secret));
  }));
});
