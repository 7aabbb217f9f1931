/**
 * ping, as a test of whether a way exists.
 *
 * @module
 */

import { awaitCondition } from "./await_condition.ts";
import type { Namespace } from "./namespace.ts";

/** Waits until a ping comes back. @throws Error when none does in time. */
export async function waitForPing(
  namespace: Namespace,
  host: string,
  timeoutMs = 10_000,
): Promise<void> {
  await awaitCondition(
    `a ping of ${host}`,
    async () => {
      // With a deadline (-w) it sends until one comes back: so this returns when the way is there.
      await namespace.run(["ping", "-c", "1", "-i", "0.05", "-w", "2", host]);
      return true;
    },
    { timeoutMs, intervalMs: 20 },
  );
}

/** What became of some pings. */
export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** Minimum, mean, maximum and deviation, as ping prints them: `0.8/1.3/7.4/1.3 ms`. */
  readonly rtt: string;
}

/**
 * Sends pings, 10 ms apart, all the same size.
 * @param payloadBytes 28 less than the IPv4 packet
 * @param fragments whether they may be fragmented (ping's -M)
 */
export async function ping(
  namespace: Namespace,
  host: string,
  count = 50,
  payloadBytes = 56,
  fragments: "do" | "dont" = "do",
): Promise<PingResult> {
  const args = [
    "-c",
    String(count),
    "-i",
    "0.01",
    "-q",
    "-s",
    String(payloadBytes),
    "-M",
    fragments,
    "-W",
    "1",
  ];
  // Exit code 1: not all came back, which is for the caller to judge.
  const text = await namespace.run(["sh", "-c", 'ping "$@" || [ $? = 1 ]', "sh", ...args, host]);
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? [];
  return {
    sent: Number(sent),
    received: Number(received),
    rtt: /= (\S+ ms)/.exec(text)?.[1] ?? "",
  };
}
