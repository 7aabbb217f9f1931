/**
 * The page of a running daemon: asks each second and shows what it is told. While nobody looks at it, it asks nothing.
 *
 * @module
 */

import { fetchLive, keepToken, sendCommand, takeToken, TokenNeeded } from "./api.js";
import { Chart } from "./chart.js";
import { byId, fillSegments, press, setAttribute, setQuantity, setText } from "./dom.js";
import { showEvents } from "./events.js";
import { bytes, duration, rate } from "./format.js";
import { LinkList } from "./links.js";
import { Samples } from "./samples.js";

const PERIOD_MS = 1_000;
const MESSAGE_MS = 8_000;

/** What the modes mean, for the line below them. */
const MODE_TEXTS = {
  speed: "Every link is used whenever it makes the tunnel faster.",
  redundant: "Each packet goes over a second link as well.",
  backup: "A link carries only while no other one is up.",
  cheapest: "Metered links are used only when the others do not suffice.",
};

const samples = new Samples();
const links = new LinkList(byId("links"), samples, command);
let chart = null;
let run = "";
let timer;
let messageTimer;

fillSegments(
  byId("mode"),
  Object.keys(MODE_TEXTS).map((mode) => ({ value: mode, label: mode })),
  (mode) => command({ command: "mode", mode }),
);
byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(byId("token").value.trim());
  ask();
});
document.addEventListener("visibilitychange", ask);
addEventListener("hashchange", () => {
  takeToken();
  ask();
});
takeToken();
ask();

/** Asks now, and then each second. */
async function ask() {
  clearTimeout(timer);
  if (document.hidden) return;
  const isAnswered = await refresh();
  clearTimeout(timer);
  if (isAnswered) timer = setTimeout(ask, PERIOD_MS);
}

/** @returns false: there is nothing to ask for before the user has given a token */
async function refresh() {
  try {
    let live = await fetchLive(samples.last);
    if (live.run !== run) {
      // Another run of the daemon: its samples are counted from 1 again.
      if (samples.last > 0) live = await fetchLive(0);
      samples.clear();
      run = live.run;
    }
    byId("token-form").hidden = true;
    show(live);
    showLive("live", "live");
  } catch (error) {
    if (error instanceof TokenNeeded) {
      byId("token-form").hidden = false;
      byId("main").hidden = true;
      byId("token").focus();
      showLive("away", "locked");
      return false;
    }
    showLive("away", "no answer");
  }
  return true;
}

function show({ report, history, isControllable }) {
  if (report === null) return showLive("away", "starting");
  // A chart that is hidden has no size.
  byId("main").hidden = false;
  samples.add(history);
  showTotals(report);
  chart ??= new Chart(samples);
  chart.draw();
  byId("mode").hidden = !isControllable;
  byId("mode-text").hidden = !isControllable;
  if (isControllable) {
    press(byId("mode"), report.mode);
    setText(byId("mode-text"), MODE_TEXTS[report.mode] ?? "");
  }
  setText(byId("links-title"), report.role === "master" ? "Slaves" : "Links");
  links.show(report, isControllable);
  showEvents(byId("events"), report.events);
}

function showTotals(report) {
  const { role, tun, totals, uptimeSeconds, version, drops } = report;
  const all = [...report.links, ...report.slaves.flatMap((slave) => slave.links)];
  const up = all.filter(({ state }) => state === "up").length;
  setText(byId("role"), `${role} ${tun.name}`);
  setQuantity(byId("receiving"), rate(totals.received.bps));
  setText(byId("received"), `${bytes(totals.received.bytes)} in all`);
  setQuantity(byId("sending"), rate(totals.sent.bps));
  setText(byId("sent"), `${bytes(totals.sent.bytes)} in all`);
  setQuantity(byId("links-up"), [String(up), `of ${all.length}`]);
  setText(byId("links-known"), describeOthers(report, all.length - up));
  setQuantity(byId("uptime"), duration(uptimeSeconds));
  setText(byId("tun"), `version ${version}`);
  const dropped = Object.entries(drops).map(([reason, count]) => `${reason} ${count}`);
  const lost = dropped.length === 0
    ? "no packet dropped"
    : `packets dropped: ${dropped.join(", ")}`;
  setText(byId("foot"), `${tun.name}, MTU ${tun.mtuBytes} · ${lost}`);
  const title = `${rate(totals.received.bps).join(" ")} · bindlink`;
  if (document.title !== title) document.title = title;
}

function describeOthers({ role, slaves, slavesLeftOut }, notUp) {
  if (role === "master") {
    const connected = slaves.filter(({ isConnected }) => isConnected).length;
    return `${connected} of ${slaves.length + slavesLeftOut} slaves connected`;
  }
  return notUp === 0 ? "all of them" : `${notUp} not up`;
}

function showLive(state, text) {
  setAttribute(byId("live"), "class", `live ${state}`);
  setText(byId("live-text"), text);
}

/** Sends a command, says what became of it, and shows how things are then. */
async function command(request) {
  try {
    await sendCommand(request);
    byId("message").hidden = true;
    await ask();
  } catch (error) {
    const isSilent = error instanceof TypeError || error.name === "TimeoutError";
    say(isSilent ? "The daemon did not answer" : error.message || "A token is needed");
  }
}

function say(text) {
  clearTimeout(messageTimer);
  setText(byId("message"), text);
  byId("message").hidden = false;
  messageTimer = setTimeout(() => void (byId("message").hidden = true), MESSAGE_MS);
}
