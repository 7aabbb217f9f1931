/**
 * Shows what a user typed inside an error message, without showing a password: a mistyped proxy may
 * hold one anywhere (`user:pw@host:1`, `host:1080:user:pw`, `socks5://user:pw` with the host
 * forgotten).
 *
 * @module
 */

/** Longest piece of a value that a message shows, in characters. */
const MAX_SHOWN_CHARS = 80;

/** A value in quotes, control characters escaped. What could hold credentials is hidden. */
export function quoteValue(text: string): string {
  return text.includes("@") || text.includes("://") ? quoteProxy(text) : inQuotes(text);
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
  return inQuotes(scheme + hiddenUser + shown + hiddenRest);
}

function inQuotes(text: string): string {
  const shown = text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}...` : text;
  return JSON.stringify(shown);
}
