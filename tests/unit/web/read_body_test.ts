import assert from "node:assert/strict";
import { readBody } from "../../../src/web/read_body.ts";

/** A request whose body comes in pieces. @param end false: nothing more comes, but it does not end */
function request(pieces: readonly Uint8Array<ArrayBuffer>[], end = true): Request {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece);
      if (end) controller.close();
    },
  });
  return new Request("http://127.0.0.1/", { method: "POST", body });
}

const BYTES = new TextEncoder().encode('{"name":"caf\u00e9"}');

Deno.test("readBody puts pieces together, even of one character", async () => {
  const pieces = Array.from(BYTES, (byte) => new Uint8Array([byte]));
  assert.equal(await readBody(request(pieces), BYTES.length, 1_000), '{"name":"caf\u00e9"}');
  assert.equal(await readBody(new Request("http://127.0.0.1/"), 0, 1_000), "");
});

Deno.test("readBody gives nothing of a body that is longer than it may be", async () => {
  assert.equal(await readBody(request([BYTES]), BYTES.length - 1, 1_000), null);
});

Deno.test("readBody gives nothing of a body that does not end in time", async () => {
  assert.equal(await readBody(request([BYTES], false), 100, 20), null);
});

Deno.test("readBody gives nothing of a body whose sender is gone", async () => {
  const body = new ReadableStream({ start: (controller) => controller.error(new Error("reset")) });
  const broken = new Request("http://127.0.0.1/", { method: "POST", body });
  assert.equal(await readBody(broken, 100, 1_000), null);
});
