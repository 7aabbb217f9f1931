import assert from "node:assert/strict";
import {
  CHECK_LINK_ID,
  CHECK_SEQ_NO,
  CHECK_TAGS,
  checkAead,
  PLAINTEXT_BYTES,
} from "../../../src/crypto/aead_check.ts";
import { openSodiumAead } from "../../../src/crypto/sodium_aead.ts";
import { type AeadProvider, CipherId, type Opener, type Sealer } from "../../../src/peer/aead.ts";
import { CIPHER_NAMES, sealByNoble } from "../../support/aead_oracle.ts";

const sound = await openSodiumAead();

type SealCall = Parameters<Sealer["seal"]>;
type OpenCall = Parameters<Opener["open"]>;

/** The sound implementation with one thing that goes wrong. */
function broken(
  faults: {
    readonly seal?: (sealer: Sealer, call: SealCall) => void;
    readonly open?: (opener: Opener, call: OpenCall) => boolean;
    readonly ciphers?: readonly CipherId[];
  },
): AeadProvider {
  return {
    label: "broken",
    ciphers: faults.ciphers ?? sound.ciphers,
    createSealer(cipher, key): Sealer {
      const sealer = sound.createSealer(cipher, key);
      const seal = (...call: SealCall): void =>
        faults.seal ? faults.seal(sealer, call) : sealer.seal(...call);
      return { seal, [Symbol.dispose]: () => sealer[Symbol.dispose]() };
    },
    createOpener(cipher, key): Opener {
      const opener = sound.createOpener(cipher, key);
      const open = (...call: OpenCall): boolean =>
        faults.open ? faults.open(opener, call) : opener.open(...call);
      return { open, [Symbol.dispose]: () => opener[Symbol.dispose]() };
    },
  };
}

for (const cipher of Object.values(CipherId)) {
  Deno.test(`checkAead knows noble's answer for ${CIPHER_NAMES[cipher]}`, () => {
    const sealed = sealByNoble(cipher, countUp(0, 32), {
      header: countUp(0, 16),
      plaintext: countUp(16, PLAINTEXT_BYTES),
      linkId: CHECK_LINK_ID,
      seqNo: CHECK_SEQ_NO,
    });
    assert.equal(sealed.subarray(-16).toHex(), CHECK_TAGS[cipher]);
  });
}

Deno.test("checkAead accepts a sound implementation", () => {
  checkAead(sound);
  checkAead(broken({}));
});

Deno.test("checkAead refuses an implementation without ChaCha20-Poly1305", () => {
  const it = broken({ ciphers: [CipherId.AES_256_GCM] });
  assert.throws(() => checkAead(it), /Cannot use broken: it has no ChaCha20-Poly1305/);
});

Deno.test("checkAead refuses one that takes the sequence number for less than it is", () => {
  const it = broken({
    seal: (sealer, [src, start, end, dst, to, linkId, seqNo]) =>
      sealer.seal(src, start, end, dst, to, linkId, seqNo % 2 ** 32),
  });
  assert.throws(() => checkAead(it), /Cannot use broken: cipher 1 seals wrongly/);
});

Deno.test("checkAead refuses one that seals nothing", () => {
  assert.throws(() => checkAead(broken({ seal: () => {} })), /seals wrongly/);
});

Deno.test("checkAead refuses one that opens nothing", () => {
  assert.throws(() => checkAead(broken({ open: () => false })), /refuses what it sealed/);
});

Deno.test("checkAead refuses one that authenticates and does not decrypt", () => {
  const it = broken({
    open: (opener, call) => {
      const isOpen = opener.open(...call);
      call[3].set(call[0].subarray(call[1], call[2]), call[4]);
      return isOpen;
    },
  });
  assert.throws(() => checkAead(it), /opens wrongly/);
});

Deno.test("checkAead refuses one that decrypts and does not authenticate", () => {
  const it = broken({
    open: (opener, call) => {
      opener.open(...call);
      return true;
    },
  });
  assert.throws(() => checkAead(it), /accepts what was changed/);
});

Deno.test("checkAead refuses one that does not look at the header", () => {
  const header = countUp(0, 16);
  const it = broken({
    open: (opener, call) => {
      const [src, start] = call;
      const real = src.slice(start - 16, start);
      src.set(header, start - 16);
      const isOpen = opener.open(...call);
      src.set(real, start - 16);
      return isOpen;
    },
  });
  assert.throws(() => checkAead(it), /accepts what was changed/);
});

function countUp(from: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => from + i);
}
