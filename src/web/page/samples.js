/**
 * The samples that the page has so far, and what of them belongs together in the chart: a slave's links; at a master, its slaves.
 *
 * @module
 */

/** As many as the daemon keeps. */
const MAX_SAMPLES = 600;

/** Colours; what has none is drawn together. */
export const MAX_COLOURS = 6;

const KINDS = ["sentBps", "receivedBps", "roundTripMs", "lossFraction"];

/** Samples of one run of a daemon. */
export class Samples {
  /** Number of the last sample. */
  last = 0;
  /** @type {number[]} */
  atMs = [];
  links = new Map();

  /** Forgets all. */
  clear() {
    this.last = 0;
    this.atMs = [];
    this.links.clear();
  }

  /** Adds what came after {@link last}. @param history as the server sends it */
  add(history) {
    this.last = history.last;
    const before = this.atMs.length;
    const count = history.atMs.length;
    if (count === 0) return;
    this.atMs.push(...history.atMs);
    const seen = new Set();
    for (const link of history.links) {
      const key = linkKey(link.slave, link.id);
      seen.add(key);
      if (!this.links.has(key)) this.links.set(key, emptySeries(link, before));
      const series = this.links.get(key);
      series.name = link.name;
      for (const kind of KINDS) series[kind].push(...link[kind]);
    }
    for (const [key, series] of this.links) {
      if (seen.has(key)) continue;
      for (const kind of KINDS) series[kind].push(...Array(count).fill(null));
      if (series.sentBps.every((value) => value === null)) this.links.delete(key);
    }
    this.#trim();
  }

  /** What is drawn: each group with a name, a colour from 0 up (null: the others) and its links' numbers together. */
  groups() {
    const groups = new Map();
    for (const link of this.links.values()) {
      const key = link.slave === "" ? linkKey("", link.id) : link.slave;
      if (!groups.has(key)) groups.set(key, { key, name: link.slave || link.name, links: [] });
      groups.get(key).links.push(link);
    }
    const all = [...groups.values()];
    const shown = all.slice(0, MAX_COLOURS).map((group, colour) => ({ ...group, colour }));
    const others = all.slice(MAX_COLOURS);
    if (others.length === 0) return shown;
    const links = others.flatMap((group) => group.links);
    return [...shown, { key: "", name: `${others.length} others`, links, colour: null }];
  }

  #trim() {
    const excess = this.atMs.length - MAX_SAMPLES;
    if (excess <= 0) return;
    this.atMs.splice(0, excess);
    for (const series of this.links.values()) {
      for (const kind of KINDS) series[kind].splice(0, excess);
    }
  }
}

/** Tells a link from all others. */
export function linkKey(slave, id) {
  return `${id}/${slave}`;
}

/** A group's numbers: rates are added up, of round trips the best counts, of losses the worst. */
export function combine(links, kind, count) {
  if (links.length === 1) return links[0][kind];
  const join = kind === "roundTripMs" ? Math.min : kind === "lossFraction" ? Math.max : add;
  return Array.from({ length: count }, (_, i) => {
    const values = links.map((link) => link[kind][i]).filter((value) => value !== null);
    return values.length === 0 ? null : values.reduce((a, b) => join(a, b));
  });
}

function add(a, b) {
  return a + b;
}

function emptySeries({ slave, id, name }, length) {
  const numbers = KINDS.map((kind) => [kind, Array(length).fill(null)]);
  return { slave, id, name, ...Object.fromEntries(numbers) };
}
