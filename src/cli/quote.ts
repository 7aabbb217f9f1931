/**
 * Shows what a user typed inside an error message, without showing a password, a key or a token: a
 * mistyped proxy may hold a password anywhere (`user:pw@host:1`, `host:1080:user:pw`,
 * `socks5://user:pw` with the host forgotten), and a token may stand where something else belongs.
 *
 * @module
 */

/** Longest piece of a value that a message shows, in characters. */
const MAX_SHOWN_CHARS = 80;

/**
 * A join token, or its beginning: `bindlink1_...` (../peer/join_token.ts, which is not imported, since
 * help and version would load its cryptography).
 */
const TOKEN = /bindlink\d+_.*$/is;

/** What may be a key in base64 (43 characters and a `=`), whole or nearly so, or a piece of a token. */
const KEY = /[\w+/-]{40,}=*/g;

/** A key in base64 and nothing else. */
const WHOLE_KEY = /^[\w+/-]{43}=?$/;

/** Whether a text begins as a join token does. */
export function looksLikeToken(text: string): boolean {
  return TOKEN.exec(text.trimStart())?.index === 0;
}

/** A value in quotes, control characters escaped. What could hold credentials is hidden. */
export function quoteValue(text: string): string {
  return text.includes("@") || text.includes("://") ? quoteProxy(text) : inQuotes(hideKeys(text));
}

/**
 * A value that was meant to be a proxy: only a scheme, a host and a numeric port are shown; from
 * the first other character on, and before the last `@`, it is hidden.
 */
export function quoteProxy(text: string): string {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(text)?.[0] ?? "";
  const lastAt = text.lastIndexOf("@");
  const hiddenUser = lastAt < 0 ? "" : "***@";
  const rest = lastAt < 0 ? text.slice(scheme.length) : text.slice(lastAt + 1);
  const shown = /^(?:\[[0-9A-Fa-f:.]*\]|[\w.-]*)(?::\d{1,5}(?!\d))?/.exec(rest)?.[0] ?? "";
  const hiddenRest = shown.length < rest.length ? "***" : "";
  return inQuotes(hideKeys(scheme + hiddenUser + shown + hiddenRest));
}

/** A path, which may be long; hidden when it is a key or a token, given where a file belongs. */
export function quotePath(text: string): string {
  const isSecret = TOKEN.test(text) || WHOLE_KEY.test(text) || !text.includes("/");
  return inQuotes(isSecret ? hideKeys(text) : text);
}

/** A text with a token in it hidden, wherever it stands. */
export function hideToken(text: string): string {
  return text.replace(TOKEN, "***");
}

function hideKeys(text: string): string {
  return hideToken(text).replace(KEY, "***");
}

function inQuotes(text: string): string {
  const shown = text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}...` : text;
  // JSON leaves these as they are; a terminal may act on them.
  return JSON.stringify(shown).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
