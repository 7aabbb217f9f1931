import assert from "node:assert/strict";
import { LimitedLogger } from "../../../src/tunnel/limited_logger.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

function rig(): { logger: RecordingLogger; limited: LimitedLogger; clock: { now: number } } {
  const logger = new RecordingLogger();
  const clock = { now: 0 };
  const about = { slave: "laptop" };
  return { logger, clock, limited: new LimitedLogger({ logger, clock: () => clock.now, about }) };
}

Deno.test("LimitedLogger passes a burst on, then a line a second", () => {
  const { logger, limited, clock } = rig();
  for (let i = 0; i < 10_000; i++) limited.info("Link learned");
  assert.equal(logger.count("info Link learned"), 60);
  for (clock.now = 0; clock.now < 10_000; clock.now++) limited.warn("Link down");
  const lines = logger.events.length;
  assert(lines <= 60 + 2 * 10, `${lines} lines`);
});

Deno.test("LimitedLogger says how many lines it left out, and whose they were", () => {
  const { logger, limited, clock } = rig();
  for (let i = 0; i < 100; i++) limited.info("Link learned");
  clock.now = 5_000;
  limited.info("Link up");
  const [note, line] = logger.events.slice(-2);
  assert.deepEqual(note, {
    text: "warn Log lines left out",
    properties: { slave: "laptop", lines: 40 },
  });
  assert.equal(line!.text, "info Link up");
  limited.info("Link up");
  assert.equal(logger.count("warn Log lines left out"), 1, "told once");
});

Deno.test("LimitedLogger passes errors and debug lines with their properties", () => {
  const { logger, limited } = rig();
  limited.debug("a", { x: 1 });
  limited.error("b", { y: 2 });
  assert.deepEqual(logger.events, [
    { text: "debug a", properties: { x: 1 } },
    { text: "error b", properties: { y: 2 } },
  ]);
});
