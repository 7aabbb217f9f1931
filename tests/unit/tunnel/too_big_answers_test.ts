import assert from "node:assert/strict";
import { TooBigAnswers } from "../../../src/tunnel/too_big_answers.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { craftIp } from "../../support/craft_ip.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";

const DONT_FRAGMENT = 0x40;
const SLAVE_MTU_BYTES = 1_280;

/** A packet between hosts of the pool that may not be fragmented. */
function wholePacket(from: number, to: number, lengthBytes: number): Uint8Array {
  const bytes = innerPacket(from, to, 0, lengthBytes);
  bytes[6]! |= DONT_FRAGMENT;
  return bytes;
}

/** What an ICMP "fragmentation needed" says, or null. */
function readTooBig(bytes: Uint8Array): { from: number; to: number; mtuBytes: number } | null {
  if (bytes[9] !== 1 || bytes[20] !== 3 || bytes[21] !== 4) return null;
  return { from: bytes[15]!, to: bytes[19]!, mtuBytes: bytes[26]! << 8 | bytes[27]! };
}

Deno.test("TooBigAnswers answers twenty times a second at most", () => {
  let answers = 0;
  const tooBig = new TooBigAnswers(() => ++answers);
  const packet = craftIp({ fragment: 0x4000, payload: new Uint8Array(1_400) });
  for (let i = 0; i < 1_000; i++) assert(tooBig.handle(packet, 1_300, i), "told, or often enough");
  assert(answers >= 38 && answers <= 41, `${answers}`);
});

Deno.test("TooBigAnswers says when a sender cannot be told", () => {
  const tooBig = new TooBigAnswers(() => assert.fail("an answer"));
  const noIp = new Packet();
  noIp.fill(new Uint8Array(1_400).fill(0xb1));
  assert(!tooBig.handle(noIp, 1_300, 0));
  const mayBeFragmented = craftIp({ payload: new Uint8Array(1_400) });
  assert(!tooBig.handle(mayBeFragmented, 1_300, 0));
});

Deno.test("MasterTunnel tells who sends a slave more than it takes, behind the tun or another slave", async () => {
  await using world = await TunnelWorld.create(["a", "b"], { allowsSlaveToSlave: true });
  await world.join("a", { wantedMtuBytes: SLAVE_MTU_BYTES });
  const b = await world.join("b");
  assert.equal(world.master.send(wholePacket(1, 2, 1_300)), DropReason.TOO_LARGE);
  const [answer] = world.master.tundev.delivered;
  assert.deepEqual(readTooBig(answer!), { from: 2, to: 1, mtuBytes: SLAVE_MTU_BYTES });

  b.send(wholePacket(3, 2, 1_300));
  await world.settle();
  assert.equal(world.master.tundev.delivered.length, 1);
  assert.deepEqual(readTooBig(b.tundev.delivered.at(-1)!), {
    from: 2,
    to: 3,
    mtuBytes: SLAVE_MTU_BYTES,
  });
  assert(world.master.send(wholePacket(1, 2, SLAVE_MTU_BYTES)) > 0);
});

Deno.test("SlaveTunnel tells who sends more into its tun than the master granted", async () => {
  await using world = await TunnelWorld.create(["a"]);
  const a = await world.join("a", { wantedMtuBytes: SLAVE_MTU_BYTES });
  assert.equal(a.send(wholePacket(2, 1, 1_300)), DropReason.TOO_LARGE);
  assert.deepEqual(readTooBig(a.tundev.delivered[0]!), {
    from: 1,
    to: 2,
    mtuBytes: SLAVE_MTU_BYTES,
  });
});

for (const from of ["master", "slave"] as const) {
  Deno.test(`a SYN from the ${from} comes out with an MSS that the slave's MTU allows`, async () => {
    await using world = await TunnelWorld.create(["a"]);
    const a = await world.join("a", { wantedMtuBytes: SLAVE_MTU_BYTES });
    const [sender, receiver] = from === "master" ? [world.master, a] : [a, world.master];
    sender.send(from === "master" ? synPacket(1, 2) : synPacket(2, 1));
    await world.settle();
    const syn = receiver.tundev.delivered.at(-1)!;
    assert.equal(syn[42]! << 8 | syn[43]!, SLAVE_MTU_BYTES - 40);
  });
}

/** A SYN with an MSS of 1460. */
function synPacket(from: number, to: number): Uint8Array {
  const bytes = innerPacket(from, to, 0, 44);
  bytes[9] = 6;
  bytes.fill(0, 20);
  bytes.set([0x9c, 0x40, 0, 80], 20);
  bytes[32] = 6 << 4;
  bytes[33] = 2;
  bytes.set([2, 4, 1_460 >> 8, 1_460 & 0xff], 40);
  return bytes;
}
