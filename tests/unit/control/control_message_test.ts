import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseMessage, readLine, writeLine } from "../../../src/control/control_message.ts";

/** Gives bytes in pieces of the sizes named, then the end. */
function readerOf(
  bytes: Uint8Array,
  sizes: readonly number[],
): { read(into: Uint8Array): Promise<number | null> } {
  let at = 0;
  let turn = 0;
  return {
    read(into: Uint8Array): Promise<number | null> {
      if (at >= bytes.length) return Promise.resolve(null);
      const n = Math.min(into.length, bytes.length - at, sizes[turn++ % sizes.length] ?? 1);
      into.set(bytes.subarray(at, at + n));
      at += n;
      return Promise.resolve(n);
    },
  };
}

Deno.test("readLine reads what writeLine wrote, however it is cut", async () => {
  const record = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue(), { maxKeys: 5 });
  const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(record, sizes, async (message, cuts) => {
      const written: number[] = [];
      await writeLine({
        write(bytes): Promise<number> {
          const n = Math.min(3, bytes.length);
          written.push(...bytes.subarray(0, n));
          return Promise.resolve(n);
        },
      }, message);
      const line = await readLine(readerOf(Uint8Array.from(written), cuts), 1_000_000);
      assert.deepEqual(parseMessage(line), parseMessage(JSON.stringify(message)));
    }),
    { numRuns: 30 },
  );
});

Deno.test("readLine refuses a line that is too long or has no end", async () => {
  const bytes = new TextEncoder().encode("12345\n");
  assert.equal(await readLine(readerOf(bytes, [2]), 5), "12345");
  await assert.rejects(readLine(readerOf(bytes, [2]), 4), /longer than 4 bytes/);
  await assert.rejects(readLine(readerOf(bytes.subarray(0, 5), [2]), 9), /was closed/);
});

Deno.test("parseMessage takes objects only and never throws", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
    const message = parseMessage(line);
    assert(message === null || Object.getPrototypeOf(message) === Object.prototype);
  }));
  for (const line of ["", "[]", "1", "null", '"x"']) assert.equal(parseMessage(line), null);
});
