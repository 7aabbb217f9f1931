import assert from "node:assert/strict";
import { KnownSeries } from "../../support/known_series.ts";
import { parsePromql } from "../../support/promql.ts";
import { SAMPLE_PROCESS, sampleDaemon, sampleLink, sampleSlave } from "./sample_snapshot.ts";

/** What is looked at of a panel; a row has neither queries nor data source. */
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets?: readonly Target[];
  readonly datasource?: { readonly uid: string };
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: { readonly uid: string };
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
}

/** Metrics that no panel needs, and why. */
const UNSHOWN: Readonly<Record<string, string>> = {
  link_rate: "the original's name of another one that is shown",
  bindlink_link_sent_packets_total: "bytes are shown",
  bindlink_link_received_packets_total: "bytes are shown",
  bindlink_queue_packets: "bytes are shown",
  bindlink_tun_mtu_bytes: "does not change",
};

const FILE = new URL("../../../docs/grafana/bindlink.json", import.meta.url);
const DASHBOARD = JSON.parse(await Deno.readTextFile(FILE)) as {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
};
const PANELS = DASHBOARD.panels;
const VARIABLES = DASHBOARD.templating.list;
const TARGETS = PANELS.flatMap((panel) => panel.targets ?? []);

const KNOWN = await KnownSeries.of({
  daemon: sampleDaemon({ links: [sampleLink({ slave: "laptop" })], slaves: [sampleSlave()] }),
  process: SAMPLE_PROCESS,
});

Deno.test("the dashboard names only metrics, labels and values that /metrics prints", () => {
  assert.ok(TARGETS.length > 30);
  for (const { expr } of TARGETS) KNOWN.check(expr);
});

Deno.test("the dashboard shows every metric but those that say the same", () => {
  const shown = new Set(TARGETS.flatMap(({ expr }) => KNOWN.check(expr)));
  const missing = KNOWN.metrics.filter((name) => !shown.has(name));
  for (const name of missing) {
    assert.ok(name in UNSHOWN, `${name}: give it a panel in docs/grafana, or say above why not`);
  }
  assert.deepEqual(missing.sort(), Object.keys(UNSHOWN).sort());
});

Deno.test("the dashboard's legends name labels that their series have", () => {
  for (const { expr, legendFormat } of TARGETS) {
    const { selectors, groupings } = parsePromql(expr);
    const isSummed = /^(sum|min|max|count)\b/.test(expr);
    const labels = isSummed ? groupings : KNOWN.labelsOf(selectors[0]?.metric ?? "");
    for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      assert.ok(labels.includes(label), `${label}: ${expr}`);
    }
  }
});

Deno.test("the dashboard's variables are asked for what exists, and are all that is used", () => {
  const names = VARIABLES.map(({ name }) => name);
  assert.deepEqual(names, ["datasource", "job", "instance", "slave", "link"]);
  for (const { type, query } of VARIABLES) {
    if (type === "datasource") continue;
    const text = typeof query === "string" ? query : query.query;
    const [, series = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec(text) ??
      assert.fail(text);
    const [metric = ""] = KNOWN.check(series);
    assert.ok(KNOWN.labelsOf(metric).includes(label), text);
  }
  const used = [...JSON.stringify(DASHBOARD).matchAll(/\$\{?(\w+)/g)].map(([, name]) => name ?? "");
  const grafanas = ["__rate_interval", "__all"];
  assert.deepEqual(used.filter((name) => ![...names, ...grafanas].includes(name)), []);
});

Deno.test("the dashboard's panels have ids of their own, a source, and do not overlap", () => {
  assert.deepEqual(DASHBOARD.uid, "bindlink");
  assert.equal(new Set(PANELS.map(({ id }) => id)).size, PANELS.length);
  const taken = new Map<string, string>();
  for (const { title, type, gridPos: { x, y, w, h }, targets = [], datasource } of PANELS) {
    assert.ok(title !== "" && x >= 0 && x + w <= 24, title);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        const place = `${column},${line}`;
        assert.equal(taken.get(place), undefined, `${title} lies over ${taken.get(place)}`);
        taken.set(place, title);
      }
    }
    assert.equal(targets.length > 0, type !== "row", title);
    if (type === "row") continue;
    for (const source of [datasource, ...targets.map((target) => target.datasource)]) {
      assert.equal(source?.uid, "${datasource}", title);
    }
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
});
