import assert from "node:assert/strict";
import {
  PROTOCOL_VERSION,
  type Refusal,
  RefusalCode,
} from "../../../src/peer/handshake_payload.ts";
import { describeCipher } from "../../../src/tunnel/cipher_names.ts";
import { explainRefusal } from "../../../src/tunnel/refusal_text.ts";

function refusal(changes: Partial<Refusal>): Refusal {
  return {
    kind: "refusal",
    code: RefusalCode.VERSION,
    minVersion: PROTOCOL_VERSION + 1,
    maxVersion: PROTOCOL_VERSION + 2,
    lastStamp: new Uint8Array(12),
    software: "bindlink 9.0.0",
    ...changes,
  };
}

Deno.test("explainRefusal says of every code what went wrong and what to do", () => {
  const problems = Object.values(RefusalCode).map((code) => {
    const { problem, advice } = explainRefusal(refusal({ code }));
    assert(advice.length > 0, `${code}`);
    assert.doesNotMatch(problem, /does not know/, `${code}`);
    return problem;
  });
  assert.equal(new Set(problems).size, problems.length, "each its own");
});

Deno.test("explainRefusal says which end is to be updated when versions differ", () => {
  const { problem, advice } = explainRefusal(refusal({}));
  const theirs = `${PROTOCOL_VERSION + 1} to ${PROTOCOL_VERSION + 2}`;
  assert.match(problem, new RegExp(`version ${theirs} \\(bindlink 9\\.0\\.0\\), this slave`));
  assert.equal(advice, "update this slave");
  const older = explainRefusal(refusal({ minVersion: 0, maxVersion: 0, software: "" }));
  assert.match(older.problem, /version 0 \(unknown software\)/);
  assert.equal(older.advice, "update the master");
});

Deno.test("explainRefusal is at no loss for a code of a later version", () => {
  const { problem, advice } = explainRefusal(refusal({ code: 99 as RefusalCode }));
  assert.match(problem, /\(99\)/);
  assert.equal(advice, "update this end");
});

Deno.test("explainRefusal tells the same of a notice as of a refusal", () => {
  assert.deepEqual(
    explainRefusal(RefusalCode.REPLACED),
    explainRefusal(refusal({ code: RefusalCode.REPLACED })),
  );
});

Deno.test("describeCipher names the ciphers there are, and numbers others", () => {
  assert.equal(describeCipher(1), "ChaCha20-Poly1305");
  assert.equal(describeCipher(2), "AES-256-GCM");
  assert.equal(describeCipher(7), "cipher 7");
});
