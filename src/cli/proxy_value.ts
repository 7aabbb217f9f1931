/**
 * Reads one SOCKS5 proxy of `--proxies`. Its errors never show credentials.
 *
 * @module
 */

import type { ProxySpec } from "../linkmap/link_spec.ts";
import { UsageError } from "../usage_error.ts";
import { quoteProxy } from "./quote.ts";
import { parseHostPort } from "./values.ts";

/** Longest user name and password, in bytes of UTF-8 (RFC 1929 §2: one length byte each). */
const MAX_CREDENTIAL_BYTES = 255;

/**
 * `HOST:PORT` or `socks5://[USER:PASSWORD@]HOST:PORT` (`socks5h://`, curl's word for "the proxy
 * resolves names", means the same here). User and password are percent-decoded (RFC 3986 §2.1).
 * @throws {UsageError}
 */
export function parseProxy(text: string, subject: string): ProxySpec {
  const fail = (problem: string): never => {
    throw new UsageError(`${subject} ${quoteProxy(text)}: ${problem}`);
  };
  const url = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*?)\/?$/s.exec(text);
  if (url === null) {
    if (text.includes("@")) {
      return fail("to give a user and a password, type socks5://USER:PASSWORD@HOST:PORT");
    }
    return parseHostPort(text, subject, quoteProxy);
  }
  const scheme = (url[1] ?? "").toLowerCase();
  if (scheme !== "socks5" && scheme !== "socks5h") {
    return fail("only SOCKS5 proxies will do: type socks5://HOST:PORT");
  }
  const authority = url[2] ?? "";
  const at = authority.lastIndexOf("@");
  const hostPort = parseHostPort(authority.slice(at + 1), subject, () => quoteProxy(text));
  if (at < 0) return hostPort;
  const userinfo = authority.slice(0, at);
  const colon = userinfo.indexOf(":");
  if (colon < 0) return fail("the password is missing: type socks5://USER:PASSWORD@HOST:PORT");
  const username = decodeCredential(userinfo.slice(0, colon), "user name", fail);
  const password = decodeCredential(userinfo.slice(colon + 1), "password", fail);
  return { ...hostPort, credentials: { username, password } };
}

function decodeCredential(text: string, what: string, fail: (problem: string) => never): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    return fail(`the ${what} holds a % that is not an escape: write it as %25`);
  }
  const bytes = new TextEncoder().encode(decoded).length;
  if (bytes < 1 || bytes > MAX_CREDENTIAL_BYTES) {
    return fail(`the ${what} must have 1 to ${MAX_CREDENTIAL_BYTES} bytes`);
  }
  return decoded;
}
