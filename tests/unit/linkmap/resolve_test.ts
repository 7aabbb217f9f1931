import assert from "node:assert/strict";
import { resolveHost } from "../../../src/linkmap/resolve.ts";

Deno.test("resolveHost gives a literal in the form that received datagrams show", async () => {
  for (
    const [host, hostname] of [
      ["192.0.2.1", "192.0.2.1"],
      ["2001:DB8:0:0:0:0:0:5", "2001:db8::5"],
      ["0::1", "::1"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
    ] as const
  ) {
    assert.deepEqual(await resolveHost({ host, port: 9 }), [{ hostname, port: 9 }]);
  }
});

Deno.test("resolveHost finds localhost", async () => {
  const found = await resolveHost({ host: "localhost", port: 9 });
  assert(found.some(({ hostname }) => hostname === "127.0.0.1" || hostname === "::1"));
});

Deno.test("resolveHost gives up when the signal fires", async () => {
  const reason = new Error("enough");
  await assert.rejects(
    resolveHost({ host: "localhost", port: 9 }, { signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
});
