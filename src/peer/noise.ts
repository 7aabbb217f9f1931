/**
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s (and IK, for the public vectors), and nothing else: revision 34
 * of the Noise Protocol Framework. Pure.
 *
 * ```
 * IKpsk2:
 *   <- s
 *   ...
 *   -> e, es, s, ss
 *   <- e, ee, se, psk
 * ```
 *
 * Where a pattern has a psk, an ephemeral public key is mixed into the key too (§9.2).
 *
 * @module
 */

import { concatBytes } from "./concat_bytes.ts";
import { type DiffieHellman, KEY_BYTES, type KeyPair } from "./key_pair.ts";
import { TAG_BYTES } from "./primitives.ts";
import { SymmetricState } from "./symmetric_state.ts";

/** Bytes of the first message besides its payload: e, sealed s, the payload's tag. */
export const NOISE_INITIATION_OVERHEAD_BYTES = KEY_BYTES + KEY_BYTES + TAG_BYTES + TAG_BYTES;

/** Bytes of the second message besides its payload: e, the payload's tag. */
export const NOISE_RESPONSE_OVERHEAD_BYTES = KEY_BYTES + TAG_BYTES;

/** What a handshake of either side is begun with. */
export interface NoiseOptions {
  readonly dh: DiffieHellman;
  readonly prologue: Uint8Array;
  readonly localStatic: KeyPair;
  /** Made anew for each handshake; its secret is the handshake's from then on, and wiped with it. */
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
  readonly #options: NoiseOptions & { readonly remoteStatic: Uint8Array };
  readonly #psk: Uint8Array<ArrayBuffer> | null;
  /** After our message; null before it, and once the handshake is over. */
  #state: SymmetricState | null = null;
  #isBegun = false;

  /** `psk` is copied; all else is borrowed for the handshake's life. */
  constructor(options: NoiseOptions & { readonly remoteStatic: Uint8Array }) {
    this.#options = options;
    this.#psk = options.psk === null ? null : Uint8Array.from(options.psk);
  }

