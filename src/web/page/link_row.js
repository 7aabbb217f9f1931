/**
 * A link on the page.
 *
 * @module
 */

import { colourClass } from "./chart.js";
import { h, setAttribute, setQuantity, setText, svg } from "./dom.js";
import { bytes, percent, rate } from "./format.js";
import { RateCell } from "./rate_cell.js";

/** Marks beside the words, for whoever sees no colours. */
export const STATE_MARKS = { up: "●", probing: "◐", connecting: "◌", off: "○" };

const MODES = ["speed", "redundant", "backup", "cheapest"];

/** One link: what it is and does, and what can be done with it. */
export class LinkRow {
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
  #shareBar = makeBar();
  #budgetBar = makeBar();
  #budgetText = h("span");
  #budget = h("p", { class: "budget", hidden: "" }, this.#budgetBar.ground, this.#budgetText);
  #onCommand;
  #toggle = null;
  #mode = null;
  #link = null;
  #isLast = false;

  constructor(onCommand) {
    this.#onCommand = onCommand;
    this.#share.element.append(this.#shareBar.ground);
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
    setAttribute(this.#shareBar.rect, "width", String(isUp ? 60 * link.share : 0));
    setAttribute(this.#shareBar.rect, "class", colourClass(colour));
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

  /** @param budget what a link has used of what it may; undefined: nobody counts that */
  #showBudget(budget) {
    this.#budget.hidden = budget === undefined;
    if (budget === undefined) return;
    const fraction = budget.limitBytes === null ? 0 : budget.usedBytes / budget.limitBytes;
    this.#budget.classList.toggle("is-nearly-spent", fraction >= 0.8);
    setText(this.#budgetText, describeBudget(budget, fraction));
    setAttribute(this.#budgetBar.ground, "class", budget.limitBytes === null ? "is-away" : "bar");
    setAttribute(this.#budgetBar.rect, "width", String(60 * Math.min(1, fraction)));
  }
}

function figureCell(label) {
  const value = h("p", { class: "figure" });
  return { value, element: h("div", { class: "cell" }, h("p", { class: "label" }, label), value) };
}

/** A bar of 60 units. */
function makeBar() {
  const ground = svg("svg", { class: "bar", viewBox: "0 0 60 4", "aria-hidden": "true" });
  const rect = svg("rect", { height: "4", rx: "2" });
  ground.append(svg("rect", { class: "bar-ground", width: "60", height: "4", rx: "2" }), rect);
  return { ground, rect };
}

function describeBudget(budget, fraction) {
  const { usedBytes, limitBytes, cost, resetsOn, runsOutOn, isSpent } = budget;
  const used = limitBytes === null
    ? `${bytes(usedBytes)} used`
    : `${bytes(usedBytes)} of ${bytes(limitBytes)} used (${percent(fraction)} %)`;
  return [
    used,
    typeof cost === "number" ? `cost ${cost.toFixed(2)}` : [],
    isSpent ? "spent" : [],
    runsOutOn ? `runs out on ${runsOutOn}` : [],
    resetsOn ? `begins anew on ${resetsOn}` : [],
  ].flat().join(" · ");
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
