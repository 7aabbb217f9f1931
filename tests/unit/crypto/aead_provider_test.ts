import assert from "node:assert/strict";
import { openAeadProvider } from "../../../src/crypto/aead_provider.ts";
import { CipherId } from "../../../src/peer/aead.ts";
import { isLibcryptoThere } from "../../support/libcrypto.ts";

// At module level: libraries stay open, and would count as a leak of whichever test came first.
const chosen = await openAeadProvider();
const libsodium = await openAeadProvider({ only: "libsodium" });

Deno.test(
  "openAeadProvider takes libcrypto where it is found",
  { ignore: !isLibcryptoThere() },
  () => {
    assert.match(chosen.label, /^\S*libcrypto\S* \(OpenSSL \d/);
    assert.deepEqual(chosen.ciphers.toSorted(), [
      CipherId.CHACHA20_POLY1305,
      CipherId.AES_256_GCM,
    ]);
  },
);

Deno.test("openAeadProvider takes libsodium when it is told to", () => {
  assert.match(libsodium.label, /^libsodium /);
});

Deno.test("openAeadProvider's implementations open each other's packets", () => {
  const key = crypto.getRandomValues(new Uint8Array(32));
  for (const [from, to] of [[chosen, libsodium], [libsodium, chosen]] as const) {
    using sealer = from.createSealer(CipherId.CHACHA20_POLY1305, key);
    using opener = to.createOpener(CipherId.CHACHA20_POLY1305, key);
    const packet = crypto.getRandomValues(new Uint8Array(new ArrayBuffer(1_500)));
    const before = packet.slice();
    sealer.seal(packet, 16, 1_400, packet, 16, 3, 2 ** 40);
    assert(opener.open(packet, 16, 1_416, packet, 16, 3, 2 ** 40));
    assert.deepEqual(packet.subarray(0, 1_400), before.subarray(0, 1_400));
  }
});
