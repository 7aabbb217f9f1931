/**
 * The list of links: a row each, made once and then changed, so that a menu that is open stays open.
 *
 * @module
 */

import { colourClass } from "./chart.js";
import { h, setAttribute, setQuantity, setText, svg } from "./dom.js";
import { bytes, percent, rate } from "./format.js";
import { linkKey } from "./samples.js";

/** Samples in a small chart. */
const SPARK_SAMPLES = 60;
const SPARK_WIDTH = 96;
const SPARK_HEIGHT = 22;

/** Marks beside the words, for whoever sees no colours. */
const STATE_MARKS = { up: "●", probing: "◐", connecting: "◌", off: "○" };

const MODES = ["speed", "redundant", "backup", "cheapest"];

/** Shows links. */
export class LinkList {
  #container;
  #samples;
  #onCommand;
  #rows = new Map();
  #order = "";

  /** @param onCommand (request, name of the link, whether it is the last that is on) => Promise<void> */
  constructor(container, samples, onCommand) {
    this.#container = container;
    this.#samples = samples;
    this.#onCommand = onCommand;
  }

  /** Shows a report's links. */
  show(report, isControllable) {
    const colours = this.#colours();
    const onlyOne = report.links.filter(({ state }) => state !== "off").length === 1;
    const parts = [];
    const add = (slave, link) => {
      const key = linkKey(slave, link.id);
      const row = this.#rows.get(key) ?? this.#makeRow(key, isControllable);
      const series = this.#samples.links.get(key);
      const colour = colours.get(slave === "" ? key : slave);
      row.update({ link, colour, series, isLast: onlyOne && link.state !== "off" });
      parts.push({ key, element: row.element });
    };
    for (const link of report.links) add("", link);
    for (const slave of report.slaves) {
      parts.push({ key: `slave ${slave.name}`, element: this.#slaveHead(slave, colours) });
      for (const link of slave.links) add(slave.name, link);
    }
    this.#arrange(parts, report);
  }

  #colours() {
    return new Map(this.#samples.groups().map(({ key, colour }) => [key, colour]));
  }

  #makeRow(key, isControllable) {
    const row = new LinkRow(isControllable ? this.#onCommand : null);
    this.#rows.set(key, row);
    return row;
  }

  #slaveHead(slave, colours) {
    const key = `slave ${slave.name}`;
    if (!this.#rows.has(key)) this.#rows.set(key, { element: h("div", { class: "slave" }) });
    const { element } = this.#rows.get(key);
    const state = slave.isConnected ? "up" : "off";
    const text = JSON.stringify([slave, colours.get(slave.name)], ["name", "isConnected"]) +
      slave.sentBytes + slave.receivedBytes;
    if (element.dataset.shown === text) return element;
    element.dataset.shown = text;
    element.replaceChildren(
      h("i", { class: `swatch ${colourClass(colours.get(slave.name))}` }),
      h("h3", {}, slave.name),
      h(
        "span",
        { class: `state ${state}` },
        `${STATE_MARKS[state]} `,
        slave.isConnected ? "connected" : "away",
      ),
      h("span", { class: "hint" }, slave.addresses.join(", ")),
      h(
        "span",
        { class: "hint end" },
        `${bytes(slave.receivedBytes)} received, ${bytes(slave.sentBytes)} sent`,
      ),
    );
    return element;
  }

  /** Puts the rows in their order, if that has changed. */
  #arrange(parts, report) {
    const order = JSON.stringify([parts.map(({ key }) => key), report.slavesLeftOut]);
    if (order === this.#order) return;
    this.#order = order;
    const keys = new Set(parts.map(({ key }) => key));
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#rows.delete(key);
    const elements = parts.map(({ element }) => element);
    if (parts.length === 0) {
      elements.push(
        h("p", { class: "hint" }, report.role === "master" ? "No slave yet" : "No link"),
      );
    }
    if (report.slavesLeftOut > 0) {
      elements.push(
        h(
          "p",
          { class: "hint" },
          `and ${report.slavesLeftOut} more slaves: bindlink slaves lists all`,
        ),
      );
    }
    this.#container.replaceChildren(...elements);
  }
}

/** One link. */
class LinkRow {
  #swatch = h("i");
  #name = h("h3");
  #state = h("span");
  #reason = h("p", {
    class: "reason",
    title: "Of what this end sends; the other end decides for its own",
  });
  #way = h("p", { class: "way" });
  #received = new RateCell("down", "Receiving");
  #sent = new RateCell("up", "Sending");
  #roundTrip = figureCell("Round trip");
  #loss = figureCell("Loss");
  #share = figureCell("Share");
  #shareBar = svg("rect", { height: "4", rx: "2" });
  #budget = h("p", { class: "budget", hidden: "" });
  #onCommand;
  #toggle = null;
  #mode = null;
  #link = null;
  #isLast = false;

