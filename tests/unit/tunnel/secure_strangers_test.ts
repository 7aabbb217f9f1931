/** What strangers send to either end of the secure tunnel: it changes nothing, is answered by nothing, and is counted. */

import assert from "node:assert/strict";
import type { NetAddress } from "../../../src/net_address.ts";
import { DatagramType } from "../../../src/wire/datagram_header.ts";
import { encodeLegacyControl } from "../../../src/wire/legacy_control.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import type { TappedDatagram } from "../../support/tapped_network.ts";
import {
  MASTER_ADDRESS,
  type MasterEnd,
  type SlaveEnd,
  TunnelWorld,
} from "../../support/tunnel_world.ts";

const STRANGER: NetAddress = { hostname: "198.51.100.66", port: 6_666 };

/** What a stranger's datagram must not change. */
function stateOf(end: MasterEnd | SlaveEnd): unknown {
  const links = end.links.map((it) => ({ ...it, silentMs: 0, share: 0 }));
  return structuredClone({
    links,
    slaves: end.tunnel.snapshotSlaves(),
    delivered: end.tundev.delivered.length,
    events: end.logger.events.map(({ text }) => text),
  });
}

/** Sends datagrams to both ends. @returns drops that they caused at the master, and at the slave. */
async function throwAt(
  world: TunnelWorld,
  slave: SlaveEnd,
  datagrams: {
    readonly toMaster?: readonly Uint8Array[];
    readonly toSlave?: readonly Uint8Array[];
  },
  slaveSource: NetAddress = MASTER_ADDRESS,
): Promise<[Record<string, number>, Record<string, number>]> {
  const { master, network } = world;
  await world.settle();
  const before = [stateOf(master), stateOf(slave)];
  const drops = [master.dropCounts(), slave.dropCounts()];
  const mark = network.passed.length;
  for (const bytes of datagrams.toMaster ?? []) {
    network.inject({ bytes, source: STRANGER, dst: MASTER_ADDRESS });
  }
  const dst = slave.sockets[0]!.localAddress;
  for (const bytes of datagrams.toSlave ?? []) {
    network.inject({ bytes, source: slaveSource, dst });
  }
  await world.settle();
  assert.deepEqual([stateOf(master), stateOf(slave)], before, "something has changed");
  assert.deepEqual(network.passed.slice(mark), [], "somebody was answered");
  return [newDrops(drops[0]!, master.dropCounts()), newDrops(drops[1]!, slave.dropCounts())];
}

function newDrops(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  const changed = Object.entries(after).map(([label, n]) => [label, n - (before[label] ?? 0)]);
  return Object.fromEntries(changed.filter(([, n]) => n !== 0));
}

/** A joined slave, and transport packets that passed from it and to it over its first link. */
async function joined(): Promise<{
  readonly world: TunnelWorld;
  readonly slave: SlaveEnd;
  readonly fromSlave: TappedDatagram;
  readonly toSlave: TappedDatagram;
}> {
  const world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  const mark = world.network.passed.length;
  for (let i = 0; i < 20; i++) {
    slave.send(innerPacket(2, 1, i));
    world.master.send(innerPacket(1, 2, i));
  }
  await world.settle();
  const overFirst = world.network.ofType(DatagramType.TRANSPORT, mark)
    .filter(({ bytes }) => bytes[3] === 1);
  const { hostname } = MASTER_ADDRESS;
  const fromSlave = overFirst.find(({ source }) => source.hostname !== hostname);
  const toSlave = overFirst.find(({ source }) => source.hostname === hostname);
  assert(fromSlave !== undefined && toSlave !== undefined);
  return { world, slave, fromSlave, toSlave };
}

function flipped(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= bit;
  return copy;
}

function legacyControl(): Uint8Array {
  const packet = new Packet(4_096);
  encodeLegacyControl({ seqNo: 1, received: new Map() }, packet);
  return Uint8Array.of(0x42, 0x4c, 0x43, 1, ...packet.toBytes());
}

