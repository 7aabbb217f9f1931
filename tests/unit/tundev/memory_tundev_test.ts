import assert from "node:assert/strict";
import { MemoryTundev } from "../../../src/tundev/memory_tundev.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";

const ipBytes = (tag: number): Uint8Array<ArrayBuffer> => Uint8Array.of(0x45, tag);

Deno.test("MemoryTundev.inject has called back when it returns", async () => {
  const tundev = new MemoryTundev();
  const seen: number[] = [];
  const running = tundev.run((packet) => seen.push(packet.bytes[packet.start + 1]!));
  assert.equal(tundev.inject(ipBytes(1)), true);
  assert.deepEqual(seen, [1]);
  tundev.close();
  await running;
});

Deno.test("MemoryTundev.run first reads what was injected before, in order", async () => {
  const tundev = new MemoryTundev({ queuePkts: 3 });
  for (let i = 1; i <= 3; i++) assert.equal(tundev.inject(ipBytes(i)), true);
  assert.equal(tundev.inject(ipBytes(4)), false, "the queue is full");
  const seen: number[] = [];
  const running = tundev.run((packet) => seen.push(packet.bytes[packet.start + 1]!));
  assert.deepEqual(seen, [1, 2, 3]);
  tundev.close();
  await running;
});

Deno.test("MemoryTundev.inject from within the callback is delivered after it", async () => {
  const tundev = new MemoryTundev();
  const seen: number[] = [];
  const running = tundev.run((packet) => {
    const tag = packet.bytes[packet.start + 1]!;
    if (tag === 1) tundev.inject(ipBytes(2));
    seen.push(packet.bytes[packet.start + 1]!);
  });
  tundev.inject(ipBytes(1));
  assert.deepEqual(seen, [1, 2]);
  tundev.close();
  await running;
});

Deno.test("MemoryTundev.inject refuses what a kernel would not route into it", () => {
  const tundev = new MemoryTundev({ mtuBytes: 100 });
  assert.equal(tundev.inject(new Uint8Array(0)), false);
  assert.equal(tundev.inject(new Uint8Array(101)), false);
  tundev.close();
  assert.equal(tundev.inject(ipBytes(1)), false);
});

Deno.test("MemoryTundev.fail rejects run and lets sends fail", async () => {
  const tundev = new MemoryTundev();
  const running = tundev.run(() => {});
  tundev.fail(new Error("deleted"));
  await assert.rejects(running, /deleted/);
  await assert.rejects(tundev.run(() => {}), /deleted/);
  const packet = new Packet(64);
  packet.fill(wholeIpPacket());
  assert.equal(tundev.send(packet), DropReason.TUN_WRITE_ERROR);
  tundev.close();
});

Deno.test("MemoryTundev.send gives packets to onDelivered in place of the list", () => {
  const lengths: number[] = [];
  using tundev = new MemoryTundev({ onDelivered: (packet) => lengths.push(packet.length) });
  const packet = new Packet(64);
  packet.fill(wholeIpPacket());
  assert.equal(tundev.send(packet), 0);
  assert.deepEqual([lengths, tundev.delivered.length], [[20], 0]);
});

Deno.test("MemoryTundev.configure records what changes and complains as it was told to", () => {
  using tundev = new MemoryTundev({ configureProblems: ["no IPv6"] });
  const first = { addresses: [{ address: "10.10.10.2", prefixBits: 24 }], mtuBytes: 1380 };
  assert.deepEqual(tundev.configure(first), ["no IPv6"]);
  assert.deepEqual(tundev.configure(structuredClone(first)), []);
  const second = { addresses: [], mtuBytes: 1300 };
  assert.deepEqual(tundev.configure(second), ["no IPv6"]);
  assert.deepEqual(tundev.configured, [first, second]);
});

Deno.test("MemoryTundev.run cuts what was injected before the MTU was lowered", async () => {
  using tundev = new MemoryTundev();
  tundev.inject(new Uint8Array(1500).fill(0x45));
  tundev.configure({ addresses: [], mtuBytes: 1000 });
  const lengths: number[] = [];
  const running = tundev.run((packet) => lengths.push(packet.length));
  assert.deepEqual(lengths, [1001]);
  tundev.close();
  await running;
});

function wholeIpPacket(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(20);
  bytes[0] = 0x45;
  bytes[3] = 20;
  return bytes;
}
