/**
 * Host names to addresses, by the system's resolver (so that `/etc/hosts` counts).
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { formatHostPort, type HostPort, type NetAddress } from "../net_address.ts";
import { withDeadline } from "./deadline.ts";
import { canonicalHost } from "../ip_literal.ts";

/** A resolver that needs longer is as good as none: the link tries again. */
const RESOLVE_TIMEOUT_MS = 10_000;

/** How long to wait for an answer. */
export interface ResolveOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number | undefined;
  /** Gives up at once when it fires; the rejection is then the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * All addresses of a host, in the resolver's order, each in the one form that received datagrams
 * show; a literal resolves to itself without asking.
 * @throws Error that names the host when it has none, or none can be asked for now.
 */
export async function resolveHost(
  target: HostPort,
  { timeoutMs = RESOLVE_TIMEOUT_MS, signal }: ResolveOptions = {},
): Promise<NetAddress[]> {
  const { host, port } = target;
  if (isIP(host) !== 0) return [{ hostname: canonicalHost(host), port }];
  const complaint = (reason: string, cause?: unknown): Error =>
    new Error(`Cannot resolve "${formatHostPort(host, port)}": ${reason}`, { cause });
  const onTimeout = (): Error => complaint(`no answer within ${timeoutMs} ms`);
  try {
    const found = await withDeadline(
      { timeoutMs, signal, onTimeout },
      () => lookup(host, { all: true }),
    );
    return found.map(({ address }) => ({ hostname: canonicalHost(address), port }));
  } catch (error) {
    const reason = describeLookupError(error);
    if (reason === null) throw error;
    throw complaint(reason, error);
  }
}

/** What a resolver's error means, or null for any other error. */
function describeLookupError(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") {
    return null;
  }
  if (error.code === "ENOTFOUND") return "no such name";
  if (error.code === "EAI_AGAIN") return "the name server does not answer";
  return error.message;
}
