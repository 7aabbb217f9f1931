import assert from "node:assert/strict";
import type { StatusReport } from "../../../src/control/status_report.ts";
import { Recorder } from "../../../src/web/recorder.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { sampleReport } from "./sample_report.ts";

function open(look: () => StatusReport | null, logger = new RecordingLogger()): Recorder {
  return new Recorder({ look, clock: () => performance.now(), wallClock: () => 9, logger });
}

Deno.test("Recorder looks at once, and gives one text to all who ask", async () => {
  let looks = 0;
  await using recorder = open(() => sampleReport({ uptimeSeconds: ++looks }));
  assert.deepEqual([looks, recorder.history.after(0).atMs], [1, [9]]);
  const text = recorder.latestJson;
  assert.equal(recorder.latestJson, text);
  assert.equal(JSON.parse(text).uptimeSeconds, 1);
});

Deno.test("Recorder goes on after a look that failed, and says so once", async () => {
  const logger = new RecordingLogger();
  let looks = 0;
  await using recorder = open(() => {
    if (++looks <= 2) throw new Error("not now");
    return sampleReport();
  }, logger);
  await awaitCondition("a look that works", () => recorder.history.last > 0);
  assert.equal(looks, 3);
  assert.equal(logger.count("warn The web page cannot be kept up to date"), 1);
});

Deno.test("Recorder's end leaves nothing behind", async () => {
  const recorder = open(() => sampleReport());
  await recorder[Symbol.asyncDispose]();
});
