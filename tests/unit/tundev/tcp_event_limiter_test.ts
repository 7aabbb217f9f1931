import assert from "node:assert/strict";
import { TcpEventLimiter } from "../../../src/tundev/tcp_event_limiter.ts";

const FAILED = { kind: "connect-failed", message: "Cannot connect" } as const;

Deno.test("TcpEventLimiter passes the first event of each kind", () => {
  const limiter = new TcpEventLimiter();
  const refused = { kind: "refused-by-peer", message: "Cannot carry" } as const;
  assert.equal(limiter.pass(FAILED, 0), FAILED);
  assert.equal(limiter.pass(refused, 1), refused);
});

Deno.test("TcpEventLimiter tells once in ten seconds, and how often it did not", () => {
  const limiter = new TcpEventLimiter();
  limiter.pass(FAILED, 0);
  for (let now = 1; now < 10_000; now += 100) assert.equal(limiter.pass(FAILED, now), null);
  const told = limiter.pass(FAILED, 10_000);
  assert.deepEqual(told, {
    kind: "connect-failed",
    message: "Cannot connect (100 more since this was last told)",
  });
  assert.equal(limiter.pass(FAILED, 19_999), null);
  assert.match(limiter.pass(FAILED, 20_000)?.message ?? "", /\(1 more since/);
});

Deno.test("TcpEventLimiter adds no count when nothing was held back", () => {
  const limiter = new TcpEventLimiter();
  limiter.pass(FAILED, 0);
  assert.equal(limiter.pass(FAILED, 10_000), FAILED);
});
