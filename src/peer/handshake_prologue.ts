/**
 * Noise's prologue (§6) of one handshake: the protocol's name and the initiation's sender index. Pure.
 *
 * WireGuard leaves the index out of what is authenticated: whoever knows the master's public key (mac1's key follows from
 * it) can then take a recorded initiation, write another index into it, and it is a good one that differs from the first.
 * With the index in the prologue an initiation authenticates as a whole, so that two good ones with the same stamp are the
 * same bytes, a session always has the index its slave chose, and a changed copy fails at the first decryption.
 *
 * @module
 */

import { PROLOGUE } from "./handshake_message.ts";

/** The prologue. @param senderIndex the initiation's: u32. */
export function handshakePrologue(senderIndex: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PROLOGUE.length + 4);
  bytes.set(PROLOGUE);
  new DataView(bytes.buffer).setUint32(PROLOGUE.length, senderIndex);
  return bytes;
}
