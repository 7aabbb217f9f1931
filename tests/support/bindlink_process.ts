/**
 * The daemon as a real process in a namespace, and what its log and metrics say.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { V8_FLAGS } from "../../scripts/v8_flags.ts";
import { awaitCondition } from "./await_condition.ts";
import type { Namespace } from "./namespace.ts";
import type { ProcessOptions, TestProcess } from "./process.ts";
import { parsePrometheusText, type PrometheusSample } from "./prometheus_text.ts";

const ENTRY = fileURLToPath(new URL("../../mod.ts", import.meta.url));

/** The command that runs the daemon from its sources, by the Deno that runs the test. */
export const BINDLINK_FROM_SOURCE: readonly string[] = [
  Deno.execPath(),
  "run",
  "-A",
  "--quiet",
  "--unstable-net",
  V8_FLAGS,
  ENTRY,
];

/** Where every daemon of a test serves its metrics: its own namespace's loopback. */
const METRICS_URL = "http://127.0.0.1:8080";

/** How a daemon is started. */
export interface BindlinkOptions extends ProcessOptions {
  /** What to run; from source by default. */
  readonly program?: readonly string[];
}

/** A running daemon. */
export class BindlinkProcess implements AsyncDisposable {
  readonly namespace: Namespace;
  readonly process: TestProcess;
  readonly #metricsUrl: string;

  private constructor(namespace: Namespace, process: TestProcess, metricsUrl: string) {
    this.namespace = namespace;
    this.process = process;
    this.#metricsUrl = metricsUrl;
  }

  /** Starts a daemon and waits until it says that it runs. */
  static async start(
    namespace: Namespace,
    args: readonly string[],
    options: BindlinkOptions = {},
  ): Promise<BindlinkProcess> {
    const { program = BINDLINK_FROM_SOURCE, ...processOptions } = options;
    const process = namespace.spawn([...program, ...args], processOptions);
    const metrics = args.indexOf("--metrics");
    const url = metrics < 0 ? METRICS_URL : `http://127.0.0.1:${args[metrics + 1]}`;
    const daemon = new BindlinkProcess(namespace, process, url);
    try {
      await process.waitForLine(/Running as/, 20_000);
      return daemon;
    } catch (error) {
      await daemon.stop();
      throw error;
    }
  }

  /** All of `/metrics`, checked against the format. */
  async metrics(): Promise<readonly PrometheusSample[]> {
    const { status, body } = await this.namespace.fetchText(`${this.#metricsUrl}/metrics`);
    if (status !== 200) throw new Error(`/metrics answers ${status}`);
    return parsePrometheusText(body);
  }

  /**
   * One metric by its name: link id (or another label) -> value.
   * @param where labels that a sample must have, e.g. `{ slave: "laptop" }`; any by default.
   */
  async metricBy(
    name: string,
    label: string,
    where: Readonly<Record<string, string>> = {},
  ): Promise<ReadonlyMap<string, number>> {
    const wanted = Object.entries(where);
    const samples = (await this.metrics()).filter((sample) =>
      sample.name === name && wanted.every(([key, value]) => sample.labels.get(key) === value)
    );
    return new Map(samples.map(({ labels, value }) => [labels.get(label) ?? "", value]));
  }

  /** Drops so far: reason -> packets. */
  dropsByReason(): Promise<ReadonlyMap<string, number>> {
    return this.metricBy("bindlink_dropped_packets_total", "reason");
  }

  /** Drops so far for one reason, by its label. */
  async drops(reason: string): Promise<number> {
    return (await this.dropsByReason()).get(reason) ?? NaN;
  }

  /** Ids of the links that are up. @param where as for {@link metricBy}: which slave's, at a master. */
  async linksUp(where: Readonly<Record<string, string>> = {}): Promise<string[]> {
    const up = await this.metricBy("bindlink_link_up", "id", where);
    return [...up].filter(([, value]) => value === 1).map(([id]) => id);
  }

  /** Waits until exactly these links are up. @param where as for {@link metricBy}: which slave's, at a master. */
  async waitForLinks(
    ids: readonly number[],
    timeoutMs = 15_000,
    where: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const { process } = this;
    await awaitCondition(
      `links ${ids.join(", ")} to be up, no others`,
      async () => process.ended !== null || (await this.linksUp(where)).join() === ids.join(),
      { timeoutMs, intervalMs: 100, detail: () => process.output },
    );
    if (process.ended !== null) throw new Error(`The daemon has ended:\n${process.output}`);
  }

  /** Stops it with SIGTERM. @returns its exit code. */
  async stop(): Promise<number> {
    return (await this.process.stop()).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** What was dropped between two looks at {@link BindlinkProcess.dropsByReason}: reason -> packets, those with none left out. */
export function moreDrops(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const more = [...after].map(([reason, packets]): [string, number] => [
    reason,
    packets - (before.get(reason) ?? 0),
  ]);
  return new Map(more.filter(([, packets]) => packets !== 0));
}
