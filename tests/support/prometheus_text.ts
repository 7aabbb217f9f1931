/**
 * Reads the Prometheus text format, version 0.0.4, strictly: what breaks a rule of
 * https://prometheus.io/docs/instrumenting/exposition_formats/ is an error. A test's own eyes: it
 * shares no code with what writes the format.
 *
 * @module
 */

/** One number with its name and labels. */
export interface PrometheusSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|$)/;
const VALUE = /^(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|Nan|[+-]Inf)$/i;

const HISTOGRAM_SUFFIXES: readonly string[] = ["_bucket", "_sum", "_count"];

/** Reads a whole answer of `/metrics`. @throws Error naming the line that breaks a rule. */
export function parsePrometheusText(text: string): PrometheusSample[] {
  if (!text.endsWith("\n")) throw new Error("The last line does not end with a line feed");
  const families = new Map<string, string>();
  const helped = new Set<string>();
  const series = new Set<string>();
  const samples: PrometheusSample[] = [];
  let family = "";
  for (const line of text.split("\n")) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    if (line === "") continue;
    if (line.startsWith("#")) {
      const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
      if (keyword === undefined) continue; // a plain comment
      if (!NAME.test(name)) fail("Not a metric name");
      if (keyword === "HELP") {
        if (helped.has(name)) fail("Second HELP");
        helped.add(name);
        continue;
      }
      if (families.has(name)) fail("Second TYPE");
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) fail("Unknown type");
      if (rest === "counter" && !name.endsWith("_total")) fail("A counter must end in _total");
      families.set(name, rest);
      family = name;
      continue;
    }
    const [, name = "", labelText = "", valueText = ""] = SAMPLE.exec(line) ?? fail("Not a sample");
    const isHistogram = families.get(family) === "histogram";
    const isOfFamily = isHistogram
      ? HISTOGRAM_SUFFIXES.some((suffix) => name === family + suffix)
      : name === family;
    if (!isOfFamily) fail("A sample outside of its family");
    if (!helped.has(family)) fail("No HELP before the sample");
    if (!VALUE.test(valueText)) fail("Not a number");
    const labels = parseLabels(labelText) ?? fail("Not labels");
    const key = `${name} ${JSON.stringify([...labels].sort())}`;
    if (series.has(key)) fail("The same series twice");
    series.add(key);
    const value = Number(valueText.replace(/inf$/i, "Infinity"));
    if (families.get(name) === "counter" && !(value >= 0)) fail("A counter below zero");
    samples.push({ name, labels, value });
  }
  return samples;
}

function parseLabels(text: string): Map<string, string> | null {
  const labels = new Map<string, string>();
  for (let rest = text; rest !== "";) {
    const [whole, name, value] = LABEL.exec(rest) ?? [];
    if (whole === undefined || name === undefined || value === undefined) return null;
    if (name.startsWith("__") || labels.has(name)) return null;
    labels.set(name, value.replace(/\\(.)/g, (_, char) => char === "n" ? "\n" : char));
    rest = rest.slice(whole.length);
  }
  return labels;
}
