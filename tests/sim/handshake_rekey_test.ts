/**
 * A session is renewed under traffic: nobody notices.
 */

import assert from "node:assert/strict";
import { HandshakeWorld } from "../support/handshake_world.ts";
import { testSeed } from "../support/rng.ts";

Deno.test("a rekey under traffic loses no packet, however the links differ in delay", () => {
  const seed = testSeed();
  const world = new HandshakeWorld({
    seed,
    links: [
      { delayMs: 20 },
      { delayMs: 300, jitterMs: 100, jitterKind: "independent" },
    ],
    limits: { rekeyAfterMs: 3_000, rejectAfterMs: 6_000 },
    talkIntervalMs: 25,
  });
  const slave = world.addMachine();
  slave.start();
  world.runFor(40_000);
  const { talk } = world.master.peer(slave.publicKey);
  const saidBySlave = slave.talk.said;
  const saidByMaster = talk.said;
  world.runFor(2_000);
  assert.ok(slave.welcomes.length >= 10, `${slave.welcomes.length} sessions (seed ${seed})`);
  assert.deepEqual(missing(saidBySlave, talk.heard), [], `from the slave (seed ${seed})`);
  assert.deepEqual(missing(saidByMaster, slave.talk.heard), [], `from the master (seed ${seed})`);
  assert.ok(saidByMaster > 1_000 && saidBySlave > 1_000);
});

Deno.test("a rekey that is not answered for long costs the session only when it is too old", () => {
  const world = new HandshakeWorld({
    seed: 2,
    limits: { rekeyAfterMs: 10_000, rejectAfterMs: 20_000 },
  });
  const slave = world.addMachine();
  slave.start();
  world.runFor(5_000);
  slave.links[0]!.up.filter = (datagram) => datagram[2] !== INITIATION;
  for (const passedMs of [5_000, 5_000, 4_900]) {
    world.runFor(passedMs);
    assert.ok(world.isAgreed(slave), `at ${world.clock.now} ms`);
  }
  world.runFor(200);
  assert.ok(!world.isAgreed(slave));
  assert.equal(slave.keyring.current, null, "wiped");
  slave.links[0]!.up.filter = () => true;
  world.runUntilAgreed(slave, 6_100);
});

Deno.test("many sent packets make a rekey due before its time", () => {
  const world = new HandshakeWorld({
    seed: 3,
    limits: { rekeyAfterPkts: 500, rejectAfterPkts: 1_000 },
    talkIntervalMs: 10,
  });
  const slave = world.addMachine();
  slave.start();
  world.runFor(30_000);
  assert.ok(slave.welcomes.length >= 2, `${slave.welcomes.length} sessions`);
  assert.ok(world.isAgreed(slave));
});

Deno.test("a hundred slaves that joined together do not rekey together", () => {
  const limits = { rekeyAfterMs: 40_000, rejectAfterMs: 80_000 };
  const world = new HandshakeWorld({ seed: 4, limits, talkIntervalMs: 1_500 });
  const slaves = Array.from({ length: 100 }, () => world.addMachine());
  for (const slave of slaves) slave.start();
  world.runFor(30_000);
  for (const slave of slaves) assert.equal(slave.welcomes.length, 1);
  world.runFor(25_000);
  const rekeysMs = slaves.map((slave) => slave.welcomes[1]!.atMs).sort((a, b) => a - b);
  const busiest = Math.max(
    ...rekeysMs.map((fromMs) => rekeysMs.filter((at) => at >= fromMs && at < fromMs + 500).length),
  );
  assert.ok(busiest <= 20, `${busiest} of 100 within half a second`);
});

const INITIATION = 0x49;

function missing(said: number, heard: ReadonlySet<number>): number[] {
  return Array.from({ length: said }, (_, i) => i + 1).filter((number) => !heard.has(number));
}
