/**
 * The ciphers of OpenSSL's libcrypto: the fast implementation, where that library is found.
 *
 * @module
 */

import { EvpOpener, EvpSealer } from "../../ffi/evp_aead.ts";
import type { EvpAeadOptions, EvpCipherName } from "../../ffi/evp_context.ts";
import { loadLibcrypto } from "../../ffi/libcrypto.ts";
import {
  AEAD_HEADER_BYTES,
  type AeadProvider,
  CipherId,
  type Opener,
  type Sealer,
} from "../peer/aead.ts";
import { rankCiphers } from "./cipher_rank.ts";
import { PacketOpener, PacketSealer } from "./packet_cipher.ts";

/**
 * Loads the library and finds out which cipher is the faster one on this machine (2 ms).
 *
 * Its buffers must be views of at least 128 bytes whose length is fixed, as packet slots are: their address is used.
 * @throws Error when the library can't be loaded, saying what was tried, or lacks a cipher (as in FIPS mode).
 */
export function openLibcryptoAead(): AeadProvider {
  const { label } = loadLibcrypto();
  const ciphers = rankCiphers(
    [CipherId.AES_256_GCM, CipherId.CHACHA20_POLY1305],
    createSealer,
    () => performance.now(),
  );
  return { label, ciphers, createSealer, createOpener };
}

function createSealer(cipher: CipherId, key: Uint8Array): Sealer {
  return new PacketSealer(new EvpSealer(optionsOf(cipher, key)));
}

function createOpener(cipher: CipherId, key: Uint8Array): Opener {
  return new PacketOpener(new EvpOpener(optionsOf(cipher, key)));
}

function optionsOf(cipher: CipherId, key: Uint8Array): EvpAeadOptions {
  const name = EVP_NAMES[cipher];
  if (name === undefined) throw new Error(`Invariant: libcrypto has no cipher ${cipher}`);
  return { cipher: name, key, additionalBytes: AEAD_HEADER_BYTES };
}

const EVP_NAMES: Readonly<Record<number, EvpCipherName>> = {
  [CipherId.CHACHA20_POLY1305]: "ChaCha20-Poly1305",
  [CipherId.AES_256_GCM]: "AES-256-GCM",
};
