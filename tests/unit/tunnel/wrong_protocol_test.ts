/** One line about an other end that speaks another protocol, however many datagrams come. */

import assert from "node:assert/strict";
import { WrongProtocol } from "../../../src/tunnel/wrong_protocol.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

Deno.test("WrongProtocol.drop tells once who speaks what and what to do, and counts on", () => {
  const logger = new RecordingLogger();
  const wrongProtocol = new WrongProtocol(logger, "legacy");
  for (const port of [5_000, 5_001, 5_002]) {
    const result = wrongProtocol.drop({ hostname: "192.0.2.1", port });
    assert.equal(result, DropReason.WRONG_PROTOCOL);
  }
  assert.equal(logger.events.length, 1);
  const { text, properties } = logger.events[0]!;
  assert.match(text, /^warn .*legacy protocol/);
  assert.equal(properties["remote"], "192.0.2.1:5000");
  assert.match(String(properties["advice"]), /--protocol legacy/);
});
