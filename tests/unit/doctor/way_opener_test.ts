import assert from "node:assert/strict";
import { openFailureOf, proxyFactsOf, STEP_TIMEOUT_MS } from "../../../src/doctor/way_opener.ts";
import { SocksError } from "../../../src/linkmap/socks_error.ts";

const PROXY = { host: "192.0.2.1", port: 1080 };

Deno.test("why a way could not be opened is read from the error, its causes, a reply, or the time it took", () => {
  const kindOf = (error: unknown, tookMs = 5): string => openFailureOf(error, tookMs).kind;
  const refused = new Deno.errors.ConnectionRefused("x");
  assert.equal(kindOf(new Error("Cannot connect", { cause: refused })), "refused");
  assert.equal(kindOf(new Deno.errors.TimedOut("x")), "timeout");
  for (const code of ["EHOSTUNREACH", "ENETUNREACH"]) {
    assert.equal(kindOf(Object.assign(new Error("x"), { code })), "no-route");
  }
  assert.equal(kindOf(new SocksError("x", { reply: 5, request: "CONNECT" })), "refused");
  assert.equal(kindOf(new SocksError("x", { reply: 4, request: "CONNECT" })), "no-route");
  assert.equal(kindOf(new SocksError("x", { reply: 1, request: "CONNECT" })), "other");
  assert.equal(kindOf(new Error("x"), STEP_TIMEOUT_MS), "timeout");
  assert.equal(kindOf(new Error("x")), "other");
});

Deno.test("what a proxy said to a request is no fault of the proxy itself", () => {
  assert.equal(
    proxyFactsOf(PROXY, new SocksError("x", { reply: 7, request: "UDP ASSOCIATE" }), 1),
    null,
  );
  assert.equal(proxyFactsOf(PROXY, new Error("x"), 1), null);
});

Deno.test("what went wrong before a request is", () => {
  const stateOf = (error: SocksError, tookMs = 1): string | undefined =>
    proxyFactsOf(PROXY, error, tookMs)?.state;
  const cause = new Deno.errors.ConnectionRefused("x");
  assert.equal(stateOf(new SocksError("x", { problem: "unreachable", cause })), "refused");
  assert.equal(stateOf(new SocksError("x", { problem: "unreachable" })), "unreachable");
  assert.equal(
    stateOf(new SocksError("x", { problem: "unreachable" }), STEP_TIMEOUT_MS),
    "timeout",
  );
  assert.equal(stateOf(new SocksError("x", { problem: "login-wanted" })), "login-wanted");
  assert.equal(stateOf(new SocksError("x")), "other");
});
