/**
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s (and IK, for the public vectors), and nothing else: revision 34
 * of the Noise Protocol Framework. Pure.
 *
 * @module
 */

import type { DiffieHellman, KeyPair } from "./key_pair.ts";

/** What a handshake of either side is begun with. */
export interface NoiseOptions {
  readonly dh: DiffieHellman;
  readonly prologue: Uint8Array;
  readonly localStatic: KeyPair;
  /** Made anew for each handshake. */
  readonly localEphemeral: KeyPair;
  /** 32 bytes; null: the pattern IK, without a pre-shared key. The responder learns it late: see {@link NoiseResponder}. */
  readonly psk: Uint8Array | null;
}

/** The keys of one finished handshake, from the view of who holds them. 32 bytes each. */
export interface NoiseKeys {
  readonly sendKey: Uint8Array<ArrayBuffer>;
  readonly receiveKey: Uint8Array<ArrayBuffer>;
  /** Noise §11.2: names this handshake; 32 bytes. */
  readonly handshakeHash: Uint8Array<ArrayBuffer>;
}

/** The slave's side. */
export class NoiseInitiator {
  constructor(_options: NoiseOptions & { readonly remoteStatic: Uint8Array }) {}

  /** First message: e, es, s, ss, payload: 32 + 48 + payload + 16 bytes. @throws Error when the remote key is of low order. */
  writeInitiation(_payload: Uint8Array): Uint8Array<ArrayBuffer> {
    throw new Error("Invariant: not written yet");
  }

  /**
   * Second message: e, ee, se, psk, payload. A message that does not authenticate leaves the state as it was, so
   * that the true one can still come.
   * @returns the payload and the keys, or null when it does not authenticate.
   */
  readResponse(
    _message: Uint8Array,
  ): { readonly payload: Uint8Array<ArrayBuffer>; readonly keys: NoiseKeys } | null {
    throw new Error("Invariant: not written yet");
  }

  /** Wipes secrets. Idempotent. */
  wipe(): void {}
}

/** The master's side. */
export class NoiseResponder {
  /** `options.psk` says whether the pattern has one at all; which, says {@link NoiseResponder.writeResponse}. */
  constructor(_options: Omit<NoiseOptions, "psk"> & { readonly hasPsk: boolean }) {}

  /** @returns who speaks and what, or null when it does not authenticate. */
  readInitiation(
    _message: Uint8Array,
  ):
    | { readonly remoteStatic: Uint8Array<ArrayBuffer>; readonly payload: Uint8Array<ArrayBuffer> }
    | null {
    throw new Error("Invariant: not written yet");
  }

  /** @param psk that of whom {@link NoiseResponder.readInitiation} named (32 bytes, zeros when none was agreed); null for IK. */
  writeResponse(
    _psk: Uint8Array | null,
    _payload: Uint8Array,
  ): { readonly message: Uint8Array<ArrayBuffer>; readonly keys: NoiseKeys } | null {
    throw new Error("Invariant: not written yet");
  }

  /** Wipes secrets. Idempotent. */
  wipe(): void {}
}
