/**
 * The Prometheus text format. prom-client writes the format; the numbers are read from a
 * snapshot when someone asks, so that counting costs the packet path nothing, and a link that is
 * gone leaves no series behind.
 *
 * @module
 */

import { Counter, Gauge, type Metric, Registry } from "prom-client";
import type { DelayHistogram } from "../snapshot.ts";
import { HISTOGRAMS, METRICS } from "./catalog.ts";
import type { HistogramDefinition, MetricDefinition, MetricInput } from "./metric.ts";

/** Content type of the text format, version 0.0.4. */
export const EXPOSITION_CONTENT_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** Shows the metrics of one daemon. */
export class Exposition {
  readonly #registry = new Registry();
  readonly #read: () => MetricInput;
  #input: MetricInput | null = null;
  #rendering: Promise<string> | null = null;

  /** @param read takes the snapshots; called once for each rendering. */
  constructor(read: () => MetricInput, definitions: readonly MetricDefinition[] = METRICS) {
    this.#read = read;
    for (const definition of definitions) this.#register(definition);
    for (const definition of HISTOGRAMS) this.#registerHistogram(definition);
  }

  /** All metrics as text. Who asks while a rendering runs gets the same one. */
  render(): Promise<string> {
    this.#rendering ??= this.#renderOnce().finally(() => this.#rendering = null);
    return this.#rendering;
  }

  async #renderOnce(): Promise<string> {
    this.#input = this.#read();
    try {
      return await this.#registry.metrics();
    } finally {
      this.#input = null;
    }
  }

  #register(definition: MetricDefinition): void {
    const { name, help } = definition;
    const labelNames = [...definition.labelNames];
    const registers = [this.#registry];
    if (definition.type === "counter") {
      const counter: Counter = new Counter({
        name,
        help,
        labelNames,
        registers,
        collect: () =>
          this.#fill(definition, counter, (labels, value) => {
            counter.inc(labels, value);
          }),
      });
    } else {
      const gauge: Gauge = new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect: () => this.#fill(definition, gauge, (labels, value) => gauge.set(labels, value)),
      });
    }
  }

  /** prom-client's own histogram can only observe: it cannot be set to what was counted elsewhere. So one that is asked as its are. */
  #registerHistogram({ name, help, read }: HistogramDefinition): void {
    const get = (): Promise<unknown> => {
      return Promise.resolve({
        name,
        help,
        type: "histogram",
        values: linesOf(name, read(this.#now)),
      });
    };
    this.#registry.registerMetric({ name, help, type: "histogram", get } as unknown as Metric);
  }

  /** What is rendered. */
  get #now(): MetricInput {
    if (this.#input === null) throw new Error("Invariant: collected outside of a rendering");
    return this.#input;
  }

  #fill(
    definition: MetricDefinition,
    metric: Counter | Gauge,
    set: (labels: Record<string, string | number>, value: number) => void,
  ): void {
    metric.reset();
    definition.read(this.#now, (value, ...labelValues) => {
      const pairs = definition.labelNames.map((label, i) => [label, labelValues[i] ?? ""]);
      set(Object.fromEntries(pairs), value);
    });
  }
}

/** A number of a histogram as prom-client prints it. */
interface HistogramLine {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Each bucket holds those before it as well (prometheus.io, "Text-based format"). */
function linesOf(
  name: string,
  { boundsSeconds, counts, sumSeconds }: DelayHistogram,
): HistogramLine[] {
  let total = 0;
  const buckets = counts.map((count, i): HistogramLine => {
    total += count;
    const le = i < boundsSeconds.length ? String(boundsSeconds[i]) : "+Inf";
    return { metricName: `${name}_bucket`, labels: { le }, value: total };
  });
  const sum = { metricName: `${name}_sum`, labels: {}, value: sumSeconds };
  return [...buckets, sum, { metricName: `${name}_count`, labels: {}, value: total }];
}
