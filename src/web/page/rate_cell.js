/**
 * A rate in numbers, and as it was in the last minute.
 *
 * @module
 */

import { colourClass } from "./chart.js";
import { h, setAttribute, setQuantity, setText, svg } from "./dom.js";
import { bytes, rate } from "./format.js";

/** Samples in a small chart. */
const SPARK_SAMPLES = 60;
const SPARK_WIDTH = 96;
const SPARK_HEIGHT = 22;

/** One direction of a link. */
export class RateCell {
  #value = h("p", { class: "figure" });
  #total = h("p", { class: "hint total" });
  #path = svg("path", { "vector-effect": "non-scaling-stroke" });
  #spark = svg("svg", {
    class: "spark",
    viewBox: `0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });

  constructor(arrow, label) {
    this.#spark.append(this.#path);
    const head = h("p", { class: "label" }, h("i", { class: `arrow ${arrow}` }), label);
    this.element = h("div", { class: "cell rate" }, head, this.#value, this.#spark, this.#total);
  }

  update(flow, samples, colour) {
    setQuantity(this.#value, rate(flow.bps));
    setText(this.#total, `${bytes(flow.bytes)} in all`);
    setAttribute(this.#path, "class", colourClass(colour));
    setAttribute(this.#path, "d", sparkPath((samples ?? []).slice(-SPARK_SAMPLES)));
  }
}

/** An area, the newest sample at the right. */
function sparkPath(samples) {
  const top = Math.max(50e3, ...samples.map((value) => value ?? 0));
  const step = SPARK_WIDTH / (SPARK_SAMPLES - 1);
  const from = SPARK_WIDTH - step * (samples.length - 1);
  if (samples.length < 2) return "";
  const points = samples.map((value, i) => {
    const y = SPARK_HEIGHT - (SPARK_HEIGHT - 1) * (value ?? 0) / top;
    return `${(from + i * step).toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${from.toFixed(1)} ${SPARK_HEIGHT}L${points.join("L")}L${SPARK_WIDTH} ${SPARK_HEIGHT}Z`;
}