  constructor(onCommand) {
    this.#onCommand = onCommand;
    const bar = svg("svg", { class: "bar", viewBox: "0 0 60 4", "aria-hidden": "true" });
    bar.append(
      svg("rect", { class: "bar-ground", width: "60", height: "4", rx: "2" }),
      this.#shareBar,
    );
    this.#share.element.append(bar);
    this.element = h(
      "article",
      { class: "link" },
      h(
        "div",
        { class: "who" },
        h("div", { class: "name" }, this.#swatch, this.#name, this.#state),
        this.#reason,
        this.#way,
        this.#budget,
      ),
      this.#received.element,
      this.#sent.element,
      this.#roundTrip.element,
      this.#loss.element,
      this.#share.element,
      ...(onCommand === null ? [] : [this.#makeControls()]),
    );
  }

  /** Shows a link as it is now. */
  update({ link, colour, series, isLast }) {
    this.#link = link;
    this.#isLast = isLast;
    setAttribute(
      this.element,
      "class",
      `link is-${link.state}${this.#onCommand ? "" : " is-shown-only"}`,
    );
    setAttribute(this.element, "data-name", link.name);
    setAttribute(this.#swatch, "class", `swatch ${colourClass(colour)}`);
    setText(this.#name, link.name);
    setAttribute(this.#state, "class", `state ${link.state}`);
    setText(this.#state, `${STATE_MARKS[link.state] ?? ""} ${link.state}`);
    setText(this.#reason, link.reason);
    setText(this.#way, describeWay(link));
    this.#received.update(link.received, series?.receivedBps, colour);
    this.#sent.update(link.sent, series?.sentBps, colour);
    const isUp = link.state === "up";
    const roundTrip = isUp && link.roundTripMs !== null ? link.roundTripMs.toFixed(0) : null;
    setQuantity(this.#roundTrip.value, roundTrip === null ? ["–", ""] : [roundTrip, "ms"]);
    setQuantity(this.#loss.value, isUp ? [percent(link.lossFraction), "%"] : ["–", ""]);
    setQuantity(this.#share.value, isUp ? [percent(link.share), "%"] : ["–", ""]);
    setAttribute(this.#shareBar, "width", String(isUp ? 60 * link.share : 0));
    setAttribute(this.#shareBar, "class", colourClass(colour));
    this.#showBudget(link.budget);
    this.#updateControls();
  }

  #makeControls() {
    this.#toggle = h("button", { type: "button", role: "switch", class: "switch" }, h("i"));
    this.#toggle.addEventListener("click", () => {
      const { name, state } = this.#link;
      const command = state === "off" ? "link.up" : "link.down";
      this.#send({ command, name });
    });
    const option = (mode) => h("option", { value: mode }, mode);
    this.#mode = h("select", {}, ...MODES.map(option), h("option", { value: "" }, "as the tunnel"));
    this.#mode.addEventListener("change", () => {
      const { value } = this.#mode;
      const settings = { mode: value === "" ? null : value };
      this.#send({ command: "link.set", name: this.#link.name, settings });
    });
    return h("div", { class: "controls" }, this.#mode, this.#toggle);
  }

  #updateControls() {
    if (this.#toggle === null) return;
    const { name, state, settings } = this.#link;
    setAttribute(this.#toggle, "aria-checked", String(state !== "off"));
    setAttribute(this.#toggle, "aria-label", `${name} on or off`);
    setAttribute(this.#mode, "aria-label", `Mode of ${name}`);
    if (document.activeElement !== this.#mode) this.#mode.value = settings.mode;
  }

  async #send(request) {
    if (request.command === "link.down" && this.#isLast) {
      const question =
        `No other link is on: without ${request.name} the tunnel stops. Switch it off?`;
      if (!confirm(question)) return;
    }
    this.element.classList.add("is-busy");
    for (const control of [this.#toggle, this.#mode]) control.disabled = true;
    try {
      await this.#onCommand(request);
    } finally {
      this.element.classList.remove("is-busy");
      for (const control of [this.#toggle, this.#mode]) control.disabled = false;
      this.#mode.blur();
    }
  }

  /** @param budget what a metered link has used of what it may; undefined: it has none */
  #showBudget(budget) {
    const hasBudget = budget !== undefined && budget !== null && budget.limitBytes > 0;
    this.#budget.hidden = !hasBudget;
    if (!hasBudget) return;
    const used = budget.usedBytes / budget.limitBytes;
    this.#budget.classList.toggle("is-nearly-spent", used >= 0.8);
    setText(
      this.#budget,
      `${bytes(budget.usedBytes)} of ${bytes(budget.limitBytes)} used (${percent(used)} %)`,
    );
  }
}

/** A rate in numbers and as it was in the last minute. */
class RateCell {
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

function figureCell(label) {
  const value = h("p", { class: "figure" });
  return { value, element: h("div", { class: "cell" }, h("p", { class: "label" }, label), value) };
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

function describeWay({ kind, address, transport, settings }) {
  const caps = [
    settings.capUpBps === null ? [] : `at most ${rate(settings.capUpBps).join(" ")} up`,
    settings.capDownBps === null ? [] : `at most ${rate(settings.capDownBps).join(" ")} down`,
  ];
  const words = [
    kind === "learned" ? address : `${kind} ${address}`,
    transport === "tcp" ? "over TCP" : [],
    settings.isMetered ? "metered" : [],
    ...caps,
  ];
  return words.flat().join(" · ");
}
