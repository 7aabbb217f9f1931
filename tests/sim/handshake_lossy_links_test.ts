/**
 * Handshakes over links that lose, double and reorder datagrams: they end in agreement, and soon.
 */

import assert from "node:assert/strict";
import { HandshakeWorld } from "../support/handshake_world.ts";
import type { LinkProfile } from "../support/link_profile.ts";
import { testSeed } from "../support/rng.ts";

/** Jitter of its own for each datagram, wider than the distance of two: they overtake each other. */
const BAD_LINKS: readonly Partial<LinkProfile>[] = [20, 60, 250].map((delayMs) => ({
  delayMs,
  jitterMs: delayMs,
  jitterKind: "independent",
  lossFraction: 0.3,
  duplicateFraction: 0.2,
}));

Deno.test("1,000 handshakes under 30 % loss, duplication and reordering on 3 links end in agreement", () => {
  const firstSeed = testSeed();
  const tookMs: number[] = [];
  for (let i = 0; i < 1_000; i++) {
    const world = new HandshakeWorld({ seed: firstSeed + i, links: BAD_LINKS });
    const slave = world.addMachine();
    slave.start();
    tookMs.push(world.runUntilAgreed(slave, 30_000));
    // What is still under way (copies of both messages) disturbs nothing.
    world.runFor(1_000);
    assert.ok(world.isAgreed(slave), `disturbed (seed ${world.seed})`);
  }
  tookMs.sort((a, b) => a - b);
  const ofThousand = (n: number): number => tookMs[n - 1]!;
  const figures = `first seed ${firstSeed}: ${
    [500, 900, 990, 1_000].map(ofThousand).join(", ")
  } ms`;
  assert.ok(ofThousand(500) <= 400 && ofThousand(990) <= 2_000, figures);
});

Deno.test("handshakes whose every datagram overtakes others end in agreement with themselves", () => {
  const firstSeed = testSeed();
  for (let i = 0; i < 20; i++) {
    const world = new HandshakeWorld({
      seed: firstSeed + i,
      links: [{ delayMs: 1_000, jitterMs: 900, jitterKind: "independent", duplicateFraction: 0.5 }],
    });
    const slave = world.addMachine();
    slave.start();
    world.runUntilAgreed(slave, 10_000);
    world.runFor(20_000);
    assert.ok(world.isAgreed(slave), `seed ${world.seed}`);
  }
});

Deno.test("one lost report on an idle single link is no silence", () => {
  const seed = testSeed();
  const world = new HandshakeWorld({
    seed,
    links: [{ delayMs: 30, jitterMs: 60, jitterKind: "independent", lossFraction: 0.05 }],
  });
  const slave = world.addMachine();
  slave.start();
  world.runFor(3_600_000);
  // 29 by age (every 120 s and up to 10), and one for each two reports lost in a row: 9 (0.05 * 0.05 * 3,600), 27 once in
  // a million runs.
  const handshakes = slave.welcomes.length;
  assert.ok(handshakes >= 28 && handshakes <= 30 + 27, `${handshakes} in an hour (seed ${seed})`);
});

Deno.test("a round trip of 3 s is no silence", () => {
  const world = new HandshakeWorld({ seed: 1, links: [{ delayMs: 1_500 }] });
  const slave = world.addMachine();
  slave.start();
  world.runFor(60_000);
  assert.equal(slave.welcomes.length, 1);
  assert.ok(world.isAgreed(slave));
});
