import assert from "node:assert/strict";
import {
  BLOCK_BASES,
  endPriority,
  findFreeBlock,
  isInBlock,
  networkPriority,
  readPriorities,
  wayPriority,
} from "../../../src/routing/rule_block.ts";

Deno.test("a block's rules are in the order: links, longer prefixes, shorter ones, the end", () => {
  const base = 17_000;
  const priorities = [
    wayPriority(base),
    networkPriority(base, 128),
    networkPriority(base, 128) + 1,
    networkPriority(base, 24),
    networkPriority(base, 0),
    networkPriority(base, 0) + 1,
    endPriority(base),
  ];
  assert.deepEqual(priorities, priorities.toSorted((a, b) => a - b));
  assert.equal(new Set(priorities).size, priorities.length);
  assert(priorities.every((it) => isInBlock(base, it)));
  assert(!isInBlock(base, base - 1));
  assert(!isInBlock(base, endPriority(base) + 1));
});

Deno.test("blocks do not overlap, and come before the main table's rule", () => {
  for (const [i, base] of BLOCK_BASES.entries()) {
    assert(endPriority(base) < (BLOCK_BASES[i + 1] ?? 32_766));
  }
});

Deno.test("findFreeBlock takes the first of which neither a rule nor the table is taken", () => {
  assert.equal(findFreeBlock([0, 32_766, 32_767], new Set()), 17_000);
  assert.equal(findFreeBlock([0, 17_299], new Set()), 17_300);
  assert.equal(findFreeBlock([17_000], new Set([17_300])), 17_600);
  assert.equal(findFreeBlock(BLOCK_BASES, new Set()), null);
});

Deno.test("readPriorities reads what ip prints, and nothing of what it does not", () => {
  const printed = '[{"priority":0,"src":"all","table":"local"},{"priority":17257,"src":"all",' +
    '"table":"main","suppress_prefixlen":0},{"priority":17299,"src":"all","nop":null}]';
  assert.deepEqual(readPriorities(printed), [0, 17_257, 17_299]);
  assert.deepEqual(readPriorities(""), []);
  assert.deepEqual(readPriorities("[{}]"), []);
});
