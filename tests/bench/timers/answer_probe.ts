/**
 * Runs `answer_probe_main.ts` inside namespaces.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Namespace } from "../../support/namespace.ts";
import type { TestProcess } from "../../support/process.ts";

const PROBE = [
  Deno.execPath(),
  "run",
  "-A",
  "--quiet",
  "--unstable-net",
  fileURLToPath(new URL("answer_probe_main.ts", import.meta.url)),
];

/** How long each answer took. */
export interface Answers {
  readonly healthzMs: readonly number[];
  readonly statusMs: readonly number[];
  /** Of a program that does nothing else: what the machine's load alone costs. */
  readonly bareMs: readonly number[];
}

/** A server; resolves when it listens. Its owner stops it. */
export async function startServer(
  namespace: Namespace,
  kind: "serve" | "socks",
  port: number,
): Promise<TestProcess> {
  return await namespace.spawnReady([...PROBE, kind, String(port)]);
}

/** Asks for that long. */
export async function askFor(
  namespace: Namespace,
  durationMs: number,
  targets: readonly [healthz: string, socket: string, bare: string],
): Promise<Answers> {
  return JSON.parse(await namespace.run([...PROBE, "ask", String(durationMs), ...targets]));
}
