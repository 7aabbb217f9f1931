/** What strangers send to either end of the secure tunnel: it changes nothing, is answered by nothing, and is counted. */

import assert from "node:assert/strict";
import { DatagramType } from "../../../src/wire/datagram_header.ts";
import { encodeLegacyControl } from "../../../src/wire/legacy_control.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import { flipped, joined, STRANGER, throwAt } from "../../support/stranger.ts";
import type { TappedDatagram } from "../../support/tapped_network.ts";
import { MASTER_ADDRESS } from "../../support/tunnel_world_options.ts";

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
  // Pings of the slave over its second link, and the master's answers to them.
  const isToMaster = ({ dst }: TappedDatagram): boolean => dst.port === MASTER_ADDRESS.port;
  const isOverSecond = ({ bytes }: TappedDatagram): boolean =>
    bytes[2] === DatagramType.TRANSPORT && bytes[3] === 2;
  const hold = async (isHeld: (datagram: TappedDatagram) => boolean): Promise<Uint8Array> => {
    const held: TappedDatagram[] = [];
    world.network.isLost = (datagram) => isHeld(datagram) && held.push(datagram) > 0;
    await world.runUntil(() => held.length > 0, 10_000, "a ping");
    world.network.isLost = () => false;
    return held[0]!.bytes;
  };
  const toMaster = await hold((datagram) => isOverSecond(datagram) && isToMaster(datagram));
  const toSlave = await hold((datagram) => isOverSecond(datagram) && !isToMaster(datagram));
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
