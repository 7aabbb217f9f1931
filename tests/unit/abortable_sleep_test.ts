import assert from "node:assert/strict";
import { abortableSleep } from "../../src/abortable_sleep.ts";

// That no timer stays behind is what `sanitizeOps` in deno.json checks in each of these.

Deno.test("abortableSleep ends by itself", async () => {
  await abortableSleep(1, new AbortController().signal);
});

Deno.test("abortableSleep ends when its signal fires", async () => {
  const controller = new AbortController();
  const sleeping = abortableSleep(1_000_000, controller.signal);
  controller.abort();
  await sleeping;
});

Deno.test("abortableSleep does not begin when its signal has fired", async () => {
  const startedMs = performance.now();
  await abortableSleep(1_000_000, AbortSignal.abort());
  assert.ok(performance.now() - startedMs < 10_000);
});
