import assert from "node:assert/strict";
import { Link } from "../../../src/linkmap/link.ts";
import { snapshotLink } from "../../../src/linkmap/link_status.ts";
import { LINK_STATE_NAMES } from "../../../src/multiplexer/link_reason.ts";
import { LinkUse } from "../../../src/multiplexer/multiplexer_link.ts";
import { LINK_DOINGS } from "../../../src/snapshot.ts";
import { FakeNetwork } from "../../support/fake_datagram_socket.ts";
import { measuredLink } from "../../support/measured_link.ts";

const CONTEXT = { slave: "", now: 1_000 };

Deno.test("LINK_DOINGS are the states that the multiplexer names", () => {
  assert.deepEqual(LINK_DOINGS, LINK_STATE_NAMES);
});

Deno.test("snapshotLink says why a link is not open; of one that is, what it does and why", () => {
  const link = new Link({ id: 1, name: "phone1", isInitiator: true });
  const { link: known } = measuredLink(1, {}, CONTEXT.now);
  known.use = LinkUse.LATE;
  known.laterMs = 310;
  known.isAlive = false;
  link.reason = "Connection refused by 192.168.43.1:1080, retry in 4 s";
  const closed = snapshotLink(link, known, CONTEXT);
  assert.deepEqual([closed.state, closed.doing, closed.reason], [
    "connecting",
    "silent",
    "Connection refused by 192.168.43.1:1080, retry in 4 s",
  ]);
  link.attach(new FakeNetwork().bind({ hostname: "192.0.2.2", port: 1 }), {
    hostname: "192.0.2.1",
    port: 4321,
  });
  const silent = snapshotLink(link, known, { ...CONTEXT, now: 5_200 });
  assert.deepEqual([silent.state, silent.doing, silent.reason], [
    "probing",
    "silent",
    "silent for 4.2 s",
  ]);
  known.isAlive = true;
  const open = snapshotLink(link, known, CONTEXT);
  assert.deepEqual([open.state, open.doing, open.reason], [
    "up",
    "late",
    "held out: 310 ms later than the best, budget 200 ms",
  ]);
});
