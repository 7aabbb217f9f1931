import assert from "node:assert/strict";
import { openAeadProvider } from "../../../src/crypto/aead_provider.ts";

// A file of its own: libcrypto must not have been loaded before in this process's modules.

Deno.test("openAeadProvider takes libsodium where libcrypto can't be loaded, and says why", {
  permissions: { ffi: false, read: true, sys: true },
}, async () => {
  const unusable: string[] = [];
  const provider = await openAeadProvider({
    onUnusable: (implementation, error) => unusable.push(`${implementation}: ${error.message}`),
  });
  assert.match(provider.label, /^libsodium /);
  assert.equal(unusable.length, 1);
  assert.match(unusable[0]!, /^libcrypto: Cannot load libcrypto, tried .*ffi access/);
});

Deno.test("openAeadProvider fails when what it is told to use can't be loaded", {
  permissions: { ffi: false },
}, async () => {
  await assert.rejects(
    () => openAeadProvider({ only: "libcrypto" }),
    /^Error: Cannot encrypt packets: Cannot load libcrypto, tried /,
  );
});
