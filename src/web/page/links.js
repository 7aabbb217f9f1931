/**
 * The list of links, at a master by slave. Rows are made once and then changed, so that a menu that is open stays open.
 *
 * @module
 */

import { colourClass } from "./chart.js";
import { h } from "./dom.js";
import { bytes } from "./format.js";
import { LinkRow, STATE_MARKS } from "./link_row.js";
import { linkKey } from "./samples.js";

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
