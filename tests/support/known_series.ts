/**
 * What /metrics really prints, as dashboards and alerts may name it.
 *
 * @module
 */

import { Exposition } from "../../src/metrics/exposition.ts";
import type { MetricInput } from "../../src/metrics/metric.ts";
import { parsePrometheusText } from "./prometheus_text.ts";
import { parsePromql } from "./promql.ts";

/** Labels that Prometheus adds to every series. */
const SCRAPE_LABELS: readonly string[] = ["job", "instance"];
/** What Prometheus itself knows of a daemon. */
const SCRAPE_METRICS: readonly string[] = ["up"];
/** Labels whose values are fixed by the program; the others are names. */
const FIXED_LABELS: readonly string[] = ["state", "use", "reason", "direction"];
/** Counters, and the parts of a histogram, which are some. */
const COUNTER_NAME = /_(?:total|bucket|sum|count)$/;
/** Functions of counters, which go back to 0 at a start. */
const COUNTER_FUNCTIONS: readonly string[] = ["rate", "irate", "increase"];

/** Metrics with their labels and the labels' values. */
export class KnownSeries {
  /** Metric -> label -> values that it has. */
  readonly #labels = new Map<string, Map<string, Set<string>>>();

  private constructor(text: string) {
    for (const metric of SCRAPE_METRICS) this.#labels.set(metric, new Map());
    for (const { name, labels } of parsePrometheusText(text)) {
      const known = this.#labels.get(name) ?? new Map<string, Set<string>>();
      this.#labels.set(name, known);
      for (const [label, value] of labels) {
        known.set(label, (known.get(label) ?? new Set()).add(value));
      }
    }
  }

  /** What is printed of that input, which should have at least one of everything. */
  static async of(input: MetricInput): Promise<KnownSeries> {
    return new KnownSeries(await new Exposition(() => input).render());
  }

  /** Names of the metrics. */
  get metrics(): readonly string[] {
    return [...this.#labels.keys()].filter((name) => !SCRAPE_METRICS.includes(name));
  }

  /** The labels of a metric, those of Prometheus included. @throws Error: there is no such metric. */
  labelsOf(metric: string): readonly string[] {
    const labels = this.#labels.get(metric);
    if (labels === undefined) throw new Error(`There is no metric ${metric}`);
    return [...SCRAPE_LABELS, ...labels.keys()];
  }

  /**
   * Checks all that an expression names; counters may only be asked for how fast they rise.
   * @returns its metrics. @throws Error naming what does not exist.
   */
  check(expression: string): readonly string[] {
    const { selectors, groupings } = parsePromql(expression);
    if (selectors.length === 0) throw new Error(`It names no metric: ${expression}`);
    const known = new Set<string>();
    for (const { metric, labels, rangeFunction } of selectors) {
      const names = this.labelsOf(metric);
      for (const name of names) known.add(name);
      for (const [label, values] of labels) {
        if (!names.includes(label)) throw new Error(`${metric} has no label ${label}`);
        for (const value of values) this.#checkValue(metric, label, value);
      }
      if (COUNTER_NAME.test(metric) !== COUNTER_FUNCTIONS.includes(rangeFunction)) {
        throw new Error(`${metric} must not be asked for by "${rangeFunction}": ${expression}`);
      }
    }
    for (const label of groupings) {
      if (!known.has(label)) throw new Error(`No metric has the label ${label}: ${expression}`);
    }
    return selectors.map(({ metric }) => metric);
  }

  #checkValue(metric: string, label: string, value: string): void {
    if (!FIXED_LABELS.includes(label)) return;
    if (this.#labels.get(metric)?.get(label)?.has(value) === true) return;
    throw new Error(`${metric} has no ${label}="${value}"`);
  }
}
