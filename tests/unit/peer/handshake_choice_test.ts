import assert from "node:assert/strict";
import { CipherId } from "../../../src/peer/aead.ts";
import { chooseCipher, chooseVersion } from "../../../src/peer/handshake_choice.ts";

const { CHACHA20_POLY1305: CHACHA, AES_256_GCM: AES } = CipherId;

Deno.test("chooseCipher takes the smallest sum of ranks, and of equal ones the lower id", () => {
  assert.equal(chooseCipher([AES, CHACHA], [AES, CHACHA]), AES);
  assert.equal(chooseCipher([CHACHA, AES], [CHACHA, AES]), CHACHA);
  assert.equal(chooseCipher([AES, CHACHA], [CHACHA, AES]), CHACHA, "a tie");
  assert.equal(chooseCipher([CHACHA, AES], [AES, CHACHA]), CHACHA, "a tie");
  assert.equal(chooseCipher([CHACHA, AES], [AES, 9, CHACHA]), AES);
});

Deno.test("chooseCipher takes only what both have", () => {
  assert.equal(chooseCipher([AES, CHACHA], [CHACHA]), CHACHA);
  assert.equal(chooseCipher([CHACHA], [AES, CHACHA]), CHACHA);
  assert.equal(chooseCipher([CHACHA], [AES, 9]), null);
  assert.equal(chooseCipher([CHACHA], []), null);
});

Deno.test("chooseVersion takes the newest that both speak", () => {
  assert.equal(chooseVersion({ minVersion: 2, maxVersion: 2 }), 2);
  assert.equal(chooseVersion({ minVersion: 1, maxVersion: 9 }), 2);
  assert.equal(chooseVersion({ minVersion: 3, maxVersion: 9 }), null);
  assert.equal(chooseVersion({ minVersion: 1, maxVersion: 1 }), null, "of before bonding");
});
