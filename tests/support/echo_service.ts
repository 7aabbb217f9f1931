/**
 * The service of echo_main.ts, and its client, as processes.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Namespace } from "./namespace.ts";
import type { TestProcess } from "./process.ts";

const MAIN = fileURLToPath(new URL("echo_main.ts", import.meta.url));
const COMMAND = [Deno.execPath(), "run", "-A", "--quiet", MAIN] as const;

/** What a client was answered. */
export interface EchoReport {
  /** The service's first line. */
  readonly banner: string;
  /** Sent, and come back unchanged. */
  readonly bytes: number;
  /** Half of the words came back within this time. */
  readonly medianMs: number;
}

/** Starts a service; resolves when it listens. */
export async function startEchoService(
  namespace: Namespace,
  host: string,
  port: number,
): Promise<TestProcess> {
  const process = namespace.spawn([...COMMAND, "serve", host, String(port)]);
  try {
    await process.waitForLine(/^listening$/);
    return process;
  } catch (error) {
    await process.stop();
    throw error;
  }
}

/** Talks with a service. @throws Error when it does not say back what it was told. */
export async function talkToEcho(
  namespace: Namespace,
  host: string,
  port: number,
): Promise<EchoReport> {
  return JSON.parse(
    await namespace.run(["timeout", "30", ...COMMAND, "talk", host, String(port)]),
  );
}
