/**
 * The Prometheus text format. prom-client writes the format; the numbers are read from a
 * snapshot when someone asks, so that counting costs the packet path nothing, and a link that is
 * gone leaves no series behind.
 *
 * @module
 */

import { Counter, Gauge, Registry } from "prom-client";
import { METRICS } from "./catalog.ts";
import type { MetricDefinition, MetricInput } from "./metric.ts";

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

  #fill(
    definition: MetricDefinition,
    metric: Counter | Gauge,
    set: (labels: Record<string, string | number>, value: number) => void,
  ): void {
    const input = this.#input;
    if (input === null) throw new Error("Invariant: collected outside of a rendering");
    metric.reset();
    definition.read(input, (value, ...labelValues) => {
      const pairs = definition.labelNames.map((label, i) => [label, labelValues[i] ?? ""]);
      set(Object.fromEntries(pairs), value);
    });
  }
}
