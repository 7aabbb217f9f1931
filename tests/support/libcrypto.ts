/**
 * Whether this machine has libcrypto.
 *
 * @module
 */

import { loadLibcrypto } from "../../ffi/libcrypto.ts";

/**
 * Whether it can be loaded: the daemon takes libsodium where it can't. To be called at module level: the library stays
 * open, and would count as a leak of whichever test came first.
 */
export function isLibcryptoThere(): boolean {
  try {
    loadLibcrypto();
    return true;
  } catch {
    return false;
  }
}
