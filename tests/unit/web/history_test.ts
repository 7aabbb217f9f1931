import assert from "node:assert/strict";
import { History, MAX_SAMPLES, MAX_SERIES } from "../../../src/web/history.ts";
import { sampleLink, sampleSlave } from "../metrics/sample_snapshot.ts";
import { sampleReport } from "./sample_report.ts";

Deno.test("History gives what came after a sample", () => {
  const history = new History();
  assert.deepEqual(history.after(0), {
    last: 0,
    atMs: [],
    sentBps: [],
    receivedBps: [],
    links: [],
  });
  for (const atMs of [1_000, 2_000, 3_000]) history.record(sampleReport(), atMs);
  assert.deepEqual(history.after(1), {
    last: 3,
    atMs: [2_000, 3_000],
    sentBps: [11, 11],
    receivedBps: [12, 12],
    links: [{
      slave: "",
      id: 1,
      name: "192.168.43.1:1080",
      sentBps: [100, 100],
      receivedBps: [200, 200],
      roundTripMs: [120, 120],
      lossFraction: [0.01, 0.01],
    }],
  });
  assert.deepEqual(history.after(3).atMs, []);
  assert.deepEqual(history.after(99).atMs, [], "a page that is ahead");
});

Deno.test("History keeps as many samples as it has room for", () => {
  const history = new History(3);
  for (let n = 1; n <= 10; n++) history.record(sampleReport(), n);
  assert.deepEqual([history.last, history.after(0).atMs], [10, [8, 9, 10]]);
  assert.deepEqual(history.after(9).atMs, [10]);
});

Deno.test("History has null where a link was not there, was silent, or its number is not known", () => {
  const history = new History(3);
  const report = (...links: ReturnType<typeof sampleLink>[]): void =>
    history.record(sampleReport({ links }), history.last);
  report(sampleLink({ id: 1 }));
  report(sampleLink({ id: 1, state: "probing" }), sampleLink({ id: 2, roundTripMs: -1 }));
  report(sampleLink({ id: 2 }));
  const [one, two] = history.after(0).links;
  assert.deepEqual([one?.sentBps, one?.roundTripMs, one?.lossFraction], [
    [100, 100, null],
    [120, null, null],
    [0.01, null, null],
  ]);
  assert.deepEqual([two?.sentBps, two?.roundTripMs], [[null, 200, 200], [null, null, 120]]);
});

Deno.test("History forgets a link when its last sample is gone", () => {
  const history = new History(3);
  history.record(sampleReport(), 1);
  for (let n = 2; n <= 3; n++) history.record(sampleReport({ links: [] }), n);
  assert.equal(history.after(0).links.length, 1);
  history.record(sampleReport({ links: [] }), 4);
  assert.equal(history.after(0).links.length, 0);
});

Deno.test("History tells the links of two slaves apart", () => {
  const links = [sampleLink({ slave: "ant" }), sampleLink({ slave: "bee" })];
  const slaves = [sampleSlave({ name: "ant" }), sampleSlave({ name: "bee" })];
  const history = new History();
  history.record(sampleReport({ role: "master", mode: "", links, slaves }), 1);
  assert.deepEqual(history.after(0).links.map(({ slave, id }) => [slave, id]), [
    ["ant", 1],
    ["bee", 1],
  ]);
});

Deno.test("History is bounded: links beyond some have no samples until there is room", () => {
  const links = Array.from({ length: 3 * MAX_SERIES }, (_, i) => sampleLink({ id: i + 1 }));
  const history = new History(2);
  history.record(sampleReport({ links }), 1);
  assert.equal(history.after(0).links.length, MAX_SERIES);
  const others = links.slice(MAX_SERIES, MAX_SERIES + 3);
  for (let n = 2; n <= 5; n++) history.record(sampleReport({ links: others }), n);
  assert.deepEqual(history.after(0).links.map(({ id }) => id), others.map(({ id }) => id));
});

Deno.test("ten minutes of a slave's history stay small on the wire", () => {
  const links = Array.from({ length: 4 }, (_, i) => sampleLink({ id: i + 1, roundTripMs: 61.234 }));
  const history = new History();
  for (let n = 0; n < 2 * MAX_SAMPLES; n++) history.record(sampleReport({ links }), 1.7e12 + n);
  const slice = history.after(0);
  assert.equal(slice.atMs.length, MAX_SAMPLES);
  assert.equal(slice.links[0]?.roundTripMs[0], 61.2);
  assert(JSON.stringify(slice).length < 100_000, String(JSON.stringify(slice).length));
});
