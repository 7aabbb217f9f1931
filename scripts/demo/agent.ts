/**
 * What the demo's own processes inside the namespaces have in common: they say when they are ready,
 * write lines to stdout, and end when their stdin does, so that they never outlive the demo.
 *
 * @module
 */

import { writeText } from "../../src/text_output.ts";

/** The line that says an agent is ready. */
export const READY = "ready";

/** What takes the network away from a phone. */
export const CUT_SIGNAL = "SIGUSR1";

/** How long a reader that is slow is waited for, in ms. */
const PATIENCE_MS = 1_000;

/** Writes one line to stdout. */
export function say(line: string): void {
  writeText(Deno.stdout, `${line}\n`, PATIENCE_MS);
}

/** Says that the agent is ready, then waits for the end of stdin. */
export async function serveStdin(): Promise<void> {
  say(READY);
  for await (const _ of Deno.stdin.readable); // nothing is said to it: only the end counts
}
