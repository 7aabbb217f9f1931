import assert from "node:assert/strict";
import type { Finding } from "../../../src/doctor/finding.ts";
import {
  formatRate,
  judgeMeasures,
  judgeNat,
  judgeTogether,
} from "../../../src/doctor/judge_measures.ts";
import type { LinkMeasures, SharedMeasure } from "../../../src/doctor/link_measures.ts";
import { flooded, measures } from "./facts.ts";

function verdictOf(check: string, some: Partial<LinkMeasures>): Finding {
  const found = judgeMeasures(measures(some)).find((it) => it.check === check);
  return found ?? assert.fail(`nothing about ${check}`);
}

Deno.test("a good link has no fault, and its rates are told", () => {
  const findings = judgeMeasures(measures());
  assert.deepEqual(findings.filter(({ verdict }) => verdict !== "ok"), []);
  const rates = findings.find(({ check }) => check === "rates")!;
  assert.match(rates.text, /to the master 8\.0 Mbit\/s, back 9\.0 Mbit\/s/);
  assert.deepEqual(rates.figures, { upBps: 8e6, downBps: 9e6 });
});

Deno.test("a queue of 400 ms and more is heavy bufferbloat, one of 150 ms a note", () => {
  const queue = (ms: number): string =>
    verdictOf("bufferbloat", { idleMs: 40, up: flooded({ loadedMs: 40 + ms }) }).verdict;
  assert.deepEqual([100, 150, 399, 400].map(queue), ["ok", "note", "note", "fault"]);
});

Deno.test("two of twenty small packets lost are a note, three a fault", () => {
  const lost = (pkts: number): string =>
    verdictOf("delay", { idleLostFraction: pkts / 20 }).verdict;
  assert.deepEqual([0, 1, 2, 3].map(lost), ["ok", "ok", "note", "fault"]);
});

Deno.test("a path that takes less than the tunnel's packets is a fault, with the MTU to type if there is one", () => {
  const mtu = (packetBytes: number): Finding =>
    verdictOf("mtu", { mtu: { packetBytes, passesFull: null, tunnelBytes: 1_340 } });
  assert.equal(mtu(1_340).verdict, "ok");
  assert.equal(mtu(1_300).verdict, "fault");
  assert.match(mtu(1_300).advice, /--mtu 1300/);
  assert.doesNotMatch(mtu(1_228).advice, /--mtu/);
});

Deno.test("full packets that vanish behind a proxy are a fault; that they arrive is all that is known of it", () => {
  const mtu = { packetBytes: null, tunnelBytes: 1_340 };
  assert.equal(verdictOf("mtu", { mtu: { ...mtu, passesFull: false } }).verdict, "fault");
  assert.equal(verdictOf("mtu", { mtu: { ...mtu, passesFull: true } }).verdict, "ok");
  assert.equal(verdictOf("mtu", { mtu: { ...mtu, passesFull: null } }).verdict, "note");
});

Deno.test("what could not be filled is told as a lower bound, what was not measured as such", () => {
  const text = (some: Partial<LinkMeasures>): string => verdictOf("rates", some).text;
  assert.match(text({ up: flooded({ isAtLeast: true }) }), /to the master at least 8\.0/);
  assert.match(
    text({ down: { kind: "measured", rateBps: 7e6, limit: "asked" } }),
    /back at least 7\.0.*cannot be asked for/,
  );
  assert.match(
    text({ down: { kind: "measured", rateBps: 7e6, limit: "bytes" } }),
    /back at least 7\.0.*more bytes/,
  );
  assert.match(
    text({ down: { kind: "measured", rateBps: 7e6, limit: "link" } }),
    /back 7\.0 Mbit\/s$/,
  );
  assert.match(text({ down: { kind: "no-replies" } }), /does not answer pings/);
  assert.match(text({ down: { kind: "not-tried" } }), /back not measured/);
});

Deno.test("a link that breaks down under load is a fault", () => {
  assert.equal(verdictOf("rates", { up: flooded({ rateBps: 0 }) }).verdict, "fault");
});

Deno.test("a link whose rates were not measured has no findings about them", () => {
  const checks = judgeMeasures(measures({ up: null, down: { kind: "not-tried" } }))
    .map(({ check }) => check);
  assert.deepEqual(checks, ["delay", "mtu"]);
});

function shared(name: string, aloneBps: number, togetherBps: number): SharedMeasure {
  return { name, aloneBps, togetherBps };
}

Deno.test("links that together carry clearly less than their sum share a bottleneck", () => {
  const [found] = judgeTogether([
    shared("a", 8e6, 4e6),
    shared("b", 8e6, 4e6),
    shared("c", 5e6, 5e6),
  ]);
  assert.equal(found!.verdict, "fault");
  assert.match(found!.text, /^a, b share one bottleneck: .* 13\.0 Mbit\/s of 21\.0 Mbit\/s/);
  assert.deepEqual(found!.figures, { aloneBps: 21e6, togetherBps: 13e6 });
});

Deno.test("links that carry nearly their sum, or of which one fell alone, share none", () => {
  assert.equal(judgeTogether([shared("a", 8e6, 7e6), shared("b", 8e6, 7e6)])[0]!.verdict, "ok");
  assert.equal(judgeTogether([shared("a", 8e6, 1e6), shared("b", 8e6, 8e6)])[0]!.verdict, "ok");
});

Deno.test("one link, or fast ones that this machine may hold up, are not compared", () => {
  assert.deepEqual(judgeTogether([shared("a", 8e6, 8e6)]), []);
  assert.deepEqual(judgeTogether([shared("a", 200e6, 90e6), shared("b", 200e6, 90e6)]), []);
});

Deno.test("an idle link whose way back closes before bindlink asks again is a fault", () => {
  const nat = (openMs: number, closedMs: number): string =>
    judgeNat("a", { kind: "measured", openMs, closedMs }).verdict;
  assert.equal(nat(0, 30_000), "fault");
  assert.equal(nat(30_000, 55_000), "ok");
  assert.equal(nat(55_000, Infinity), "ok");
  assert.equal(judgeNat("a", { kind: "no-replies" }).verdict, "unchecked");
});

Deno.test("rates are written with the unit that suits them", () => {
  assert.equal(formatRate(18.24e6), "18.2 Mbit/s");
  assert.equal(formatRate(640_400), "640 kbit/s");
});
