import assert from "node:assert/strict";
import { mostSimilar } from "../../../src/cli/similar_word.ts";

const WORDS = ["master", "slave", "slaves", "invite"];

Deno.test("mostSimilar finds the word that was meant", () => {
  assert.equal(mostSimilar("slav", WORDS), "slave");
  assert.equal(mostSimilar("slavess", WORDS), "slaves");
  assert.equal(mostSimilar("invte", WORDS), "invite");
});

Deno.test("mostSimilar takes a beginning for the word", () => {
  assert.equal(mostSimilar("inv", WORDS), "invite");
});

Deno.test("mostSimilar has no suggestion for a word like none", () => {
  assert.equal(mostSimilar("zzz", WORDS), null);
  assert.equal(mostSimilar("", WORDS), null);
});
