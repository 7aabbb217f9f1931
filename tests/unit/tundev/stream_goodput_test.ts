/**
 * How fast one stream is over the reference links (20, 8 and 3 Mbit/s; 20, 60, 100 ms one way)
 * when every packet takes a link at random. Figures are of the bytes the reader got, in Mbit/s.
 */

import assert from "node:assert/strict";
import { linkProfile } from "../../support/link_profile.ts";
import {
  type PatternReader,
  readPattern,
  type Spreading,
  StreamWorld,
  writePattern,
} from "./stream_world.ts";

class Transfer {
  readonly world: StreamWorld;
  #reader: PatternReader | undefined;

  constructor(lossFraction: number, spreading: Spreading = "by capacity") {
    const links = [[20, 20], [8, 60], [3, 100]].map(([mbps, delayMs]) =>
      linkProfile({ rateBps: mbps! * 1e6, delayMs: delayMs!, lossFraction })
    );
    const onStream = (stream: Parameters<typeof readPattern>[0]): void => {
      this.#reader = readPattern(stream, () => this.world.now);
    };
    this.world = new StreamWorld({ seed: 7, links, spreading, onStream });
    writePattern(this.world.open(), 1e9);
  }

  /** Lets time pass. @returns Mbit/s in that time. */
  run(ms: number): number {
    const before = this.#reader?.readBytes ?? 0;
    this.world.run(ms);
    assert.equal(this.#reader?.wrongAt, -1);
    return (this.#reader.readBytes - before) * 8 / ms / 1000;
  }

  /** Gives all links a part of their rate. */
  setRates(factor: number): void {
    for (const path of [this.world.toRight, this.world.toLeft]) {
      [20e6, 8e6, 3e6].forEach((bps, i) =>
        path.links[i]!.configure({ rateBps: bps * factor }, this.world.now)
      );
    }
  }
}

/** Fails with the figure. */
function assertAbove(mbps: number, least: number): void {
  assert.ok(mbps > least, `${mbps.toFixed(1)} Mbit/s, not above ${least}`);
}

Deno.test("One stream gets 28 of 31 Mbit/s over links that spread packets by capacity", () => {
  const transfer = new Transfer(0);
  transfer.run(3000);
  assertAbove(transfer.run(10_000), 28);
});

Deno.test("One stream gets 26 of 31 Mbit/s when every link loses 2 %", () => {
  const transfer = new Transfer(0.02);
  transfer.run(5000);
  assertAbove(transfer.run(10_000), 26);
});

Deno.test("One stream gets 24 of 31 Mbit/s when every link loses 5 %", () => {
  const transfer = new Transfer(0.05);
  transfer.run(5000);
  assertAbove(transfer.run(10_000), 24);
});

Deno.test("Links loaded alike, the slowest overloaded, give a stream 9 Mbit/s", () => {
  const transfer = new Transfer(0, "alike");
  transfer.run(5000);
  assertAbove(transfer.run(15_000), 9);
});

Deno.test("Links loaded by what arrived on them give a stream 15 Mbit/s", () => {
  const transfer = new Transfer(0.01, "by what arrived");
  transfer.run(10_000);
  assertAbove(transfer.run(15_000), 15);
});

Deno.test("A stream goes on within 500 ms after an outage of 3 s", () => {
  const transfer = new Transfer(0.01);
  transfer.run(6000);
  transfer.world.setUp(false);
  assert.equal(transfer.run(3000) < 1, true);
  transfer.world.setUp(true);
  assertAbove(transfer.run(500), 0);
  transfer.run(1500);
  assertAbove(transfer.run(3000), 24);
});

Deno.test("A stream follows links that fall to a quarter and come back", () => {
  const transfer = new Transfer(0.01);
  transfer.run(6000);
  transfer.setRates(1 / 4);
  transfer.run(2000);
  assertAbove(transfer.run(6000), 5.5);
  transfer.setRates(1);
  transfer.run(2000);
  assertAbove(transfer.run(4000), 22);
});

for (const delayMs of [0.3, 5, 40]) {
  Deno.test(`An answer gets 45 of 60 Mbit/s after its end only received, ${delayMs} ms one way`, () => {
    const links = [1, 2, 3].map(() => linkProfile({ rateBps: 20e6, delayMs }));
    const world: StreamWorld = new StreamWorld({
      seed: 7,
      links,
      // The first stream is read, the second is answered by bulk.
      onStream: (stream) => {
        if (isAnswer) writePattern(stream, 1e9);
        else readPattern(stream, () => world.now);
      },
    });
    let isAnswer = false;
    writePattern(world.open(), 20e6);
    world.run(4000);
    isAnswer = true;
    const reader = readPattern(world.open(), () => world.now);
    world.run(1500);
    const before = reader.readBytes;
    world.run(2000);
    assertAbove((reader.readBytes - before) * 8 / 2000 / 1000, 45);
    assert.equal(reader.wrongAt, -1);
  });
}
