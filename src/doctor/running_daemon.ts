/**
 * Whether a bindlink runs on this machine already, by what it serves at its metrics address.
 *
 * @module
 */

import type { MetricsSpec } from "../daemon_options.ts";
import type { Health } from "../metrics/health.ts";

/** A daemon on loopback answers at once, or hangs. */
const TIMEOUT_MS = 1_500;

/** What it says of itself; null: nobody answers there, or somebody else. */
export async function findRunningDaemon(
  metrics: MetricsSpec | null,
): Promise<Health["body"] | null> {
  if (metrics === null) return null;
  const any = metrics.host === "0.0.0.0"
    ? "127.0.0.1"
    : metrics.host === "::"
    ? "::1"
    : metrics.host;
  const host = any.includes(":") ? `[${any}]` : any;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(`http://${host}:${metrics.port}/healthz`, { signal });
    const body: unknown = await response.json();
    return isHealth(body) ? body : null;
  } catch {
    return null; // nobody listens, or what listens is no bindlink
  }
}

function isHealth(body: unknown): body is Health["body"] {
  return typeof body === "object" && body !== null && "role" in body && "linkStates" in body &&
    Array.isArray(body.linkStates);
}
