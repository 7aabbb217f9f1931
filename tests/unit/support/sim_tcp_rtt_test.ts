import assert from "node:assert/strict";
import { SimTcpRtt } from "../../support/sim_tcp_rtt.ts";

Deno.test("SimTcpRtt waits a second before there is a sample", () => {
  assert.equal(new SimTcpRtt().rtoMs, 1000);
});

Deno.test("SimTcpRtt times out 200 ms after a steady round trip", () => {
  const rtt = new SimTcpRtt();
  for (let i = 0; i < 200; i++) rtt.add(40, i, i + 10);
  assert.equal(rtt.srttMs, 40);
  assert.equal(rtt.rtoMs, 240);
});

Deno.test("SimTcpRtt doubles the timeout each time, and not after the next sample", () => {
  const rtt = new SimTcpRtt();
  for (let i = 0; i < 200; i++) rtt.add(40, i, i + 10);
  rtt.backOff();
  rtt.backOff();
  assert.equal(rtt.rtoMs, 960);
  for (let i = 0; i < 20; i++) rtt.backOff();
  assert.equal(rtt.rtoMs, 120_000);
  rtt.add(40, 300, 310);
  assert.equal(rtt.rtoMs, 240);
});

Deno.test("SimTcpRtt grows the timeout with the variation, and less when times fall", () => {
  const rising = new SimTcpRtt();
  const falling = new SimTcpRtt();
  for (let i = 0; i < 50; i++) {
    rising.add(300, i, i);
    falling.add(300, i, i);
  }
  rising.add(900, 51, 52);
  falling.add(10, 51, 52);
  assert.ok(rising.rtoMs > 900);
  assert.ok(falling.rtoMs < 500);
});
