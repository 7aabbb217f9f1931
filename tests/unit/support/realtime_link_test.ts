import assert from "node:assert/strict";
import { linkProfile } from "../../support/link_profile.ts";
import { RealtimeLink } from "../../support/realtime_link.ts";

Deno.test("RealtimeLink.send copies the bytes", async () => {
  using link = new RealtimeLink({ profile: linkProfile({ delayMs: 5 }) });
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const bytes = Uint8Array.of(1, 2, 3);
  link.send(bytes, (arrived) => resolve(arrived.slice()));
  bytes.fill(9);
  assert.deepEqual(await promise, Uint8Array.of(1, 2, 3));
});

Deno.test("RealtimeLink leaves the bytes alone until the delivery's promise settles", async () => {
  using link = new RealtimeLink({ profile: linkProfile() });
  const sending = Promise.withResolvers<void>();
  const first = Promise.withResolvers<Uint8Array>();
  const second = Promise.withResolvers<void>();
  link.send(Uint8Array.of(1), (arrived) => {
    first.resolve(arrived);
    return sending.promise;
  });
  const borrowed = await first.promise;
  link.send(Uint8Array.of(2), () => second.resolve());
  await second.promise;
  assert.deepEqual(borrowed, Uint8Array.of(1));
  sending.resolve();
});

Deno.test("RealtimeLink counts deliveries that fail and goes on", async () => {
  using link = new RealtimeLink({ profile: linkProfile() });
  link.send(Uint8Array.of(1), () => Promise.reject(new Error("closed")));
  const { promise, resolve } = Promise.withResolvers<void>();
  link.send(Uint8Array.of(2), () => resolve());
  await promise;
  assert.equal(link.deliveryErrors, 1);
});

Deno.test("RealtimeLink.send weighs a payload with its headers", () => {
  using link = new RealtimeLink({ profile: linkProfile({ delayMs: 5 }), overheadBytes: 28 });
  link.send(new Uint8Array(100), () => {});
  assert.equal(link.counters.sentBytes, 128);
});

Deno.test("RealtimeLink.send may be called from a delivery", async () => {
  using link = new RealtimeLink({ profile: linkProfile({ delayMs: 1 }) });
  const { promise, resolve } = Promise.withResolvers<void>();
  let hops = 0;
  const again = (bytes: Uint8Array): void => {
    if (++hops === 5) resolve();
    else link.send(bytes, again);
  };
  link.send(Uint8Array.of(1), again);
  await promise;
  assert.equal(link.counters.deliveredPkts, 5);
});

Deno.test("RealtimeLink that is closed delivers nothing more and refuses what is sent", () => {
  const link = new RealtimeLink({ profile: linkProfile({ delayMs: 5 }) });
  link.send(Uint8Array.of(1), () => assert.fail("delivered after close"));
  link.close();
  assert.equal(link.send(Uint8Array.of(2), () => {}), false);
  assert.equal(link.counters.cutPkts, 1);
  link.close();
});
