import assert from "node:assert/strict";
import { StreamLatency } from "../../../src/tundev/stream_latency.ts";
import { StreamRate } from "../../../src/tundev/stream_rate.ts";
import { mulberry32 } from "../../support/rng.ts";

Deno.test("StreamRate measures by the receiver's clock, across its wrap", () => {
  const rate = new StreamRate();
  const startUs = 2 ** 32 - 10_000;
  rate.handleAck(startUs, 0, false);
  assert.equal(rate.handleAck((startUs + 50_000) >>> 0, 100_000, false), true);
  assert.equal(rate.bytesPerMs, 2000);
});

Deno.test("StreamRate ignores ACKs that were overtaken", () => {
  const rate = new StreamRate();
  rate.handleAck(1_000_000, 5000, false);
  assert.equal(rate.handleAck(900_000, 4000, false), false);
  rate.handleAck(1_100_000, 6000, false);
  assert.equal(rate.bytesPerMs, 10);
});

Deno.test("StreamRate is raised by a sample with too little to send, never lowered", () => {
  const rate = new StreamRate();
  let bytes = 0;
  rate.handleAck(0, 0, false);
  for (let i = 1; i <= 40; i++) rate.handleAck(i * 50_000, bytes += 5000, i > 20);
  assert.equal(rate.bytesPerMs, 100);
  for (let i = 41; i <= 80; i++) rate.handleAck(i * 50_000, bytes += 500, true);
  assert.equal(rate.bytesPerMs, 100);
  rate.handleAck(81 * 50_000, bytes += 10_000, true);
  assert.equal(rate.bytesPerMs, 200);
});

Deno.test("StreamRate calls no sample complete that had too little to send, though it raise the rate", () => {
  const rate = new StreamRate();
  rate.handleAck(0, 0, false);
  assert.equal(rate.handleAck(50_000, 5000, true), false);
  assert.equal(rate.bytesPerMs, 100);
});

Deno.test("StreamRate follows a rate that falls", () => {
  const rate = new StreamRate();
  let bytes = 0;
  for (let i = 0; i <= 20; i++) rate.handleAck(i * 50_000, bytes += 5000, false);
  for (let i = 21; i <= 37; i++) rate.handleAck(i * 50_000, bytes += 500, false);
  assert.equal(rate.bytesPerMs, 10);
});

Deno.test("StreamLatency waits for the slow link's packets, and not much longer", () => {
  const latency = new StreamLatency();
  const rng = mulberry32(5);
  for (let now = 0; now < 5000; now += 10) {
    // A tenth of the packets goes over a link of 300 to 400 ms, the rest takes 40 to 50.
    for (let i = 0; i < 10; i++) latency.add(i === 0 ? 300 + 100 * rng() : 40 + 10 * rng());
    latency.handleAck(now);
  }
  assert.ok(latency.lossTimeoutMs > 400, `${latency.lossTimeoutMs}`);
  assert.ok(latency.lossTimeoutMs < 550, `${latency.lossTimeoutMs}`);
  assert.ok(Math.abs(latency.baseMs - 75) < 15, `${latency.baseMs}`);
});

Deno.test("StreamLatency forgets a slow time within some seconds", () => {
  const latency = new StreamLatency();
  let now = 0;
  for (; now < 3000; now += 10) {
    for (let i = 0; i < 10; i++) latency.add(800);
    latency.handleAck(now);
  }
  assert.ok(latency.lossTimeoutMs > 800);
  for (; now < 15_000; now += 10) {
    for (let i = 0; i < 10; i++) latency.add(50);
    latency.handleAck(now);
  }
  assert.ok(latency.lossTimeoutMs < 100, `${latency.lossTimeoutMs}`);
});
