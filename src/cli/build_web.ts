/**
 * What `--http` and `--http-token` ask for.
 *
 * @module
 */

import type { WebSpec } from "../daemon_options.ts";
import { UsageError } from "../usage_error.ts";
import type { GivenOptions, SingleOption } from "./given_options.ts";
import { parseListenAddress } from "./values.ts";
import { DEFAULT_HTTP } from "./web_options.ts";

/** What an HTTP header takes as a bearer token (RFC 6750 §2.1), too long to be guessed. */
const TOKEN = /^[A-Za-z0-9._~+/=-]{16,256}$/;

/** In a file and in the environment yes stands for the option alone, and no for its absence. */
const YES: readonly string[] = ["yes", "true"];
const NO: readonly string[] = ["no", "false"];

/** The web page; nothing when it is not asked for. @throws {UsageError} */
export function buildWeb(given: GivenOptions): { readonly web?: WebSpec } {
  const http = given.findOne("http");
  const token = given.findOne("http-token");
  if (token !== undefined) checkToken(token);
  if (http === undefined || NO.includes(http.value.toLowerCase())) {
    if (token?.origin !== "command line") return {};
    throw new UsageError(`${token.subject} needs --http: add it, or leave the token out`);
  }
  const value = YES.includes(http.value.toLowerCase()) ? DEFAULT_HTTP : http.value;
  const listen = parseListenAddress(value, http.subject, "127.0.0.1");
  return { web: { ...listen, token: token?.value ?? null } };
}

/** The value is not quoted: it is a secret. */
function checkToken({ value, subject }: SingleOption): void {
  if (TOKEN.test(value)) return;
  throw new UsageError(
    `${subject}: type 16 to 256 letters, digits, and . _ ~ + / = -, or leave it out`,
  );
}
