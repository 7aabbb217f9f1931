import assert from "node:assert/strict";
import fc from "fast-check";
import { loadLibc } from "../../../ffi/libc.ts";
import { SOCKADDR_IN6_BYTES, SocketAddress } from "../../../ffi/socket_address.ts";
import { SourceCache } from "../../../ffi/source_cache.ts";

loadLibc(); // stays open: not a leak of the first test

function viewOf(hostname: string, port: number): DataView<ArrayBuffer> {
  const bytes = new Uint8Array(SOCKADDR_IN6_BYTES);
  bytes.set(SocketAddress.from(hostname, port, hostname.includes(":")).bytes);
  return new DataView(bytes.buffer);
}

Deno.test("SourceCache gives the same object for the same source, whatever came between", () => {
  const cache = new SourceCache();
  const views = Array.from({ length: 32 }, (_, i) => viewOf(`192.0.2.${i}`, 1_000 + i % 3));
  const first = views.map((view) => cache.find(view));
  for (let round = 0; round < 3; round++) {
    views.forEach((view, i) => assert.equal(cache.find(view), first[i]));
  }
  assert.deepEqual(first[5], { hostname: "192.0.2.5", port: 1_002 });
});

Deno.test("SourceCache tells sources apart that differ in port, address or its last byte only", () => {
  const cache = new SourceCache();
  for (
    const [hostname, port] of [
      ["192.0.2.1", 7],
      ["192.0.2.1", 8],
      ["192.0.2.2", 7],
      ["2001:db8::1", 7],
      ["2001:db8::2", 7],
      ["2001:db8:1::1", 7],
    ] as const
  ) {
    assert.deepEqual(cache.find(viewOf(hostname, port)), { hostname, port });
  }
});

Deno.test("SourceCache stays right when there are more sources than it holds", () => {
  const cache = new SourceCache();
  const port = fc.integer({ min: 0, max: 65_535 });
  fc.assert(
    fc.property(fc.ipV4(), port, (hostname, port) => {
      assert.deepEqual(cache.find(viewOf(hostname, port)), { hostname, port });
    }),
    { numRuns: 2_000 },
  );
});
