import assert from "node:assert/strict";
import fc from "fast-check";
import { looksLikeToken, quotePath, quoteProxy, quoteValue } from "../../../src/cli/quote.ts";

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
  assert.equal(quoteValue("x ".repeat(50)), `"${"x ".repeat(40)}..."`);
  assert.equal(quoteValue("a\x7f\x9b\u2028"), '"a\\u007f\\u009b\\u2028"');
});

Deno.test("quoteValue never shows what stands before an @ or behind a scheme's colon", () => {
  const secret = "s3cret";
  const around = fc.string({ maxLength: 10 });
  fc.assert(fc.property(around, around, (before, after) => {
    assert.ok(!quoteValue(`${before}${secret}@${after}`).includes(secret));
    assert.ok(!quoteValue(`socks5://${before}:${secret}`).includes(secret));
  }));
});

/** 32 bytes in base64. */
const KEY = "mC8rJ5fVZ1kq0Jt3m0i9gq2mJkqk3Yb4rJ8c6tq4Wl8=";

Deno.test("quoteValue and quoteProxy show no token, wherever it stands", () => {
  for (const quote of [quoteValue, quoteProxy]) {
    assert.equal(quote("bindlink1_abcdef"), '"***"');
    assert.equal(quote("h-bindlink23_abc"), '"h-***"');
    assert.ok(!quote(`h:1,bindlink1_${"a".repeat(60)} b`).includes("aaa"));
  }
});

Deno.test("quoteValue and quoteProxy show no key, even one that lacks a few characters", () => {
  for (const quote of [quoteValue, quoteProxy]) {
    for (const key of [KEY, KEY.slice(0, 41), `x${KEY}`, `user@${KEY}`]) {
      assert.ok(!quote(key).includes("Z1kq0Jt3m"), quote(key));
    }
  }
});

Deno.test("quotePath shows a path however long, but neither key nor token", () => {
  const path = `/srv/${"long-directory/".repeat(3)}slave.key`;
  assert.equal(quotePath(path), `"${path}"`);
  assert.equal(quotePath(KEY), '"***"');
  assert.equal(quotePath(KEY.replaceAll("J", "/")), '"***"');
  assert.equal(quotePath("./bindlink1_abc"), '"./***"');
});

Deno.test("looksLikeToken knows a token by its beginning", () => {
  for (const text of ["bindlink1_abc", "  bindlink12_", "BINDLINK1_ABC"]) {
    assert.ok(looksLikeToken(text));
  }
  for (const text of ["", "bindlink", "bindlink_x", "a bindlink1_x", "slave"]) {
    assert.ok(!looksLikeToken(text));
  }
});
