/**
 * Draws rates over time of one failover run, as SVG.
 *
 * @module
 */

import type { FailoverSeries } from "./failover_series.ts";

const WIDTH = 860;
const HEIGHT = 380;
const LEFT = 56;
const RIGHT = 16;
const TOP = 56;
const BOTTOM = 44;
/** Apart in hue and in lightness, for eyes that see no red from green. */
const LINK_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"];
const GOODPUT_COLOUR = "#222222";

/** The whole file. */
export function drawFailover(series: FailoverSeries): string {
  const { linkMbps, goodputMbps, binMs, cutMs, backMs, names, direction } = series;
  const sum = goodputMbps.map((_, i) => linkMbps.reduce((total, link) => total + link[i]!, 0));
  const endMs = goodputMbps.length * binMs;
  const top = Math.ceil(Math.max(1, ...sum, ...goodputMbps) / 5) * 5;
  const x = (ms: number): number => LEFT + (WIDTH - LEFT - RIGHT) * ms / endMs;
  const y = (mbps: number): number => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * mbps / top;
  const line = (values: readonly number[], colour: string, width: number, dash = ""): string => {
    const points = values.map((value, i) => `${at(x((i + 0.5) * binMs))},${at(y(value))}`);
    return `<polyline fill="none" stroke="${colour}" stroke-width="${width}"${dash} points="${
      points.join(" ")
    }"/>`;
  };
  const parts = [
    ...grid(endMs, top, x, y),
    `<rect x="${at(x(cutMs))}" y="${TOP}" width="${at(x(backMs) - x(cutMs))}" height="${
      HEIGHT - TOP - BOTTOM
    }" fill="#888888" fill-opacity="0.13"/>`,
    mark(x(cutMs), "cut"),
    mark(x(backMs), "back"),
    line(sum, "#999999", 1.5, ' stroke-dasharray="4 3"'),
    ...linkMbps.map((values, i) => line(values, LINK_COLOURS[i % LINK_COLOURS.length]!, 1.8)),
    line(goodputMbps, GOODPUT_COLOUR, 2.2),
    ...legend([
      ["payload of the TCP flow", GOODPUT_COLOUR],
      ...names.map((name, i): [string, string] => [name, LINK_COLOURS[i % LINK_COLOURS.length]!]),
      ["sum of the links", "#999999"],
    ]),
    text(
      LEFT,
      18,
      `One TCP flow (${direction}load) while a link is cut; Mbit/s, ${binMs} ms a point`,
      'font-weight="bold"',
    ),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "seconds", 'text-anchor="middle"'),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function grid(
  endMs: number,
  top: number,
  x: (ms: number) => number,
  y: (mbps: number) => number,
): string[] {
  const parts: string[] = [];
  for (let mbps = 0; mbps <= top; mbps += top > 40 ? 10 : 5) {
    parts.push(
      `<path d="M${LEFT} ${at(y(mbps))}H${WIDTH - RIGHT}" stroke="#dddddd"/>`,
      text(LEFT - 6, y(mbps) + 4, String(mbps), 'text-anchor="end"'),
    );
  }
  for (let ms = 0; ms <= endMs; ms += 1_000) {
    parts.push(text(x(ms), HEIGHT - BOTTOM + 16, String(ms / 1_000), 'text-anchor="middle"'));
  }
  return parts;
}

function mark(x: number, name: string): string {
  return `<path d="M${at(x)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#666666" stroke-dasharray="2 2"/>` +
    text(x + 4, TOP + 12, name, 'fill="#444444"');
}

function legend(entries: readonly (readonly [name: string, colour: string])[]): string[] {
  let x = LEFT;
  return entries.map(([name, colour]) => {
    const at = x;
    x += 34 + name.length * 6.2;
    return `<rect x="${at}" y="30" width="14" height="4" fill="${colour}"/>${
      text(at + 18, 37, name)
    }`;
  });
}

function text(x: number, y: number, content: string, more = ""): string {
  return `<text x="${at(x)}" y="${at(y)}" ${more}>${content}</text>`;
}

function at(value: number): string {
  return value.toFixed(1);
}
