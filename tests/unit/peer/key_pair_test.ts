import assert from "node:assert/strict";
import { generateKeyPair } from "../../../src/peer/key_pair.ts";
import { nobleDiffieHellman as dh } from "../../../src/peer/primitives.ts";

Deno.test("generateKeyPair makes two ends agree on a secret", () => {
  let next = 1;
  const randomBytes = (lengthBytes: number): Uint8Array<ArrayBuffer> =>
    new Uint8Array(lengthBytes).fill(next++);
  const a = generateKeyPair(dh, randomBytes);
  const b = generateKeyPair(dh, randomBytes);
  assert.notDeepEqual(a.publicKey, b.publicKey);
  assert.deepEqual(
    dh.sharedSecret(a.secretKey, b.publicKey),
    dh.sharedSecret(b.secretKey, a.publicKey),
  );
});
