/**
 * What the daemon logged last, the newest first.
 *
 * @module
 */

import { h, setText } from "./dom.js";
import { timeOfDay } from "./format.js";

/** Shown without scrolling through a day's news. */
const MAX_SHOWN = 20;

const LEVEL_MARKS = { info: "", warning: "▲", error: "■" };

let shown = "";

/** Shows events; nothing is touched when there is no new one. */
export function showEvents(list, events) {
  const newest = events.slice(-MAX_SHOWN).reverse();
  const key = JSON.stringify(newest);
  if (key === shown) return;
  shown = key;
  list.replaceChildren(...newest.map(craftEvent));
  if (newest.length === 0) list.append(h("li", { class: "hint" }, "Nothing yet"));
}

function craftEvent({ at, level, message, properties }) {
  const date = new Date(at);
  const time = h("time", { datetime: at, title: date.toLocaleString() }, timeOfDay(date));
  const mark = h("i", { class: "mark", title: level });
  setText(mark, LEVEL_MARKS[level] ?? "");
  const details = Object.entries(properties).map(([name, value]) =>
    h("span", { class: "property" }, `${name} `, h("b", {}, value))
  );
  return h(
    "li",
    { class: `event ${level}` },
    time,
    mark,
    h("p", {}, h("span", { class: "event-text" }, message), ...details),
  );
}
