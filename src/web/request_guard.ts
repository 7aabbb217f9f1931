/**
 * Who may ask the web page's server for what. The page is served to a browser that other pages run in as well, and these must
 * neither read it nor switch links:
 *
 * - a name that somebody lets point to this machine (DNS rebinding) arrives in `Host`: only addresses of this machine, `localhost`
 *   and, where a token is asked for besides, this machine's own name are taken;
 * - a foreign page that sends something here (CSRF) is told by `Origin`, or by `Sec-Fetch-Site`, which pages cannot set; and a
 *   command is JSON, which no form sends. No cookie is ever set, so that a browser adds nothing by itself;
 * - where a token is asked for, nothing of the daemon is told without it.
 *
 * Pure.
 *
 * @module
 */

import { canonicalHost, ipScope, parseIp } from "../ip_literal.ts";

/** What a request says of itself; header fields that are not there are null. */
export interface WebRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string | null;
  readonly origin: string | null;
  /** `Sec-Fetch-Site` */
  readonly fetchSite: string | null;
  readonly contentType: string | null;
  /** Whether it brings the token; true where none is asked for. */
  readonly hasToken: boolean;
}

/** What is served, and where. */
export interface GuardPolicy {
  /** The address that is listened on: an IP literal. */
  readonly listenHost: string;
  readonly needsToken: boolean;
  /** This machine's name, without a domain. */
  readonly machineName: string;
  /** The method of each path besides HEAD, which is allowed with GET. */
  readonly methods: ReadonlyMap<string, "GET" | "POST">;
}

/** Why a request is not answered. */
export interface Refusal {
  readonly status: number;
  /** One line for whoever sees it. */
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Paths that tell something of the daemon, or change it. The others are the page itself, which is the same everywhere. */
const API = "/api/";

/** Judges a request. @returns null: it may be answered. */
export function refuse(request: WebRequest, policy: GuardPolicy): Refusal | null {
  const { method, path, host, origin, fetchSite } = request;
  if (host === null || !isOurHost(host, policy)) {
    return refusal(403, "This page is reached by this machine's address only, not by this name");
  }
  // A proxy in front that speaks TLS keeps the host.
  if (origin !== null && origin !== `http://${host}` && origin !== `https://${host}`) {
    return refusal(403, "This came from another page");
  }
  const isApi = path.startsWith(API);
  if (isApi && fetchSite !== null && fetchSite !== "same-origin" && fetchSite !== "none") {
    return refusal(403, "This came from another page");
  }
  const allowed = policy.methods.get(path);
  if (allowed === undefined) return refusal(404, "There is nothing here");
  if (method !== allowed && !(method === "HEAD" && allowed === "GET")) {
    return refusal(405, `Only ${allowed} works here`, {
      allow: allowed === "GET" ? "GET, HEAD" : allowed,
    });
  }
  if (!isApi) return null;
  if (!request.hasToken) {
    return refusal(401, "A token is missing, or it is the wrong one", {
      "www-authenticate": "Bearer",
    });
  }
  if (method === "POST" && !/^application\/json\s*(;|$)/i.test(request.contentType ?? "")) {
    return refusal(415, "A command is JSON: say so in Content-Type");
  }
  return null;
}

/** Whether an address is of this machine alone. */
export function isLoopback(host: string): boolean {
  const bytes = parseIp(host);
  return bytes !== null && ipScope(bytes) === "loopback";
}

/** @param host as in the header, with or without a port */
function isOurHost(host: string, policy: GuardPolicy): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host);
  const name = (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, "");
  if (name === undefined) return false;
  if (name === "localhost" || isLoopback(name)) return true;
  const bytes = parseIp(name);
  if (bytes !== null) {
    const listen = parseIp(policy.listenHost);
    const listensOnAll = listen !== null && ipScope(listen) === "unspecified";
    return listensOnAll || canonicalHost(name) === canonicalHost(policy.listenHost);
  }
  const machine = policy.machineName.toLowerCase();
  return policy.needsToken && machine !== "" &&
    (name === machine || name.startsWith(`${machine}.`));
}

function refusal(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return { status, message, headers };
}
