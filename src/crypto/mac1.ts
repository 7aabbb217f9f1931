/**
 * The MAC of handshake datagrams, fast: a master checks one for each datagram that anybody sends it as a handshake. At
 * 10,000 forged ones a second noble's (20 to 30 µs for an initiation) takes a quarter of a core, this one's 2.3 µs a fortieth
 * (measured: tests/bench/handshake.ts).
 *
 * @module
 */

import type { Mac } from "../peer/cookie.ts";
import { mac1KeyOf } from "../peer/handshake_message.ts";
import { MAC_BYTES } from "../peer/primitives.ts";

/**
 * Keyed BLAKE2s for mac1 of what is sent to the owner of a public key (docs/protocol.md). hash-wasm is imported only here
 * and now: a slave needs none of it.
 */
export async function openMac1(publicKey: Uint8Array): Promise<Mac> {
  const { createBLAKE2s } = await import("hash-wasm");
  const hasher = await createBLAKE2s(MAC_BYTES * 8, mac1KeyOf(publicKey));
  return (data) => hasher.init().update(data).digest("binary");
}
