import assert from "node:assert/strict";
import {
  exitCodeOf,
  fault,
  type Finding,
  note,
  ok,
  unchecked,
} from "../../../src/doctor/finding.ts";
import { reportJson, reportText } from "../../../src/doctor/report_text.ts";

const FINDINGS: readonly Finding[] = [
  ok({ about: "this machine", check: "tun" }, "a tun device can be made"),
  fault({ about: "link a", check: "proxy" }, "nothing listens", "start the app", { portCount: 1 }),
  note({ about: "this machine", check: "io" }, "one by one"),
  unchecked({ about: "link a", check: "rates" }, "its rate", "use --measure all"),
];

Deno.test("a report groups what belongs together, and has what to do below a fault", () => {
  assert.equal(
    reportText(FINDINGS, false),
    [
      "This machine",
      "  ok     a tun device can be made",
      "  note   one by one",
      "",
      "Link a",
      "  FAULT  nothing listens",
      "         -> start the app",
      "  ?      its rate",
      "         -> use --measure all",
      "",
      "1 fault was found. Not checked: 1.",
      "",
    ].join("\n"),
  );
});

Deno.test("a report without faults says so", () => {
  assert.match(reportText(FINDINGS.slice(0, 1), false), /\nNo fault was found\.\n$/);
});

Deno.test("JSON has each finding whole, and the number of faults", () => {
  const report = JSON.parse(reportJson(FINDINGS));
  assert.deepEqual(report, { version: 1, status: "fault", faults: 1, findings: FINDINGS });
});

Deno.test("only a fault makes the exit code 1", () => {
  assert.equal(exitCodeOf(FINDINGS), 1);
  assert.equal(exitCodeOf(FINDINGS.filter(({ verdict }) => verdict !== "fault")), 0);
});
