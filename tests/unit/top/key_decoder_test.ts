import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyDecoder } from "../../../src/top/key_decoder.ts";

function decode(...pieces: readonly string[]): readonly string[] {
  const decoder = new KeyDecoder();
  return pieces.flatMap((piece) => decoder.decode(new TextEncoder().encode(piece)));
}

Deno.test("KeyDecoder knows letters, arrows of both kinds, and control keys", () => {
  assert.deepEqual(decode("qo \x1b[A\x1b[B\x1bOA\x1bOBé"), [
    "q",
    "o",
    " ",
    "up",
    "down",
    "up",
    "down",
    "é",
  ]);
  assert.deepEqual(decode("\x1b[H\x1b[1~\x1b[F\x1b[4~\x1b[5~\x1b[6~"), [
    "home",
    "home",
    "end",
    "end",
    "pageUp",
    "pageDown",
  ]);
  assert.deepEqual(decode("\x03\x0c\x1a\x1b"), ["ctrl-c", "ctrl-l", "ctrl-z", "escape"]);
});

Deno.test("KeyDecoder passes over sequences that are no key here", () => {
  assert.deepEqual(decode("\x1b[15~\x1b[1;5Cq\x1bOPq"), ["q", "q"]);
});

Deno.test("KeyDecoder puts a sequence together that comes in pieces", () => {
  assert.deepEqual(decode("\x1b[", "B", "\x1b[5", "~q"), ["down", "pageUp", "q"]);
});

Deno.test("KeyDecoder does not wait for the end of what is no sequence", () => {
  assert.deepEqual(decode(`\x1b[${"1".repeat(20)}`, "q").at(-1), "q");
});

Deno.test("KeyDecoder takes any bytes", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
    const decoder = new KeyDecoder();
    for (const piece of pieces) decoder.decode(piece);
  }));
});
