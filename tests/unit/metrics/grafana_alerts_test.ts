import assert from "node:assert/strict";
import { parse } from "yaml";
import { KnownSeries } from "../../support/known_series.ts";
import { parsePromql } from "../../support/promql.ts";
import { SAMPLE_PROCESS, sampleDaemon, sampleLink, sampleSlave } from "./sample_snapshot.ts";

/** A rule as Prometheus wants it. */
interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const FILE = new URL("../../../docs/grafana/alerts.yml", import.meta.url);
const { groups, ...rest } = parse(await Deno.readTextFile(FILE), { strict: true }) as {
  groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[];
};
const RULES = groups.flatMap(({ rules }) => rules);

const KNOWN = await KnownSeries.of({
  daemon: sampleDaemon({ links: [sampleLink({ slave: "laptop" })], slaves: [sampleSlave()] }),
  process: SAMPLE_PROCESS,
});

Deno.test("alerts.yml is a file of alert rules", () => {
  assert.deepEqual(rest, {});
  assert.deepEqual(groups.map(({ name }) => name), ["bindlink"]);
  for (const group of groups) assert.deepEqual(Object.keys(group), ["name", "rules"]);
  const names = RULES.map(({ alert }) => alert);
  assert.equal(new Set(names).size, names.length);
  for (const rule of RULES) {
    const keys = Object.keys(rule).filter((key) => key !== "for");
    assert.deepEqual(keys, ["alert", "expr", "labels", "annotations"], rule.alert);
    assert.match(rule.alert, /^Bindlink[A-Z][A-Za-z]+$/);
    if (rule.for !== undefined) assert.match(rule.for, /^[1-9]\d*[smhd]$/, rule.alert);
    assert.deepEqual(Object.keys(rule.labels), ["severity"], rule.alert);
    assert.match(rule.labels.severity ?? "", /^(critical|warning|info)$/, rule.alert);
    assert.deepEqual(Object.keys(rule.annotations), ["summary", "description"], rule.alert);
  }
});

Deno.test("alerts.yml has an alert for what people must know", () => {
  const names = RULES.map(({ alert }) => alert);
  const wanted = ["LinkDown", "AllLinksDown", "TunnelSilent", "Drops", "SlaveLost", "Away"];
  for (const name of wanted) assert.ok(names.includes(`Bindlink${name}`), name);
});

Deno.test("alerts.yml names only metrics, labels and values that /metrics prints", () => {
  for (const { alert, expr } of RULES) {
    assert.ok(KNOWN.check(expr).length > 0, alert);
  }
});

Deno.test("alerts.yml: the texts name only labels that the alert has", () => {
  for (const { alert, expr, annotations } of RULES) {
    const { selectors, groupings } = parsePromql(expr);
    // What is summed has the labels that it is summed by; else those of the first selection stay.
    const labels = /^\w+ by \(/.test(expr) ? groupings : KNOWN.labelsOf(selectors[0]?.metric ?? "");
    for (const text of Object.values(annotations)) {
      assert.equal(text.split("{{").length, text.split("}}").length, alert);
      for (const [, label = ""] of text.matchAll(/\$labels\.(\w+)/g)) {
        assert.ok(labels.includes(label), `${alert}: ${label}`);
      }
    }
  }
});
