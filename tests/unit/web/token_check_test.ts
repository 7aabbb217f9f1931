import assert from "node:assert/strict";
import { makeToken, TokenCheck } from "../../../src/web/token_check.ts";

Deno.test("TokenCheck accepts its token as a bearer's and nothing else", () => {
  const check = new TokenCheck("right-token-0123");
  assert.equal(check.isNeeded, true);
  assert.equal(check.accepts("Bearer right-token-0123"), true);
  assert.equal(check.accepts("bearer right-token-0123"), true, "RFC 7235 §2.1");
  const wrong = [
    null,
    "",
    "Bearer ",
    "Bearer right-token-012",
    "Bearer right-token-01234",
    "Bearer Right-token-0123",
    "Basic right-token-0123",
    "right-token-0123",
    `Bearer ${"x".repeat(100_000)}`,
  ];
  for (const authorization of wrong) assert.equal(check.accepts(authorization), false);
});

Deno.test("TokenCheck without a token accepts everybody", () => {
  const check = new TokenCheck(null);
  assert.deepEqual([check.isNeeded, check.accepts(null), check.accepts("Bearer x")], [
    false,
    true,
    true,
  ]);
});

Deno.test("makeToken makes another one each time, as long as 192 bits are, and of what a URL takes", () => {
  const tokens = Array.from({ length: 100 }, makeToken);
  assert.equal(new Set(tokens).size, 100);
  for (const token of tokens) assert.match(token, /^[A-Za-z0-9_-]{32}$/);
});