  /**
   * First message: e, es, s, ss, payload: 32 + 48 + payload + 16 bytes. Once only: a second one would use a nonce again.
   * @throws Error when the remote key is of low order.
   */
  writeInitiation(payload: Uint8Array): Uint8Array<ArrayBuffer> {
    if (this.#isBegun) throw new Error("Invariant: a handshake has one initiation");
    this.#isBegun = true;
    const { dh, localStatic, localEphemeral, remoteStatic, prologue } = this.#options;
    const es = dh.sharedSecret(localEphemeral.secretKey, remoteStatic);
    const ss = dh.sharedSecret(localStatic.secretKey, remoteStatic);
    if (es === null || ss === null) {
      throw new Error("Cannot begin handshake: the master's public key is of low order");
    }
    const state = begin(prologue, remoteStatic, this.#psk !== null);
    mixEphemeral(state, localEphemeral.publicKey, this.#psk !== null);
    mixSecret(state, es);
    const sealedStatic = state.encryptAndHash(localStatic.publicKey);
    mixSecret(state, ss);
    const sealedPayload = state.encryptAndHash(payload);
    this.#state = state;
    return concatBytes(localEphemeral.publicKey, sealedStatic, sealedPayload);
  }

  /**
   * Second message: e, ee, se, psk, payload. A message that does not authenticate leaves the state as it was, so
   * that the true one can still come. The true one ends the handshake: after it, as after {@link NoiseInitiator.wipe},
   * every message gives null.
   * @returns the payload and the keys, or null when it does not authenticate.
   */
  readResponse(
    message: Uint8Array,
  ): { readonly payload: Uint8Array<ArrayBuffer>; readonly keys: NoiseKeys } | null {
    if (!this.#isBegun) throw new Error("Invariant: a response is read after an initiation");
    if (this.#state === null || message.length < NOISE_RESPONSE_OVERHEAD_BYTES) return null;
    const state = this.#state.clone();
    const result = this.#read(state, message);
    state.wipe();
    if (result !== null) this.wipe();
    return result;
  }

  #read(
    state: SymmetricState,
    message: Uint8Array,
  ): { readonly payload: Uint8Array<ArrayBuffer>; readonly keys: NoiseKeys } | null {
    const { dh, localStatic, localEphemeral } = this.#options;
    const remoteEphemeral = message.subarray(0, KEY_BYTES);
    mixEphemeral(state, remoteEphemeral, this.#psk !== null);
    const ee = dh.sharedSecret(localEphemeral.secretKey, remoteEphemeral);
    const se = dh.sharedSecret(localStatic.secretKey, remoteEphemeral);
    if (ee === null || se === null) return null;
    mixSecret(state, ee);
    mixSecret(state, se);
    if (this.#psk !== null) state.mixKeyAndHash(this.#psk);
    const payload = state.decryptAndHash(message.subarray(KEY_BYTES));
    if (payload === null) return null;
    const { initiatorKey, responderKey, handshakeHash } = state.split();
    return { payload, keys: { sendKey: initiatorKey, receiveKey: responderKey, handshakeHash } };
  }

  /** Wipes secrets, the ephemeral key included. Idempotent. */
  wipe(): void {
    this.#isBegun = true;
    this.#state?.wipe();
    this.#state = null;
    this.#psk?.fill(0);
    this.#options.localEphemeral.secretKey.fill(0);
  }
}

/** What a responder keeps between the two messages. */
interface HeardInitiation {
  readonly state: SymmetricState;
  readonly remoteStatic: Uint8Array<ArrayBuffer>;
  readonly remoteEphemeral: Uint8Array<ArrayBuffer>;
}

/** The master's side. */
export class NoiseResponder {
  readonly #options: Omit<NoiseOptions, "psk"> & { readonly hasPsk: boolean };
  #heard: HeardInitiation | null = null;
  #isOver = false;

  /** `options.psk` says whether the pattern has one at all; which, says {@link NoiseResponder.writeResponse}. */
  constructor(options: Omit<NoiseOptions, "psk"> & { readonly hasPsk: boolean }) {
    this.#options = options;
  }

  /**
   * First message. One that does not authenticate changes nothing, so that the next can be tried; of several good
   * ones the newest is answered. After {@link NoiseResponder.writeResponse} or {@link NoiseResponder.wipe} null.
   * @returns who speaks and what, or null when it does not authenticate.
   */
  readInitiation(
    message: Uint8Array,
  ):
    | { readonly remoteStatic: Uint8Array<ArrayBuffer>; readonly payload: Uint8Array<ArrayBuffer> }
    | null {
    if (this.#isOver || message.length < NOISE_INITIATION_OVERHEAD_BYTES) return null;
    const { prologue, localStatic, hasPsk } = this.#options;
    const state = begin(prologue, localStatic.publicKey, hasPsk);
    const result = this.#read(state, message);
    if (result === null) {
      state.wipe();
      return null;
    }
    this.#heard?.state.wipe();
    const { remoteStatic, payload } = result;
    this.#heard = { state, remoteStatic, remoteEphemeral: message.slice(0, KEY_BYTES) };
    return { remoteStatic: Uint8Array.from(remoteStatic), payload };
  }

  #read(
    state: SymmetricState,
    message: Uint8Array,
  ):
    | { readonly remoteStatic: Uint8Array<ArrayBuffer>; readonly payload: Uint8Array<ArrayBuffer> }
    | null {
    const { dh, localStatic, hasPsk } = this.#options;
    const remoteEphemeral = message.subarray(0, KEY_BYTES);
    const payloadStart = KEY_BYTES + KEY_BYTES + TAG_BYTES;
    mixEphemeral(state, remoteEphemeral, hasPsk);
    const es = dh.sharedSecret(localStatic.secretKey, remoteEphemeral);
    if (es === null) return null;
    mixSecret(state, es);
    const remoteStatic = state.decryptAndHash(message.subarray(KEY_BYTES, payloadStart));
    if (remoteStatic === null) return null;
    const ss = dh.sharedSecret(localStatic.secretKey, remoteStatic);
    if (ss === null) return null;
    mixSecret(state, ss);
    const payload = state.decryptAndHash(message.subarray(payloadStart));
    return payload === null ? null : { remoteStatic, payload };
  }

  /**
   * Second message: 32 + payload + 16 bytes. Once only: a second one would use a nonce again.
   * @param psk that of whom {@link NoiseResponder.readInitiation} named (32 bytes, zeros when none was agreed); null for IK.
   * @returns null when a key of the other end is of low order.
   */
  writeResponse(
    psk: Uint8Array | null,
    payload: Uint8Array,
  ): { readonly message: Uint8Array<ArrayBuffer>; readonly keys: NoiseKeys } | null {
    const { dh, localEphemeral, hasPsk } = this.#options;
    if (this.#heard === null) throw new Error("Invariant: no initiation to respond to");
    if ((psk !== null) !== hasPsk) {
      throw new Error("Invariant: the pattern says whether it has a psk");
    }
    const { state, remoteStatic, remoteEphemeral } = this.#heard;
    mixEphemeral(state, localEphemeral.publicKey, hasPsk);
    const ee = dh.sharedSecret(localEphemeral.secretKey, remoteEphemeral);
    const se = dh.sharedSecret(localEphemeral.secretKey, remoteStatic);
    if (ee === null || se === null) {
      this.wipe();
      return null;
    }
    mixSecret(state, ee);
    mixSecret(state, se);
    if (psk !== null) state.mixKeyAndHash(psk);
    const sealedPayload = state.encryptAndHash(payload);
    const { initiatorKey, responderKey, handshakeHash } = state.split();
    this.wipe();
    return {
      message: concatBytes(localEphemeral.publicKey, sealedPayload),
      keys: { sendKey: responderKey, receiveKey: initiatorKey, handshakeHash },
    };
  }

  /** Wipes secrets, the ephemeral key included. Idempotent. */
  wipe(): void {
    this.#isOver = true;
    this.#heard?.state.wipe();
    this.#heard = null;
    this.#options.localEphemeral.secretKey.fill(0);
  }
}

/** Initialize with the pre-message `<- s` (§5.3). */
function begin(prologue: Uint8Array, responderStatic: Uint8Array, hasPsk: boolean): SymmetricState {
  const pattern = hasPsk ? "IKpsk2" : "IK";
  const state = SymmetricState.of(`Noise_${pattern}_25519_ChaChaPoly_BLAKE2s`);
  state.mixHash(prologue);
  state.mixHash(responderStatic);
  return state;
}

/** Token e, in either direction. */
function mixEphemeral(state: SymmetricState, publicKey: Uint8Array, hasPsk: boolean): void {
  state.mixHash(publicKey);
  if (hasPsk) state.mixKey(publicKey);
}

/** A token of two letters: the shared secret is used up by it. */
function mixSecret(state: SymmetricState, sharedSecret: Uint8Array): void {
  state.mixKey(sharedSecret);
  sharedSecret.fill(0);
}
