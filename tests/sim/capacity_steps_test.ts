/**
 * One of two links halves its rate, and doubles it again, every 5 s, as radio links do from one moment to the next: rates
 * are followed down as well as up.
 *
 * ```
 *          20, 10, 20, 10 Mbit/s, 20 ms one way
 *  slave ==                                     == master
 *          8 Mbit/s, 60 ms
 * ```
 */

import assert from "node:assert/strict";
import type { MultiplexerLink } from "../../src/multiplexer/multiplexer_link.ts";
import { MEASURED_FROM_MS, RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";
import { World } from "../support/world.ts";

const STEP_MS = 5_000;
const STEPS = 4;

/** Two of four steps at 10 Mbit/s, two at 20, and the other link. */
const CAPACITY_BPS = 15e6 + 8e6;

for (const direction of RUN_DIRECTIONS) {
  Deno.test(`a rate that halves and doubles, ${direction}: 85 % of the integrated capacity`, () => {
    const { goodputBps, rtoCount } = runBonding({
      links: [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60 }],
      direction,
      measuredMs: STEPS * STEP_MS,
      script: (world) => {
        for (let step = 0; step < STEPS; step++) {
          const rateBps = step % 2 === 0 ? 10e6 : 20e6;
          const atMs = MEASURED_FROM_MS + step * STEP_MS;
          world.at(atMs, () => world.link(1).configure({ rateBps }));
        }
      },
    });
    const fraction = goodputBps / CAPACITY_BPS;
    assert.ok(fraction >= 0.85, `${(fraction * 100).toFixed(1)} %`);
    assert.equal(rtoCount, 0, "timeouts of TCP");
  });
}

Deno.test("a link that was capped far below its capacity and then falls below the cap: its queue stays short", () => {
  const world = new World({ seed: 1, links: [{ rateBps: 50e6, delayMs: 20, jitterMs: 2 }] });
  world.addTransfer({ from: "master", startMs: 1_000, stopMs: 4_500 });
  world.addFlow({ from: "master", startMs: 5_500, rateBps: 22e6, packetBytes: 1_200 });
  const link = (): MultiplexerLink => world.master.link(1);
  world.at(5_000, () => link().rate.cap(20e6));
  world.at(8_000, () => world.link(1).down.configure({ rateBps: 15e6 }));
  world.runUntil(8_000);
  assert.ok(link().capacity.capacityBps > 40e6, "it is known to carry more than twice its cap");
  let worstMs = 0;
  for (let atMs = 8_000; atMs < 12_000; atMs += 10) {
    world.runUntil(atMs);
    worstMs = Math.max(worstMs, link().delay.queueMs);
  }
  assert.ok(worstMs < 100, `a queue of ${worstMs.toFixed(0)} ms`); // 51; 227 when it is asked for half its capacity
});
