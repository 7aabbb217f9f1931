import assert from "node:assert/strict";
import { RecentEvents } from "../../src/recent_events.ts";
import { RecordingLogger } from "../support/recording_logger.ts";

Deno.test("RecentEvents keeps what it passes on, as text, but for what is for debugging", () => {
  const logger = new RecordingLogger();
  const events = new RecentEvents(logger, () => 0);
  events.debug("Details");
  events.info("Link up", { link: "a", id: 1 });
  events.warn("Link down", { reason: new Error("gone") });
  events.error("It broke");
  const at = "1970-01-01T00:00:00.000Z";
  assert.deepEqual(events.all, [
    { at, level: "info", message: "Link up", properties: { link: "a", id: "1" } },
    { at, level: "warning", message: "Link down", properties: { reason: "gone" } },
    { at, level: "error", message: "It broke", properties: {} },
  ]);
  for (const line of ["debug Details", "info Link up", "warn Link down", "error It broke"]) {
    assert.equal(logger.count(line), 1, line);
  }
});

Deno.test("RecentEvents forgets the oldest", () => {
  const events = new RecentEvents(new RecordingLogger(), () => 0);
  for (let i = 0; i < 120; i++) events.info(`event ${i}`);
  assert.equal(events.all.length, 50);
  assert.equal(events.all.at(-1)?.message, "event 119");
});
