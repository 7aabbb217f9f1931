import assert from "node:assert/strict";
import { bytes, duration, percent, rate } from "../../../src/web/page/format.js";
import { combine, MAX_COLOURS, Samples } from "../../../src/web/page/samples.js";

interface Link {
  readonly slave?: string;
  readonly id?: number;
  readonly bps: readonly (number | null)[];
}

/** A slice of a history as the server sends it. */
function slice(last: number, atMs: readonly number[], links: readonly Link[]): unknown {
  return {
    last,
    atMs,
    links: links.map(({ slave = "", id = 1, bps }) => ({
      slave,
      id,
      name: `link${id}`,
      sentBps: bps,
      receivedBps: bps,
      roundTripMs: bps,
      lossFraction: bps,
    })),
  };
}

function sentOf(samples: Samples): unknown {
  return [...samples.links].map(([key, { sentBps }]) => [key, sentBps]);
}

Deno.test("the page puts slices together, links that come and go among them", () => {
  const samples = new Samples();
  samples.add(slice(2, [1, 2], [{ bps: [10, 11] }]));
  samples.add(slice(3, [3], [{ bps: [12] }, { id: 2, bps: [20] }]));
  samples.add(slice(4, [4], [{ id: 2, bps: [21] }]));
  samples.add(slice(4, [], []));
  assert.deepEqual([samples.last, samples.atMs], [4, [1, 2, 3, 4]]);
  assert.deepEqual(sentOf(samples), [["1/", [10, 11, 12, null]], ["2/", [null, null, 20, 21]]]);
});

Deno.test("the page keeps ten minutes, and forgets links that had no sample in them", () => {
  const samples = new Samples();
  samples.add(slice(1, [0], [{ bps: [1] }]));
  for (let n = 2; n <= 700; n++) samples.add(slice(n, [n], [{ id: 2, bps: [n] }]));
  assert.deepEqual([samples.atMs.length, samples.atMs[0], samples.atMs.at(-1)], [600, 101, 700]);
  assert.deepEqual([...samples.links.keys()], ["2/"]);
  assert.equal(samples.links.get("2/").sentBps.length, 600);
});

Deno.test("the chart has a slave's links, and a master's slaves with their links together", () => {
  const samples = new Samples();
  samples.add(slice(1, [1], [
    { slave: "ant", id: 1, bps: [1] },
    { slave: "ant", id: 2, bps: [3] },
    { slave: "bee", id: 1, bps: [null] },
  ]));
  const groups = samples.groups();
  assert.deepEqual(groups.map(({ name, colour }) => [name, colour]), [["ant", 0], ["bee", 1]]);
  const [ant, bee] = groups.map(({ links }) => links);
  assert.deepEqual([combine(ant, "sentBps", 1), combine(bee, "sentBps", 1)], [[4], [null]]);
  assert.deepEqual(combine(ant, "roundTripMs", 1), [1], "the best");
  assert.deepEqual(combine(ant, "lossFraction", 1), [3], "the worst");
});

Deno.test("what has no colour is drawn together", () => {
  const samples = new Samples();
  const links = Array.from({ length: MAX_COLOURS + 3 }, (_, i) => ({ id: i + 1, bps: [1] }));
  samples.add(slice(1, [1], links));
  const groups = samples.groups();
  assert.equal(groups.length, MAX_COLOURS + 1);
  const others = groups.at(-1);
  assert.deepEqual([others?.name, others?.colour, others?.links.length], ["3 others", null, 3]);
});

Deno.test("the page's numbers are those of the commands", () => {
  assert.deepEqual([rate(0), rate(950_400), rate(18.24e6), rate(1.5e9)], [
    ["0", "bit/s"],
    ["950", "kbit/s"],
    ["18.2", "Mbit/s"],
    ["1.50", "Gbit/s"],
  ]);
  assert.deepEqual([bytes(0), bytes(1536), bytes(12 * 1024 ** 2)], ["0 B", "1.5 KiB", "12 MiB"]);
  assert.deepEqual([duration(42), duration(720), duration(18_720), duration(200_000)], [
    ["42", "s"],
    ["12", "min"],
    ["5:12", "h"],
    ["2", "days"],
  ]);
  assert.deepEqual([percent(0), percent(0.003), percent(0.5)], ["0", "0.3", "50"]);
});