const legacyData = (): Uint8Array => Uint8Array.of(0x42, 0x4c, 0x44, 1, ...innerPacket(2, 1));

Deno.test("Secure tunnels drop garbage, each by its reason", async () => {
  const { world, slave } = await joined();
  await using _ = world;
  const garbage = [
    new Uint8Array(0),
    Uint8Array.of(0x42, 0x4c),
    Uint8Array.of(1, 2, 3, 4, 5),
    Uint8Array.of(0x42, 0x4c, 0x58, 1, 5),
    Uint8Array.of(0x42, 0x4c, 0x54, 0, 5),
    Uint8Array.of(0x42, 0x4c, 0x54, 1, 5),
    Uint8Array.of(0x42, 0x4c, 0x52, 1),
  ];
  const [atMaster, atSlave] = await throwAt(world, slave, { toMaster: garbage, toSlave: garbage });
  const expected = { truncated: 3, bad_magic: 1, unknown_type: 1, bad_link_id: 2 };
  assert.deepEqual([atMaster, atSlave], [expected, expected]);
});

Deno.test("Secure tunnels take no legacy datagram", async () => {
  const { world, slave } = await joined();
  await using _ = world;
  const legacy = [legacyControl(), legacyData()];
  // The first one is told: whoever sends it may be the other end, run wrongly.
  world.network.inject({ bytes: legacyData(), source: STRANGER, dst: MASTER_ADDRESS });
  await world.settle();
  const { master } = world;
  assert.equal(master.logger.events.filter(({ text }) => /legacy protocol/.test(text)).length, 1);
  const drops = await throwAt(world, slave, { toMaster: legacy, toSlave: legacy });
  assert.deepEqual(drops, [{ wrong_protocol: 2 }, { wrong_protocol: 2 }]);
});

Deno.test("Secure tunnels drop transport packets of a session they do not know", async () => {
  const { world, slave, fromSlave, toSlave } = await joined();
  await using _ = world;
  const drops = await throwAt(world, slave, {
    toMaster: [flipped(fromSlave.bytes, 4), flipped(fromSlave.bytes, 7, 0x80)],
    toSlave: [flipped(toSlave.bytes, 4), flipped(toSlave.bytes, 7, 0x80)],
  });
  assert.deepEqual(drops, [{ no_session: 2 }, { no_session: 2 }]);
});

Deno.test("Secure tunnels drop what was changed on its way, whichever byte it is", async () => {
  const { world, slave } = await joined();
  await using _ = world;
  // Never delivered, so that none of them is a replay.
  const held: Uint8Array[] = [];
  world.network.isLost = ({ bytes }) => {
    if (bytes[3] === 1) held.push(bytes);
    return true;
  };
  while (held.length < 2) slave.send(innerPacket(2, 1));
  const toMaster = held.splice(0)[0]!;
  while (held.length < 1) world.master.send(innerPacket(1, 2));
  const toSlave = held[0]!;
  world.network.isLost = () => false;
  const afterIndex = toMaster.length - 8;
  const changed = (bytes: Uint8Array): Uint8Array[] =>
    Array.from({ length: afterIndex }, (_, i) => flipped(bytes, 8 + i, 1 << i % 8));
  const [atMaster, atSlave] = await throwAt(world, slave, {
    toMaster: changed(toMaster),
    toSlave: changed(toSlave),
  });
  assert.deepEqual([atMaster, atSlave], [
    { not_authentic: afterIndex },
    { not_authentic: afterIndex },
  ]);
  const cut = [toMaster.slice(0, -1), toMaster.slice(0, 31), toMaster.slice(0, 15)];
  const [cutDrops] = await throwAt(world, slave, { toMaster: cut });
  assert.deepEqual(cutDrops, { not_authentic: 1, truncated: 2 });
  // What is left as it was is taken all the same.
  const delivered = world.master.tundev.delivered.length;
  world.network.inject({
    bytes: toMaster,
    source: slave.sockets[0]!.localAddress,
    dst: MASTER_ADDRESS,
  });
  await world.settle();
  assert.equal(world.master.tundev.delivered.length, delivered + 1);
});

