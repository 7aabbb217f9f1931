import assert from "node:assert/strict";
import { closeQuietly } from "../../src/close_quietly.ts";

Deno.test("closeQuietly closes, and takes it well when that was done before", () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  closeQuietly(listener);
  Deno.listen({ hostname: "127.0.0.1", port }).close();
  closeQuietly(listener);
});

Deno.test("closeQuietly hides no other error", () => {
  const broken = {
    close(): void {
      throw new TypeError("not a listener");
    },
  };
  assert.throws(() => closeQuietly(broken), /not a listener/);
});
