import assert from "node:assert/strict";
import { withDeadline } from "../../../src/linkmap/deadline.ts";

const onTimeout = (): Error => new Error("too late");

Deno.test("withDeadline gives what the work gives", async () => {
  assert.equal(await withDeadline({ timeoutMs: 60_000, onTimeout }, () => Promise.resolve(5)), 5);
});

Deno.test("withDeadline throws what the work throws", async () => {
  await assert.rejects(
    withDeadline({ timeoutMs: 60_000, onTimeout }, () => Promise.reject(new Error("broken"))),
    /broken/,
  );
});

Deno.test("withDeadline ends work that never settles, and tells it", async () => {
  let told: unknown = null;
  const work = (signal: AbortSignal): Promise<never> =>
    new Promise(() => signal.addEventListener("abort", () => told = signal.reason));
  await assert.rejects(withDeadline({ timeoutMs: 5, onTimeout }, work), /too late/);
  assert.match(String(told), /too late/);
});

Deno.test("withDeadline ends when the caller's signal fires, with its reason", async () => {
  const abort = new AbortController();
  const work = (): Promise<never> => {
    abort.abort(new Error("not wanted"));
    return new Promise(() => {});
  };
  await assert.rejects(
    withDeadline({ timeoutMs: 60_000, signal: abort.signal, onTimeout }, work),
    /not wanted/,
  );
});

Deno.test("withDeadline does not begin when the signal has fired", async () => {
  let isBegun = false;
  const work = (): Promise<void> => {
    isBegun = true;
    return Promise.resolve();
  };
  const signal = AbortSignal.abort(new Error("gone"));
  await assert.rejects(withDeadline({ timeoutMs: 60_000, signal, onTimeout }, work), /gone/);
  assert.equal(isBegun, false);
});

Deno.test("withDeadline lets go of what comes too late", async () => {
  const late = Promise.withResolvers<string>();
  const disposed = Promise.withResolvers<string>();
  await assert.rejects(
    withDeadline({ timeoutMs: 1, onTimeout }, () => late.promise, disposed.resolve),
    /too late/,
  );
  late.resolve("a connection");
  assert.equal(await disposed.promise, "a connection");
});

Deno.test("withDeadline is quiet about an error that comes too late", async () => {
  const late = Promise.withResolvers<void>();
  await assert.rejects(
    withDeadline({ timeoutMs: 1, onTimeout }, () => late.promise),
    /too late/,
  );
  late.reject(new Error("nobody waits")); // unhandled, it would fail the test run
  await assert.rejects(late.promise, /nobody waits/);
});
