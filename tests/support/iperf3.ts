/**
 * iperf3: load, and how much of it got through.
 *
 * @module
 */

import { awaitCondition } from "./await_condition.ts";
import type { Namespace } from "./namespace.ts";
import { type TestProcess } from "./process.ts";

/** Congestion control is always named: new namespaces may default to another one than the machine. */
const TCP_ARGS = ["-C", "cubic"] as const;

/** An iperf3 server in a namespace. */
export class Iperf3Server implements AsyncDisposable {
  readonly #process: TestProcess;

  private constructor(process: TestProcess) {
    this.#process = process;
  }

  /** Starts one; resolves when it listens. */
  static async start(namespace: Namespace, port = 5201): Promise<Iperf3Server> {
    const process = namespace.spawn(["iperf3", "--server", "--port", String(port)]);
    try {
      await awaitCondition("iperf3 to listen", () => process.isTcpPortListening(port), {
        intervalMs: 20,
        detail: () => process.output,
      });
    } catch (error) {
      await process.stop();
      throw error;
    }
    return new Iperf3Server(process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}

/** What to send. */
export interface Iperf3Load {
  readonly host: string;
  readonly port?: number;
  readonly seconds: number;
  /** Transfers at once; 1 by default. */
  readonly streams?: number;
  /** From the server to the client. */
  readonly reverse?: boolean;
  /** UDP at this rate in bits per second; TCP when left out. */
  readonly udpBps?: number;
  /** Payload of each datagram of UDP; 1,200 by default. */
  readonly udpBytes?: number;
  /** TCP that offers no more than this, in bits per second: without a queue anywhere, what is lost is the tunnel's doing. */
  readonly tcpBps?: number;
  /** Seconds at the beginning that do not count. */
  readonly omitSeconds?: number;
  /** How long each of {@link Iperf3Result.intervals} is; 1 by default. */
  readonly intervalSeconds?: number;
}

/** What arrived. */
export interface Iperf3Result {
  /** Payload that arrived, bits per second. */
  readonly receivedBps: number;
  /** The client's view, piece by piece. */
  readonly intervals: readonly Iperf3Interval[];
}

/** A piece of a transfer, as its client has it. */
export interface Iperf3Interval {
  /** Seconds since the transfer's start. */
  readonly start: number;
  /** Seconds since the transfer's start. */
  readonly end: number;
  /** Payload that the client's kernel took. */
  readonly bytes: number;
  /** TCP segments sent again; absent with UDP, and when the client receives. */
  readonly retransmits?: number;
}

/** The part of iperf3's JSON that is read here. */
interface Iperf3Report {
  readonly error?: string;
  readonly intervals?: readonly { readonly sum: Iperf3Interval }[];
  readonly end?: {
    readonly sum?: { readonly bits_per_second: number };
    readonly sum_received?: { readonly bits_per_second: number };
  };
}

/** Starts a client; the caller waits for its end and reads it by {@link iperf3Result}. */
export function startIperf3(namespace: Namespace, load: Iperf3Load): TestProcess {
  const { host, port = 5201, seconds, streams = 1, reverse, udpBps, udpBytes = 1_200, tcpBps } =
    load;
  const { omitSeconds = 0, intervalSeconds = 1 } = load;
  const args = ["--client", host, "--port", String(port), "--time", String(seconds), "--json"];
  args.push("--interval", String(intervalSeconds));
  args.push("--parallel", String(streams), "--omit", String(omitSeconds));
  if (udpBps === undefined) args.push(...TCP_ARGS);
  else {
    args.push("--udp", "--bitrate", String(Math.round(udpBps / streams)));
    args.push("--length", String(udpBytes));
  }
  if (tcpBps !== undefined) args.push("--bitrate", String(Math.round(tcpBps / streams)));
  if (reverse === true) args.push("--reverse");
  return namespace.spawn(["iperf3", ...args, "--connect-timeout", "5000"]);
}

/** Waits for a client's end. @throws Error with iperf3's own words when it broke off. */
export async function iperf3Result(client: TestProcess): Promise<Iperf3Result> {
  const { code } = await client.status;
  const report = parseReport(client);
  if (code !== 0 || report.error !== undefined) {
    throw new Error(`iperf3 failed with ${code}: ${report.error ?? client.output}`);
  }
  const sum = report.end?.sum_received ?? report.end?.sum;
  return {
    receivedBps: sum?.bits_per_second ?? NaN,
    intervals: report.intervals?.map((it) => it.sum) ?? [],
  };
}

/**
 * A server needs a moment after a client has gone: it learns of the end over the loaded tunnel, too. Then it closes its
 * listener and makes a new one: who comes in between is refused, who stood in the old one's queue is reset.
 */
const BUSY_TIMEOUT_MS = 30_000;
const TURNED_AWAY = /unable to .*: Connection (refused|reset)/;
const TURNED_AWAY_WITHIN_MS = 1_000;

/** Runs a client to its end, once the server is free. */
export async function runIperf3(namespace: Namespace, load: Iperf3Load): Promise<Iperf3Result> {
  const deadlineMs = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    const startMs = performance.now();
    await using client = startIperf3(namespace, load);
    try {
      return await iperf3Result(client);
    } catch (error) {
      const text = error instanceof Error ? error.message : "";
      const isTurnedAway = TURNED_AWAY.test(text) &&
        performance.now() - startMs < TURNED_AWAY_WITHIN_MS;
      const isBusy = isTurnedAway || text.includes("server is busy");
      if (!isBusy || performance.now() >= deadlineMs) throw error;
    }
  }
}

function parseReport(client: TestProcess): Iperf3Report {
  try {
    return JSON.parse(client.stdout.join("\n"));
  } catch {
    return { error: client.output };
  }
}
