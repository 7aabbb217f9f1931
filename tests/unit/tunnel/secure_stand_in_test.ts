/** The secure tunnel under the TCP stand-in: its packets have no inner addresses, and one slave at most. */

import assert from "node:assert/strict";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";

/** No IP packet. */
const FRAME = Uint8Array.of(0x10, 1, 2, 3, 4, 5);

Deno.test("MasterTunnel under a stand-in gives its packets to the one slave, and takes the slave's", async () => {
  await using world = await TunnelWorld.create(["laptop"], { standIn: true });
  assert.equal(world.master.send(FRAME), DropReason.NO_LINK, "nobody is there");
  const slave = await world.join("laptop");
  assert(world.master.send(FRAME) > 0);
  assert(slave.send(FRAME.toReversed()) > 0);
  await world.settle();
  assert.deepEqual(slave.delivered, [FRAME]);
  assert.deepEqual(world.master.delivered, [FRAME.toReversed()]);
  await slave.stop();
  await world.settle();
  assert.equal(world.master.send(FRAME), DropReason.NO_LINK, "it has left");
});

Deno.test("MasterTunnel under a stand-in says that it serves one slave", async () => {
  await using standIn = await TunnelWorld.create(["laptop"], { standIn: true });
  assert.equal(standIn.master.tunnel.administration.maxSlaves, 1);
});

Deno.test("MasterTunnel with a tun serves any number of slaves", async () => {
  await using world = await TunnelWorld.create([]);
  assert.equal(world.master.tunnel.administration.maxSlaves, Infinity);
});
