/**
 * The chart over time: rates as layers that add up to the whole, round trip and loss as lines. Drawn by uPlot, which a classic
 * script has made global.
 *
 * @module
 */

import { byId, fillSegments, h, press, setText } from "./dom.js";
import { percent, rate, timeOfDay } from "./format.js";
import { combine } from "./samples.js";

/** What can be shown. Layers add up. */
const KINDS = {
  receivedBps: { label: "Receiving", isLayered: true },
  sentBps: { label: "Sending", isLayered: true },
  roundTripMs: { label: "Round trip", isLayered: false },
  lossFraction: { label: "Loss", isLayered: false },
};

/** How long, in s. */
const SPANS = { 60: "1 min", 300: "5 min", 600: "10 min" };

/** The least that the upper end of the chart stands for, so that noise looks like noise. */
const LEAST_TOP = { receivedBps: 100e3, sentBps: 100e3, roundTripMs: 50, lossFraction: 0.02 };

/** The chart with its buttons and its legend. */
export class Chart {
  #kind = "receivedBps";
  #spanS = 300;
  #samples;
  /** What the present plot was made for; another one is made when it changes. */
  #shape = "";
  #plot = null;
  #groups = [];
  #columns = [];

  constructor(samples) {
    this.#samples = samples;
    const kinds = Object.entries(KINDS).map(([value, { label }]) => ({ value, label }));
    fillSegments(byId("chart-kinds"), kinds, (value) => this.#choose({ kind: value }));
    const spans = Object.entries(SPANS).map(([value, label]) => ({ value, label }));
    fillSegments(byId("chart-spans"), spans, (value) => this.#choose({ spanS: Number(value) }));
    new ResizeObserver(() => this.#resize()).observe(byId("chart"));
    // Colours are read when the plot is made.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#shape = "";
      this.draw();
    });
    this.#choose({});
  }

  /** Draws what the samples are now. */
  draw() {
    const samples = this.#samples;
    this.#groups = samples.groups();
    const shape = JSON.stringify([
      this.#kind,
      this.#groups.map(({ key, name, colour }) => [key, name, colour]),
    ]);
    const count = samples.atMs.length;
    this.#columns = this.#groups.map(({ links }) => combine(links, this.#kind, count));
    const { isLayered } = KINDS[this.#kind];
    const drawn = isLayered ? stack(this.#columns, count) : this.#columns;
    const data = [samples.atMs.map((ms) => ms / 1_000), ...drawn];
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#options(), data, byId("chart"));
      this.#makeLegend();
    } else {
      this.#plot.setData(data);
    }
    this.#fillLegend();
  }

  #choose({ kind = this.#kind, spanS = this.#spanS }) {
    this.#kind = kind;
    this.#spanS = spanS;
    press(byId("chart-kinds"), kind);
    press(byId("chart-spans"), String(spanS));
    if (this.#samples.atMs.length > 0) this.draw();
  }

  #resize() {
    this.#plot?.setSize(sizeOf(byId("chart")));
  }

  #options() {
    const kind = this.#kind;
    const { isLayered } = KINDS[kind];
    const colours = this.#groups.map(({ colour }) => colourOf(colour));
    const text = cssValue("--soft");
    const axis = {
      stroke: text,
      font: '12px system-ui, "Segoe UI", sans-serif',
      ticks: { show: false },
    };
    return {
      ...sizeOf(byId("chart")),
      legend: { show: false },
      cursor: { y: false, points: { show: !isLayered }, drag: { x: false, y: false } },
      padding: [8, 30, 0, 0],
      scales: {
        x: { range: () => this.#timeRange() },
        y: { range: (_plot, _min, max) => [0, 1.08 * Math.max(max ?? 0, LEAST_TOP[kind])] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 70,
          values: (_plot, at) => at.map(clockTick),
          size: 28,
        },
        {
          ...axis,
          grid: { stroke: cssValue("--line"), width: 1 },
          size: 46,
          space: 36,
          values: (plot, ticks) => this.#ticks(plot, ticks),
        },
      ],
      series: [
        {},
        ...colours.map((colour, i) => ({
          label: this.#groups[i].name,
          stroke: colour,
          width: isLayered ? 1 : 2,
          // Lines are told apart without colours, too.
          ...(isLayered ? {} : { dash: DASHES[i % DASHES.length] }),
          ...(isLayered && i === 0 ? { fill: faint(colour) } : {}),
          points: { show: false },
          spanGaps: false,
        })),
      ],
      bands: isLayered
        ? colours.slice(1).map((colour, i) => ({ series: [i + 2, i + 1], fill: faint(colour) }))
        : [],
      hooks: { setCursor: [() => this.#fillLegend()] },
    };
  }

  /** The last minutes; of a daemon that has just begun, what there is. */
  #timeRange() {
    const { atMs } = this.#samples;
    const lastS = (atMs.at(-1) ?? Date.now()) / 1_000;
    const ageS = lastS - (atMs[0] ?? 0) / 1_000;
    return [lastS - Math.min(this.#spanS, Math.max(60, ageS)), lastS];
  }

  #ticks(plot, ticks) {
    const unit = byId("chart-unit");
    if (this.#kind === "roundTripMs") {
      setText(unit, "ms");
      return ticks.map((tick) => String(tick));
    }
    if (this.#kind === "lossFraction") {
      setText(unit, "% of what this end sends");
      return ticks.map((tick) => String(Number((100 * tick).toFixed(1))));
    }
    const top = plot.scales.y.max;
    const [scale, name] = top < 2e6
      ? [1e3, "kbit/s"]
      : top < 2e9
      ? [1e6, "Mbit/s"]
      : [1e9, "Gbit/s"];
    setText(unit, name);
    return ticks.map((tick) => String(Number((tick / scale).toFixed(2))));
  }

  #makeLegend() {
    const items = this.#groups.map(({ name, colour }) =>
      h("li", {}, h("i", { class: `swatch ${colourClass(colour)}` }), h("span", {}, name), h("b"))
    );
    byId("legend").replaceChildren(h("li", { class: "legend-time" }), ...items);
  }

  /** The numbers under the pointer, or the last ones. */
  #fillLegend() {
    const { atMs } = this.#samples;
    const pointed = this.#plot?.cursor.idx ?? null;
    const index = pointed ?? atMs.length - 1;
    const [time, ...items] = byId("legend").children;
    if (time === undefined || atMs.length === 0) return;
    setText(time, pointed === null ? "now" : timeOfDay(new Date(atMs[index])));
    items.forEach((item, i) => setText(item.lastChild, this.#show(this.#columns[i]?.[index])));
  }

  #show(value) {
    if (value === null || value === undefined) return "–";
    if (this.#kind === "roundTripMs") return `${value.toFixed(0)} ms`;
    if (this.#kind === "lossFraction") return `${percent(value)} %`;
    return rate(value).join(" ");
  }
}

/** The class that gives an element a group's colour. */
export function colourClass(colour) {
  return colour === null || colour === undefined ? "colour-others" : `colour-${colour}`;
}

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [12, 5], [1, 2]];

/** Each column on top of those before it. */
function stack(columns, count) {
  const sums = Array(count).fill(0);
  return columns.map((column) => column.map((value, i) => (sums[i] += value ?? 0)));
}

function sizeOf(element) {
  return { width: element.clientWidth, height: element.clientHeight };
}

function clockTick(seconds) {
  const text = timeOfDay(new Date(1_000 * seconds));
  return text.endsWith(":00") ? text.slice(0, 5) : text;
}

function colourOf(colour) {
  return cssValue(colour === null ? "--colour-others" : `--colour-${colour}`);
}

function faint(colour) {
  return `${colour}${cssValue("--fill-alpha")}`;
}

function cssValue(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
