/**
 * Random bytes of the system's generator.
 *
 * @module
 */

/** So many. */
export function randomBytes(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(lengthBytes));
}

/** The same in hexadecimal. */
export function randomHex(lengthBytes: number): string {
  return randomBytes(lengthBytes).toHex();
}
