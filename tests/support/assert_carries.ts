/**
 * Whether a tunnel between a master and its first slave works.
 *
 * @module
 */

import assert from "node:assert/strict";
import { innerPacket } from "./inner_packets.ts";
import type { SlaveEnd, TunnelWorld } from "./tunnel_world.ts";

/** Whether packets pass both ways now. */
export async function assertCarries(world: TunnelWorld, slave: SlaveEnd): Promise<void> {
  const before = [world.master.tundev.delivered.length, slave.tundev.delivered.length];
  assert(slave.send(innerPacket(2, 1)) > 0);
  assert(world.master.send(innerPacket(1, 2)) > 0);
  await world.settle();
  const after = [world.master.tundev.delivered.length, slave.tundev.delivered.length];
  assert.deepEqual(after, before.map((it) => it + 1));
}
