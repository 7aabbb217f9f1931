import assert from "node:assert/strict";
import { EmulatedRelay, type EmulatedRelayOptions } from "../../support/emulated_relay.ts";
import { linkProfile } from "../../support/link_profile.ts";
import { UdpPeer } from "../../support/udp_peer.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

function makeRelay(target: UdpPeer, options: Partial<EmulatedRelayOptions> = {}): EmulatedRelay {
  return new EmulatedRelay({
    listen: LOOPBACK,
    target: target.address,
    up: linkProfile(),
    down: linkProfile(),
    ...options,
  });
}

/** Bytes that differ with each seed and place. */
function pattern(lengthBytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => (i * 31 + seed * 17) & 0xff);
}

Deno.test("EmulatedRelay carries datagrams of any size unchanged, both ways", async () => {
  await using target = new UdpPeer();
  await using client = new UdpPeer();
  await using relay = makeRelay(target);
  for (const lengthBytes of [0, 1, 1400, 2048, 2049, 65_507]) {
    await client.send(pattern(lengthBytes, 1), relay.address);
    const there = await target.next();
    assert.deepEqual(there.bytes, pattern(lengthBytes, 1));
    await target.send(pattern(lengthBytes, 2), there.source);
    const back = await client.next();
    assert.deepEqual(back.bytes, pattern(lengthBytes, 2));
    assert.deepEqual(back.source, relay.address);
  }
});

Deno.test("EmulatedRelay holds many datagrams at once without mixing their bytes", async () => {
  await using target = new UdpPeer();
  await using client = new UdpPeer();
  await using relay = makeRelay(target, { up: linkProfile({ delayMs: 30 }) });
  for (let i = 0; i < 60; i++) await client.send(pattern(200, i), relay.address);
  for (let i = 0; i < 60; i++) assert.deepEqual((await target.next()).bytes, pattern(200, i));
});

Deno.test("EmulatedRelay gives each client a port of its own and keeps it", async () => {
  await using target = new UdpPeer();
  await using alice = new UdpPeer();
  await using bob = new UdpPeer();
  await using relay = makeRelay(target);
  const sourceOf = async (client: UdpPeer): Promise<number> => {
    await client.send(Uint8Array.of(1), relay.address);
    return (await target.next()).source.port;
  };
  const alicesPort = await sourceOf(alice);
  const bobsPort = await sourceOf(bob);
  assert.notEqual(alicesPort, bobsPort);
  assert.equal(await sourceOf(alice), alicesPort);
  await target.send(Uint8Array.of(2), { hostname: "127.0.0.1", port: bobsPort });
  assert.deepEqual((await bob.next()).bytes, Uint8Array.of(2));
  assert.equal(alice.pending, 0);
  assert.equal(relay.stats().clients, 2);
});

Deno.test("EmulatedRelay lets nobody but the target answer", async () => {
  await using target = new UdpPeer();
  await using client = new UdpPeer();
  await using stranger = new UdpPeer();
  await using relay = makeRelay(target);
  await client.send(Uint8Array.of(1), relay.address);
  const { source } = await target.next();
  await stranger.send(Uint8Array.of(66), source);
  await target.send(Uint8Array.of(2), source);
  assert.deepEqual((await client.next()).bytes, Uint8Array.of(2));
  assert.equal(relay.stats().down.sentPkts, 1);
});

Deno.test("EmulatedRelay that is cut passes nothing, and works again when it is mended", async () => {
  await using target = new UdpPeer();
  await using client = new UdpPeer();
  await using relay = makeRelay(target, { up: linkProfile({ delayMs: 20 }) });
  await client.send(Uint8Array.of(1), relay.address);
  await target.next();
  relay.control({ cut: true });
  await client.send(Uint8Array.of(2), relay.address);
  while (relay.stats().up.refusedDownPkts === 0) await nextTurn();
  relay.control({ cut: false });
  await client.send(Uint8Array.of(3), relay.address);
  assert.deepEqual((await target.next()).bytes, Uint8Array.of(3));
});

Deno.test("EmulatedRelay told to rebind reaches the target from a new port", async () => {
  await using target = new UdpPeer();
  await using client = new UdpPeer();
  await using relay = makeRelay(target);
  await client.send(Uint8Array.of(1), relay.address);
  const before = (await target.next()).source.port;
  relay.control({ rebind: true });
  await client.send(Uint8Array.of(2), relay.address);
  assert.notEqual((await target.next()).source.port, before);
  assert.equal(relay.stats().clients, 1);
});

Deno.test("EmulatedRelay forgets the longest silent client when there are too many", async () => {
  await using target = new UdpPeer();
  await using relay = makeRelay(target, { maxClients: 2 });
  for (let i = 0; i < 4; i++) {
    await using client = new UdpPeer();
    await client.send(Uint8Array.of(i), relay.address);
    assert.deepEqual((await target.next()).bytes, Uint8Array.of(i));
  }
  assert.equal(relay.stats().clients, 2);
});

for (const wakeUp of ["timer", "spin"] as const) {
  Deno.test(`EmulatedRelay with wake-up by ${wakeUp} never delivers early`, async () => {
    await using target = new UdpPeer();
    await using client = new UdpPeer();
    await using relay = makeRelay(target, { up: linkProfile({ delayMs: 25 }), wakeUp });
    for (let i = 0; i < 10; i++) {
      const sentMs = performance.now();
      await client.send(Uint8Array.of(i), relay.address);
      const delayMs = (await target.next()).atMs - sentMs;
      // The upper bound only tells a delay from none: the machine may be busy.
      assert.ok(delayMs >= 25 && delayMs < 1_000, `${delayMs} ms`);
    }
  });
}

Deno.test("EmulatedRelay limits the rate", async () => {
  await using target = new UdpPeer();
  await using client = new UdpPeer();
  await using relay = makeRelay(target, { up: linkProfile({ rateBps: 4_000_000 }) });
  const startMs = performance.now();
  for (let i = 0; i < 50; i++) await client.send(pattern(972, i), relay.address); // 1000 with headers
  let lastMs = startMs;
  for (let i = 0; i < 50; i++) lastMs = (await target.next()).atMs;
  const spanMs = lastMs - startMs;
  assert.ok(spanMs >= 100, `50 packets of 2 ms each in ${spanMs} ms`);
});

Deno.test("EmulatedRelay changes its link at run time", async () => {
  await using target = new UdpPeer();
  await using client = new UdpPeer();
  await using relay = makeRelay(target);
  relay.control({ up: { delayMs: 40 } });
  const sentMs = performance.now();
  await client.send(Uint8Array.of(1), relay.address);
  assert.ok((await target.next()).atMs - sentMs >= 40);
  assert.throws(() => relay.control({ up: { rateBps: -1 } }), RangeError);
});

/** Lets the event loop turn once. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
