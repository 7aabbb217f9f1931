/**
 * base64url without padding (RFC 4648 §5), strict: one text for each byte string. Pure.
 *
 * @module
 */

/** The bytes as text. */
export function encodeBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The inverse; null for a text that {@link encodeBase64Url} does not make: a character outside the alphabet, an impossible
 * length, bits set behind the last byte.
 */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = readBase64Url(text);
  return bytes !== null && encodeBase64Url(bytes) === text ? bytes : null;
}

/** The whole bytes that a text has, whatever is behind them: to say what is wrong with it. Null for other characters. */
export function readBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  // Of four characters one alone is no whole byte, and atob() throws for it; bits that are left over it drops.
  const whole = text.length % 4 === 1 ? text.slice(0, -1) : text;
  const binary = atob(whole.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
