/** What a master of the secure tunnel lets through between its slaves and its tun. */

import assert from "node:assert/strict";
import { DatagramType } from "../../../src/wire/datagram_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { innerPacket, markOf } from "../../support/inner_packets.ts";
import { type SlaveEnd, TunnelWorld } from "../../support/tunnel_world.ts";

/** Host numbers of the slaves `a` and `b`. */
const A = 2;
const B = 3;

async function worldOfTwo(
  options: { readonly allowsSlaveToSlave?: boolean } = {},
): Promise<{ readonly world: TunnelWorld; readonly a: SlaveEnd; readonly b: SlaveEnd }> {
  const world = await TunnelWorld.create(["a", "b"], options);
  return { world, a: await world.join("a"), b: await world.join("b") };
}

/** An IPv6 packet without payload. */
function ipv6Packet(source: string, destination: string): Uint8Array {
  const bytes = new Uint8Array(40);
  bytes.set([0x60, 0, 0, 0, 0, 0, 59, 64]);
  bytes.set(ipv6Bytes(source), 8);
  bytes.set(ipv6Bytes(destination), 24);
  return bytes;
}

/** Of an address with one `::`. */
function ipv6Bytes(address: string): Uint8Array {
  const [head = "", tail = ""] = address.split("::");
  const words = (text: string): string[] => text === "" ? [] : text.split(":");
  const zeros = 8 - words(head).length - words(tail).length;
  const all = [...words(head), ...Array<string>(zeros).fill("0"), ...words(tail)];
  return Uint8Array.from(all.flatMap((it) => [parseInt(it, 16) >> 8, parseInt(it, 16) & 255]));
}

/** The slave's IPv6 address, and the master's. */
function ipv6Of(slave: SlaveEnd): { readonly own: string; readonly master: string } {
  const own = slave.tundev.configured[0]!.addresses[1]!.address;
  return { own, master: own.replace(/::.*$/, "::1") };
}

Deno.test("MasterTunnel takes from a slave only what comes from its own addresses", async () => {
  const { world, a, b } = await worldOfTwo();
  await using _ = world;
  const { own, master } = ipv6Of(a);
  const forged = [
    innerPacket(B, 1),
    innerPacket(1, 1),
    innerPacket(99, 1),
    ipv6Packet(ipv6Of(b).own, master),
    ipv6Packet("fe80::1", "ff02::2"),
  ];
  for (const packet of forged) a.send(packet);
  await world.settle();
  assert.equal(world.master.drops.get(DropReason.WRONG_INNER_SOURCE), forged.length);
  assert.equal(world.master.tundev.delivered.length, 0);
  a.send(innerPacket(A, 1, 5));
  a.send(ipv6Packet(own, master));
  await world.settle();
  assert.deepEqual(world.master.tundev.delivered, [
    innerPacket(A, 1, 5),
    ipv6Packet(own, master),
  ]);
});

Deno.test("MasterTunnel lets slaves reach the world behind it, and only their own source", async () => {
  const { world, a } = await worldOfTwo();
  await using _ = world;
  const outward = innerPacket(A, 1);
  outward.set([203, 0, 113, 9], 16);
  a.send(outward);
  await world.settle();
  assert.equal(world.master.tundev.delivered.length, 1);
});

Deno.test("MasterTunnel takes nothing from a slave that is no IP packet", async () => {
  const { world, a } = await worldOfTwo();
  await using _ = world;
  a.send(Uint8Array.of(0x15, 1, 2, 3));
  a.send(Uint8Array.of(0x45, 0, 0, 4));
  await world.settle();
  assert.equal(world.master.drops.get(DropReason.NOT_IP), 2);
  assert.equal(world.master.tundev.delivered.length, 0);
});

Deno.test("MasterTunnel sends each slave what is for its addresses, and nothing else to anyone", async () => {
  const { world, a, b } = await worldOfTwo();
  await using _ = world;
  const { master } = world;
  const toA = ipv6Packet(ipv6Of(a).master, ipv6Of(a).own);
  assert(master.send(innerPacket(1, A, 1)) > 0);
  assert(master.send(innerPacket(1, B, 2)) > 0);
  assert(master.send(toA) > 0);
  for (const nobody of [1, 4, 254, 255]) {
    assert.equal(master.send(innerPacket(1, nobody)), DropReason.NO_ROUTE, `${nobody}`);
  }
  const outside = innerPacket(1, A);
  outside.set([10, 10, 11, 2], 16);
  assert.equal(master.send(outside), DropReason.NO_ROUTE);
  assert.equal(
    master.send(ipv6Packet(ipv6Of(a).master, ipv6Of(a).own.replace("::", "::1:"))),
    DropReason.NO_ROUTE,
  );
  assert.equal(master.send(ipv6Packet("fe80::1", "ff02::2")), DropReason.NO_ROUTE);
  assert.equal(master.send(Uint8Array.of(0x15, 1, 2, 3)), DropReason.NOT_IP);
  await world.settle();
  assert.deepEqual(a.tundev.delivered, [innerPacket(1, A, 1), toA]);
  assert.deepEqual(b.tundev.delivered, [innerPacket(1, B, 2)]);
});

