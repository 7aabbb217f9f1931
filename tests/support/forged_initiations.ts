/**
 * Handshake initiations as a stranger can make them who knows the master's public key, and no more.
 *
 * @module
 */

import { MIN_HELLO_BYTES, writeInitiation } from "../../src/peer/handshake_message.ts";
import { decodeJoinToken } from "../../src/peer/join_token.ts";
import { NOISE_INITIATION_OVERHEAD_BYTES } from "../../src/peer/noise.ts";
import { Packet } from "../../src/wire/packet.ts";

/** Initiations of right length and mac1 that decrypt to nothing. @param token says the master's public key. */
export function forgedInitiations(token: string, count: number): Uint8Array[] {
  const decoded = decodeJoinToken(token);
  if (typeof decoded === "string") throw new Error(decoded);
  const packet = new Packet(600);
  return Array.from({ length: count }, (_, index) => {
    const noise = new Uint8Array(NOISE_INITIATION_OVERHEAD_BYTES + MIN_HELLO_BYTES);
    crypto.getRandomValues(noise);
    writeInitiation(packet, index, noise, decoded.masterKey);
    return packet.toBytes().slice();
  });
}
