/**
 * Keys as text: 32 bytes in base64 (RFC 4648 §4), as WireGuard's tools write them.
 *
 * @module
 */

import { KEY_BYTES } from "../peer/key_pair.ts";

/** 32 bytes as 44 characters. */
export function encodeKey(key: Uint8Array): string {
  return btoa(String.fromCharCode(...key));
}

/** The inverse; null when the text is anything but that. Blanks around it are the caller's to cut. */
export function decodeKey(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return null;
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  // The last character carries two bits that belong to no byte: one text per key.
  return bytes.length === KEY_BYTES && encodeKey(bytes) === text ? bytes : null;
}