Deno.test("MasterTunnel drops what is for a slave that is not there", async () => {
  await using world = await TunnelWorld.create(["a", "b"]);
  await world.join("a");
  assert.equal(world.master.send(innerPacket(1, B)), DropReason.NO_LINK);
});

Deno.test("MasterTunnel lets no slave reach another one", async () => {
  const { world, a, b } = await worldOfTwo();
  await using _ = world;
  a.send(innerPacket(A, B));
  a.send(ipv6Packet(ipv6Of(a).own, ipv6Of(b).own));
  await world.settle();
  assert.equal(world.master.drops.get(DropReason.SLAVE_TO_SLAVE), 2);
  assert.deepEqual([b.tundev.delivered.length, world.master.tundev.delivered.length], [0, 0]);
});

Deno.test("MasterTunnel lets no slave reach another one by way of the kernel that forwards", async () => {
  const { world, b } = await worldOfTwo();
  await using _ = world;
  assert.equal(world.master.send(innerPacket(A, B)), DropReason.SLAVE_TO_SLAVE);
  await world.settle();
  assert.equal(b.tundev.delivered.length, 0);
});

Deno.test("MasterTunnel takes packets from slave to slave when that is allowed", async () => {
  const { world, a, b } = await worldOfTwo({ allowsSlaveToSlave: true });
  await using _ = world;
  a.send(innerPacket(A, B, 5));
  a.send(ipv6Packet(ipv6Of(a).own, ipv6Of(b).own));
  b.send(innerPacket(B, A, 6));
  await world.settle();
  assert.deepEqual(b.tundev.delivered, [
    innerPacket(A, B, 5),
    ipv6Packet(ipv6Of(a).own, ipv6Of(b).own),
  ]);
  assert.deepEqual(a.tundev.delivered, [innerPacket(B, A, 6)]);
  assert.equal(world.master.tundev.delivered.length, 0, "not by way of the kernel");
  assert(world.master.send(innerPacket(A, B, 7)) > 0, "that way is open, too");
  a.send(innerPacket(B, A));
  await world.settle();
  assert.equal(world.master.drops.get(DropReason.WRONG_INNER_SOURCE), 1, "its source is checked");
});

Deno.test("MasterTunnel drops what is for another slave that is not there", async () => {
  await using world = await TunnelWorld.create(["a", "b"], { allowsSlaveToSlave: true });
  const a = await world.join("a");
  a.send(innerPacket(A, B));
  await world.settle();
  assert.equal(world.master.drops.get(DropReason.NO_LINK), 1);
});

Deno.test("MasterTunnel lets a slave that was invited while it runs in at once", async () => {
  await using world = await TunnelWorld.create(["a"]);
  world.invite("b");
  const b = await world.join("b");
  assert(world.master.send(innerPacket(1, B, 3)) > 0);
  await world.settle();
  assert.deepEqual(b.tundev.delivered, [innerPacket(1, B, 3)]);
});

Deno.test("MasterTunnel refuses a pool that is too small for its slaves", async () => {
  await assert.rejects(
    async () => {
      const pool = { address: "10.10.10.0", prefixBits: 30 };
      await using _ = await TunnelWorld.create(["a", "b"], { pool });
    },
    (error) => {
      assert(error instanceof UsageError);
      assert.match(error.message, /--pool 10\.10\.10\.0\/30 is too small for slave "b"/);
      return true;
    },
  );
});

Deno.test("MasterTunnel serves 300 slaves at once, each its own packets", async () => {
  const names = Array.from({ length: 300 }, (_, i) => `slave${i}`);
  await using world = await TunnelWorld.create([], {
    pool: { address: "10.20.0.0", prefixBits: 16 },
  });
  const { administration } = world.master.tunnel;
  for (const name of names) administration.handleInvited(world.forge(name));
  const slaves: SlaveEnd[] = [];
  for (const name of names) slaves.push(await world.addSlave(name, { links: 1 }));
  const areUp = (): boolean => slaves.every(({ upIds }) => upIds.length === 1);
  await world.runUntil(areUp, 30_000, "all are there");

  const addressOf = (host: number): number[] => [10, 20, host >> 8, host & 255];
  const packet = (from: number, to: number, mark: number): Uint8Array => {
    const bytes = innerPacket(0, 0, mark);
    bytes.set(addressOf(from), 12);
    bytes.set(addressOf(to), 16);
    return bytes;
  };
  const mark = world.network.ofType(DatagramType.TRANSPORT).length;
  slaves.forEach((_, i) => assert(world.master.send(packet(1, i + 2, 1_000 + i)) > 0));
  await world.settle();
  for (const [i, slave] of slaves.entries()) {
    assert(slave.send(packet(i + 2, 1, 2_000 + i)) > 0);
    await world.settle();
  }
  assert.deepEqual(
    slaves.map(({ tundev }) => tundev.delivered.map(markOf)),
    slaves.map((_, i) => [1_000 + i]),
  );
  assert.deepEqual(
    world.master.tundev.delivered.map(markOf),
    slaves.map((_, i) => 2_000 + i),
  );
  assert(world.network.ofType(DatagramType.TRANSPORT).length >= mark + 600);
});
