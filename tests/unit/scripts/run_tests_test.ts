import assert from "node:assert/strict";
import { countTests } from "../../../scripts/run_tests.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="1" errors="0" time="0.181">
    <testsuite name="./a_test.ts" tests="4" disabled="1" errors="0" failures="1">
        <testcase name="good" classname="./a_test.ts" time="0.003" line="1" col="6">
        </testcase>
        <testcase name="off &amp; &lt;x&gt;" classname="./a_test.ts" time="0.000" line="2" col="6">
            <skipped/>
        </testcase>
        <testcase name="bad" classname="./a_test.ts" time="0.001" line="3" col="6">
            <failure message="Uncaught">\x1b[31mError\x1b[0m: &lt;skipped/&gt;
  at 1</failure>
        </testcase>
        <testcase name="good &gt; step" classname="./a_test.ts" time="0.001" line="1" col="44">
        </testcase>
    </testsuite>
</testsuites>
`;

Deno.test("countTests counts by outcome and names what was ignored and what failed", () => {
  assert.deepEqual(countTests(REPORT, false), {
    passed: 2,
    failed: [{ name: "bad", file: "./a_test.ts", error: "Error: <skipped/>\n  at 1" }],
    ignored: ["off & <x>"],
    isSuccess: false,
  });
});
