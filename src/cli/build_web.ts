/**
 * What `--http` and `--http-token` ask for.
 *
 * @module
 */

import type { WebSpec } from "../daemon_options.ts";
import { UsageError } from "../usage_error.ts";
import type { GivenOptions } from "./given_options.ts";
import { parseListenAddress } from "./values.ts";

/** What an HTTP header takes as a bearer token (RFC 6750 §2.1), too long to be guessed. */
const TOKEN = /^[A-Za-z0-9._~+/=-]{16,256}$/;

/** The web page; nothing when it is not asked for. @throws {UsageError} */
export function buildWeb(given: GivenOptions): { readonly web?: WebSpec } {
  const token = given.findOne("http-token");
  // Not quoted: it is a secret.
  if (token !== undefined && !TOKEN.test(token.value)) {
    throw new UsageError(
      `${token.subject}: type 16 to 256 letters, digits, and . _ ~ + / = -, or leave it out`,
    );
  }
  const http = given.findOne("http");
  if (http === undefined) {
    if (token?.origin === "command line") {
      throw new UsageError(`${token.subject} needs --http: add it, or leave the token out`);
    }
    return {};
  }
  const listen = parseListenAddress(http.value, http.subject, "127.0.0.1");
  return { web: { ...listen, token: token?.value ?? null } };
}
