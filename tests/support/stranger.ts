/**
 * A stranger on the network of a tunnel world, who has seen what passed and sends what he likes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { innerPacket } from "./inner_packets.ts";
import type { TappedDatagram } from "./tapped_network.ts";
import { type MasterEnd, type SlaveEnd, TunnelWorld } from "./tunnel_world.ts";
import { MASTER_ADDRESS } from "./tunnel_world_options.ts";
import type { NetAddress } from "../../src/net_address.ts";
import { DatagramType } from "../../src/wire/datagram_header.ts";

/** Where he is. */
export const STRANGER: NetAddress = { hostname: "198.51.100.66", port: 6_666 };

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
export async function throwAt(
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
export async function joined(): Promise<{
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

/** A copy with one byte changed. */
export function flipped(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= bit;
  return copy;
}
