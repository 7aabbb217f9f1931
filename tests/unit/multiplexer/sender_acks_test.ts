import assert from "node:assert/strict";
import { pureAck, SenderRig } from "./sender_rig.ts";

Deno.test("Sender holds ACKs of a flow that gets faster, and sends the last of them when it is due", () => {
  const rig = new SenderRig();
  const link = rig.add({ transitMs: 50 });
  const [port] = rig.ports;
  rig.sender.acks.tune([link], rig.now);
  const give = (ackNo: number): void => {
    const ack = pureAck(1);
    ack.view.setUint32(ack.start + 20 + 8, ackNo);
    assert.equal(rig.send(ack), ack.length);
  };
  give(1_000);
  give(10_000);
  const sentPkts = port!.sent.length;
  give(12_000);
  give(14_000);
  assert.equal(port!.sent.length, sentPkts);
  const dueMs = rig.sender.nextPumpMs(rig.now);
  assert.equal(dueMs, rig.sender.acks.dueMs);
  rig.pass(dueMs - rig.now);
  assert.equal(port!.sent.length, sentPkts + 1);
  const { bytes } = port!.sent.at(-1)!;
  assert.equal(new DataView(bytes.buffer).getUint32(bytes.length - 12), 14_000);
  assert.equal(rig.sender.nextPumpMs(rig.now), Infinity);
  give(16_000);
  rig.sender.clear();
  assert.equal(rig.sender.waitingPkts, 0);
  assert.equal(rig.sender.nextPumpMs(rig.now), Infinity);
});
