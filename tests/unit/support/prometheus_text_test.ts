import assert from "node:assert/strict";
import { parsePrometheusText } from "../../support/prometheus_text.ts";

const GOOD = `# HELP a_total Counts.
# TYPE a_total counter
a_total{x="1",y="say \\"hi\\"\\\\\\n"} 3
a_total{x="2",y=""} 4e+21
# HELP b A gauge.
# TYPE b gauge
b -0.5
`;

Deno.test("parsePrometheusText reads names, labels and numbers", () => {
  const samples = parsePrometheusText(GOOD);
  assert.deepEqual(samples.map(({ name, value }) => [name, value]), [
    ["a_total", 3],
    ["a_total", 4e21],
    ["b", -0.5],
  ]);
  assert.equal(samples[0]!.labels.get("y"), 'say "hi"\\\n');
});

const BAD: Readonly<Record<string, string>> = {
  "no line feed at the end": "# HELP b B.\n# TYPE b gauge\nb 1",
  "a sample without a family": "b 1\n",
  "a sample of another family": GOOD.replace("\nb -0.5", "\nc 1"),
  "a second TYPE": GOOD + "# TYPE b gauge\n",
  "an unknown type": GOOD.replace("b gauge", "b gouge"),
  "a counter without _total": GOOD.replaceAll("a_total", "a"),
  "a negative counter": GOOD.replace("} 3", "} -3"),
  "the same series twice": GOOD.replace("b -0.5", "b -0.5\nb 1"),
  "a value that is no number": GOOD.replace("-0.5", "much"),
  "a label without quotes": GOOD.replace('x="1"', "x=1"),
  "a label twice": GOOD.replace('y=""', 'x=""'),
  "a bad escape": GOOD.replace('y=""', 'y="\\t"'),
};

for (const [what, text] of Object.entries(BAD)) {
  Deno.test(`parsePrometheusText refuses ${what}`, () => {
    assert.throws(() => parsePrometheusText(text));
  });
}