Deno.test("Secure tunnels drop replays, whoever sends them", async () => {
  const { world, slave, fromSlave, toSlave } = await joined();
  await using _ = world;
  const drops = await throwAt(world, slave, {
    toMaster: [fromSlave.bytes, fromSlave.bytes],
    toSlave: [toSlave.bytes, toSlave.bytes],
  });
  assert.deepEqual(drops, [{ replayed: 2 }, { replayed: 2 }]);
});

Deno.test("Secure tunnels drop what is reflected to its sender", async () => {
  const { world, slave, fromSlave, toSlave } = await joined();
  await using _ = world;
  const indexOf = (bytes: Uint8Array): Uint8Array => bytes.slice(4, 8);
  const addressed = (bytes: Uint8Array, index: Uint8Array): Uint8Array => {
    const copy = bytes.slice();
    copy.set(index, 4);
    return copy;
  };
  const drops = await throwAt(world, slave, {
    toMaster: [toSlave.bytes, addressed(toSlave.bytes, indexOf(fromSlave.bytes))],
    toSlave: [fromSlave.bytes, addressed(fromSlave.bytes, indexOf(toSlave.bytes))],
  });
  // Numbers of the two directions may or may not be the same: then it is taken for a replay, before anything is opened.
  const [atMaster, atSlave] = drops;
  assert.equal(atMaster.no_session, 1);
  assert.equal(atSlave.no_session, 1);
  assert.equal((atMaster.not_authentic ?? 0) + (atMaster.replayed ?? 0), 1);
  assert.equal((atSlave.not_authentic ?? 0) + (atSlave.replayed ?? 0), 1);
});

Deno.test("Secure tunnels drop a link's packet that comes as another link's", async () => {
  const { world, slave } = await joined();
  await using _ = world;
  const held: TappedDatagram[] = [];
  world.network.isLost = (datagram) => held.push(datagram) > 0;
  while (held.every(({ bytes }) => bytes[3] !== 2)) world.master.send(innerPacket(1, 2));
  while (held.every(({ bytes, dst }) => bytes[3] !== 2 || dst.port !== MASTER_ADDRESS.port)) {
    slave.send(innerPacket(2, 1));
  }
  world.network.isLost = () => false;
  const overSecond = held.filter(({ bytes }) => bytes[3] === 2);
  const toSlave = overSecond.find(({ dst }) => dst.port !== MASTER_ADDRESS.port)!.bytes;
  const toMaster = overSecond.find(({ dst }) => dst.port === MASTER_ADDRESS.port)!.bytes;
  const asFirst = (bytes: Uint8Array): Uint8Array => bytes.with(3, 1);
  // throwAt sends to the slave's first link.
  const [atMaster, atSlave] = await throwAt(world, slave, {
    toMaster: [asFirst(toMaster)],
    toSlave: [toSlave, asFirst(toSlave)],
  });
  assert.equal((atMaster.not_authentic ?? 0) + (atMaster.replayed ?? 0), 1);
  assert.equal(atSlave.link_id_mismatch, 1);
  assert.equal((atSlave.not_authentic ?? 0) + (atSlave.replayed ?? 0), 1);
});

Deno.test("SlaveTunnel takes nothing from anyone but where its link leads to", async () => {
  const { world, slave } = await joined();
  await using _ = world;
  const held: TappedDatagram[] = [];
  world.network.isLost = (datagram) => held.push(datagram) > 0;
  while (held.every(({ bytes }) => bytes[3] !== 1)) world.master.send(innerPacket(1, 2));
  world.network.isLost = () => false;
  const authentic = held.find(({ bytes }) => bytes[3] === 1)!.bytes;
  const [, atSlave] = await throwAt(world, slave, { toSlave: [authentic] }, STRANGER);
  assert.deepEqual(atSlave, { wrong_source: 1 });
});

