import assert from "node:assert/strict";
import fc from "fast-check";
import { Sampler } from "../../../src/multiplexer/sampler.ts";
import { mulberry32 } from "../../support/rng.ts";

Deno.test("Sampler draws in proportion to the weights", () => {
  const sampler = new Sampler(3);
  sampler.setWeights([20, 8, 3], 3);
  const rng = mulberry32(1);
  const drawn = [0, 0, 0];
  for (let i = 0; i < 31_000; i++) drawn[sampler.draw(rng())]! += 1;
  for (const [i, weight] of [20, 8, 3].entries()) {
    assert(Math.abs(drawn[i]! - weight * 1_000) < 500, `index ${i}: ${drawn[i]} of 31000`);
  }
});

Deno.test("Sampler.draw returns -1 when there is nothing to draw", () => {
  const sampler = new Sampler(2);
  assert.equal(sampler.draw(0), -1);
  sampler.setWeights([0, 0], 2);
  assert.equal(sampler.draw(0.5), -1);
});

Deno.test("Sampler.setWeights refuses more weights than it holds", () => {
  assert.throws(() => new Sampler(1).setWeights([1, 1], 2), /Invariant/);
});

Deno.test("Sampler never draws an index without weight", () => {
  fc.assert(fc.property(
    fc.array(fc.nat(5), { minLength: 1, maxLength: 20 }),
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    (weights, random) => {
      const sampler = new Sampler(20);
      sampler.setWeights(weights, weights.length);
      const index = sampler.draw(random);
      if (weights.every((it) => it === 0)) assert.equal(index, -1);
      else assert(weights[index]! > 0);
    },
  ));
});
