import assert from "node:assert/strict";
import { AckFilterRig, ROUND_TRIP_MS, WAIT_MS } from "./ack_filter_rig.ts";

Deno.test("AckFilter lets all ACKs of a flow pass that has run for three seconds", () => {
  const rig = new AckFilterRig();
  let ackNo = rig.begin();
  const beganMs = rig.now;
  for (; rig.now < beganMs + 3_000; rig.now += 5) {
    rig.flush();
    ackNo += Math.ceil(2_600 * 1.5 ** ((rig.now - beganMs) / ROUND_TRIP_MS));
    assert.equal(rig.give({ ackNo: ackNo %= 2 ** 32 }), false);
  }
  assert.equal(rig.sent.length, 3_000 / WAIT_MS - 1);
  for (let i = 0; i < 20; i++) assert.equal(rig.give({ ackNo: ackNo += 2_600 }), true);
  assert.equal(rig.pool.usedSlots, 0);
});

Deno.test("AckFilter lets all ACKs of a flow pass that gets faster no more, until it has stood still", () => {
  const rig = new AckFilterRig();
  let ackNo = rig.begin();
  const beganMs = rig.now;
  for (; rig.now < beganMs + 10 * ROUND_TRIP_MS; rig.now += 5) {
    rig.flush();
    rig.give({ ackNo: ackNo += 2_600 });
  }
  rig.sent.length = 0;
  for (let i = 0; i < 20; i++) assert.equal(rig.give({ ackNo: ackNo += 2_600 }), true);
  rig.now += 1_000;
  assert.equal(rig.give({ ackNo: rig.begin(ackNo) + 2_600 }), false);
});

Deno.test("AckFilter measures a flow's growth from its last pause on", () => {
  const rig = new AckFilterRig();
  rig.begin();
  rig.give({ ackNo: 1_000_000 });
  let ackNo = 1_000_000;
  rig.now += 300;
  for (let pkts = 1; pkts <= 16; pkts *= 2, rig.now += ROUND_TRIP_MS) {
    for (let i = 0; i < 8; i++) rig.give({ ackNo: ackNo += pkts * 1_460 });
  }
  assert.equal(rig.give({ ackNo: ackNo += 2_600 }), true); // a fifth of a round trip after the one before
  assert.equal(rig.give({ ackNo: ackNo += 2_600 }), false);
});