Deno.test("Secure tunnels drop handshake datagrams that are none", async () => {
  const { world, slave } = await joined();
  await using _ = world;
  const { network } = world;
  const initiation = network.ofType(DatagramType.INITIATION)[0]!.bytes;
  const response = network.ofType(DatagramType.RESPONSE)[0]!.bytes;
  await world.runFor(11_000); // a stored answer is forgotten
  const [atMaster] = await throwAt(world, slave, {
    toMaster: [
      initiation.slice(0, 40),
      flipped(initiation, 20),
      flipped(initiation, initiation.length - 20),
      response,
      Uint8Array.of(0x42, 0x4c, 0x4b, 0, ...new Uint8Array(60)),
    ],
  });
  assert.deepEqual(atMaster, { bad_handshake: 1, bad_mac: 2, unexpected_response: 2 });
  const [, atSlave] = await throwAt(world, slave, {
    toSlave: [response.slice(0, 40), flipped(response, 20)],
  });
  assert.deepEqual(atSlave, { bad_handshake: 1, bad_mac: 1 });
  const nobody = flipped(response, 11); // its receiver
  const [, late] = await throwAt(world, slave, { toSlave: [nobody] });
  const { unexpected_response = 0, bad_mac = 0 } = late;
  assert.equal(unexpected_response + bad_mac, 1, "whichever is looked at first");
});

Deno.test("MasterTunnel answers a recorded initiation with a refusal at most, and keeps the session in use", async () => {
  const { world, slave } = await joined();
  await using _ = world;
  const { master, network } = world;
  const initiation = network.ofType(DatagramType.INITIATION)[0]!.bytes;
  await world.runFor(11_000);
  const before = master.links.map(({ remote }) => remote);
  const mark = network.passed.length;
  network.inject({ bytes: initiation, source: STRANGER, dst: MASTER_ADDRESS });
  await world.settle();
  assert.deepEqual(network.passed.slice(mark).map(({ bytes, dst }) => [bytes[2], dst.hostname]), [
    [DatagramType.RESPONSE, STRANGER.hostname],
  ]);
  assert.deepEqual(master.links.map(({ remote }) => remote), before);
  slave.send(innerPacket(2, 1, 99));
  master.send(innerPacket(1, 2, 98));
  const delivered = master.tundev.delivered.length;
  await world.settle();
  assert.equal(master.tundev.delivered.length, delivered + 1);
  // To a master that was restarted the initiation is a new one: nothing comes of its session either.
  await world.stopMaster("killed");
  world.startMaster();
  network.inject({ bytes: initiation, source: STRANGER, dst: MASTER_ADDRESS });
  await world.settle();
  assert.equal(world.master.links.length, 0);
  assert.equal(world.master.logger.count("info Slave joined"), 0);
  const isBack = (): boolean => world.master.upIds.length === 2;
  await world.runUntil(isBack, 10_000, "the true slave comes back");
  assert.equal(world.master.logger.count("info Slave joined"), 1);
});

Deno.test("MasterTunnel says nothing to whoever does not know its key", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  await using other = await TunnelWorld.create(["laptop"], { seed: 8 });
  const stranger = await other.addSlave("laptop");
  const initiation = other.network.ofType(DatagramType.INITIATION)[0]!.bytes;
  const mark = world.network.passed.length;
  world.network.inject({ bytes: initiation, source: STRANGER, dst: MASTER_ADDRESS });
  await world.settle();
  assert.deepEqual(world.network.passed.slice(mark), []);
  assert.deepEqual(world.master.dropCounts(), { bad_mac: 1 });
  await other.kill(stranger);
});

Deno.test("MasterTunnel says nothing to a key that was never invited", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  world.forge("stranger");
  const stranger = await world.addSlave("stranger");
  await world.runFor(20_000);
  const { hostname } = MASTER_ADDRESS;
  assert.deepEqual(world.network.passed.filter(({ source }) => source.hostname === hostname), []);
  const { unknown_key, ...others } = world.master.dropCounts();
  assert(unknown_key! > 10);
  assert.deepEqual(others, {});
  assert.deepEqual(stranger.upIds, []);
});
