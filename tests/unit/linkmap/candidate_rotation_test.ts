import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CandidateRotation,
  FIRST_UDP_RETRY_MS,
  LONGEST_UDP_RETRY_MS,
  UDP_RETRY_MS,
} from "../../../src/linkmap/candidate_rotation.ts";

/** A way as text, e.g. `a/udp`. */
function pick(rotation: CandidateRotation, endpoints: readonly string[], now = 0): string {
  const { endpoint, transport } = rotation.next(endpoints, now);
  return `${endpoint}/${transport}`;
}

/** The next ways when all of them fail. */
function failing(
  rotation: CandidateRotation,
  endpoints: readonly string[],
  { count, now = 0 }: { count: number; now?: number },
): string[] {
  return Array.from({ length: count }, () => {
    const way = pick(rotation, endpoints, now);
    rotation.handleFailed();
    return way;
  });
}

/** A rotation that hears over TCP after UDP failed. */
function heardOverTcp(now: number): CandidateRotation {
  const rotation = new CandidateRotation({ allowsTcp: true });
  failing(rotation, ["a"], { count: 2, now });
  assert.equal(pick(rotation, ["a"], now), "a/tcp");
  rotation.handleHeard(now);
  return rotation;
}

Deno.test("CandidateRotation.next tries every endpoint over UDP twice, then over TCP, then anew", () => {
  const rotation = new CandidateRotation({ allowsTcp: true });
  assert.deepEqual(failing(rotation, ["a", "b"], { count: 8 }), [
    "a/udp",
    "b/udp",
    "a/udp",
    "b/udp",
    "a/tcp",
    "b/tcp",
    "a/udp",
    "b/udp",
  ]);
});

Deno.test("CandidateRotation.next without TCP takes the addresses in turn", () => {
  const rotation = new CandidateRotation({ allowsTcp: false });
  const ways = failing(rotation, ["a", "b", "c"], { count: 7 });
  assert.deepEqual(ways.map((way) => way[0]).join(""), "abcabca");
  assert(ways.every((way) => way.endsWith("/udp")));
});

Deno.test("CandidateRotation.next gives the same way again until its outcome is told", () => {
  const rotation = new CandidateRotation({ allowsTcp: true });
  rotation.next(["a", "b"], 0);
  rotation.handleFailed();
  assert.equal(pick(rotation, ["a", "b"]), "b/udp");
  assert.equal(pick(rotation, ["a", "b"]), "b/udp");
});

Deno.test("CandidateRotation.next counts the other ways", () => {
  const direct = new CandidateRotation({ allowsTcp: true });
  assert.equal(direct.next(["a", "b"], 0).alternatives, 3);
  assert.equal(new CandidateRotation({ allowsTcp: false }).next(["a"], 0).alternatives, 0);
  direct.handleUdpRefused(0);
  assert.equal(direct.next(["a", "b"], 0).alternatives, 1);
  assert.equal(direct.next(["a"], 0).alternatives, 0);
});

Deno.test("CandidateRotation.next begins with the way that was heard, and goes on behind it", () => {
  const rotation = new CandidateRotation({ allowsTcp: true });
  failing(rotation, ["a", "b", "c"], { count: 1 });
  assert.equal(pick(rotation, ["a", "b", "c"]), "b/udp");
  rotation.handleHeard(5);
  assert.deepEqual(failing(rotation, ["a", "b", "c"], { count: 5 }), [
    "b/udp",
    "c/udp",
    "a/udp",
    "b/udp",
    "c/udp",
  ]);
});

Deno.test("CandidateRotation.next forgets a heard way whose address is gone", () => {
  const rotation = new CandidateRotation({ allowsTcp: false });
  rotation.next(["old"], 0);
  rotation.handleHeard(0);
  assert.equal(pick(rotation, ["new"]), "new/udp");
  assert.equal(rotation.next(["new"], 0).index, 0);
});

Deno.test("CandidateRotation.handleUdpRefused leaves TCP alone until UDP is asked for again", () => {
  const rotation = new CandidateRotation({ allowsTcp: true });
  rotation.next(["a", "b"], 1_000);
  rotation.handleUdpRefused(1_000);
  const untilMs = 1_000 + UDP_RETRY_MS;
  assert.deepEqual(
    failing(rotation, ["a", "b"], { count: 4, now: untilMs - 1 }),
    ["a/tcp", "b/tcp", "a/tcp", "b/tcp"],
  );
  assert.equal(rotation.isUdpRefused(untilMs - 1), true);
  assert.equal(rotation.isUdpRefused(untilMs), false);
  assert(failing(rotation, ["a", "b"], { count: 4, now: untilMs }).includes("a/udp"));
});

Deno.test("CandidateRotation.handleUdpRefused gives up a heard way over UDP", () => {
  const rotation = new CandidateRotation({ allowsTcp: true });
  rotation.next(["a"], 0);
  rotation.handleHeard(0);
  assert.equal(pick(rotation, ["a"]), "a/udp");
  rotation.handleUdpRefused(0);
  assert.equal(pick(rotation, ["a"]), "a/tcp");
});

Deno.test("CandidateRotation.next keeps TCP for ten minutes, then tries UDP once before it", () => {
  const rotation = heardOverTcp(0);
  assert.equal(pick(rotation, ["a"], UDP_RETRY_MS - 1), "a/tcp");
  rotation.handleHeard(UDP_RETRY_MS - 1);
  assert.equal(pick(rotation, ["a"], UDP_RETRY_MS), "a/udp");
  rotation.handleFailed();
  assert.equal(pick(rotation, ["a"], UDP_RETRY_MS), "a/tcp");
});

Deno.test("CandidateRotation.wantsUdp never leaves TCP where UDP seems blocked", () => {
  const rotation = heardOverTcp(0);
  assert.equal(rotation.wantsUdp(100 * LONGEST_UDP_RETRY_MS), false);
});

Deno.test("CandidateRotation.wantsUdp never leaves TCP while the proxy refuses UDP", () => {
  const rotation = new CandidateRotation({ allowsTcp: true });
  rotation.next(["a"], 0);
  rotation.handleUdpRefused(0);
  failing(rotation, ["a"], { count: 1 });
  rotation.next(["a"], 0);
  rotation.handleHeard(0);
  assert.equal(rotation.wantsUdp(UDP_RETRY_MS - 1), false);
});

Deno.test("CandidateRotation.wantsUdp leaves TCP, ever more rarely, where UDP was heard", () => {
  const rotation = new CandidateRotation({ allowsTcp: true });
  let now = 0;
  rotation.next(["a"], now);
  rotation.handleHeard(now);
  failing(rotation, ["a"], { count: 2, now });
  for (const waitMs of [1, 2, 4, 8, 16, 32, 60, 60].map((factor) => factor * FIRST_UDP_RETRY_MS)) {
    assert.equal(pick(rotation, ["a"], now), "a/tcp");
    assert.equal(rotation.wantsUdp(now + waitMs), false, "not while it is unheard");
    rotation.handleHeard(now);
    assert.equal(rotation.wantsUdp(now + waitMs - 1), false);
    now += waitMs;
    assert.equal(rotation.wantsUdp(now), true);
    assert.equal(pick(rotation, ["a"], now), "a/udp");
    assert.equal(rotation.wantsUdp(now), false);
    rotation.handleFailed();
  }
});

Deno.test("CandidateRotation.wantsUdp leaves TCP where the master was away over TCP, too", () => {
  const rotation = new CandidateRotation({ allowsTcp: true });
  failing(rotation, ["a"], { count: 5 });
  assert.equal(pick(rotation, ["a"]), "a/tcp");
  rotation.handleHeard(0);
  assert.equal(rotation.wantsUdp(FIRST_UDP_RETRY_MS), true);
});

Deno.test("CandidateRotation.hasFreshWay holds for one cycle, and after the master was heard", () => {
  const rotation = new CandidateRotation({ allowsTcp: true });
  const fresh = (): boolean => {
    rotation.next(["a"], 0);
    rotation.handleFailed();
    return rotation.hasFreshWay;
  };
  assert.deepEqual([fresh(), fresh(), fresh(), fresh(), fresh()], [true, true, true, false, false]);
  rotation.next(["a"], 0);
  assert.equal(rotation.hasFreshWay, false, "nothing failed since");
  rotation.handleHeard(0);
  assert.equal(fresh(), true);
});

Deno.test("CandidateRotation.hasFreshWay never holds without TCP", () => {
  const rotation = new CandidateRotation({ allowsTcp: false });
  rotation.next(["a", "b"], 0);
  rotation.handleFailed();
  assert.equal(rotation.hasFreshWay, false);
});

/** What may happen to a link, at random. */
const step = fc.record({
  what: fc.constantFrom("heard", "failed", "refused", "nothing"),
  passMs: fc.constantFrom(0, 3_000, FIRST_UDP_RETRY_MS, UDP_RETRY_MS, LONGEST_UDP_RETRY_MS),
  endpoints: fc.integer({ min: 1, max: 4 }),
});
const NAMES = ["a", "b", "c", "d"];

/** Lives through a history. @returns the time at its end. */
function live(rotation: CandidateRotation, steps: readonly Step[]): number {
  let now = 0;
  for (const { what, passMs, endpoints } of steps) {
    rotation.next(NAMES.slice(0, endpoints), now);
    if (what === "heard") rotation.handleHeard(now);
    else if (what === "failed") rotation.handleFailed();
    else if (what === "refused") rotation.handleUdpRefused(now);
    now += passMs;
  }
  return now;
}
type Step = { what: string; passMs: number; endpoints: number };

Deno.test("CandidateRotation tries every way within a bounded number of turns, whatever was before", () => {
  fc.assert(fc.property(
    fc.array(step, { maxLength: 30 }),
    fc.boolean(),
    fc.integer({ min: 1, max: 4 }),
    (steps, allowsTcp, count) => {
      const rotation = new CandidateRotation({ allowsTcp });
      const now = live(rotation, steps);
      const endpoints = NAMES.slice(0, count);
      const turns = (allowsTcp ? 3 : 1) * count + 1;
      const tried = new Set(failing(rotation, endpoints, { count: turns, now }));
      const transports = [
        ...(rotation.isUdpRefused(now) ? [] : ["udp"]),
        ...(allowsTcp ? ["tcp"] : []),
      ];
      for (const endpoint of endpoints) {
        for (const transport of transports) assert(tried.has(`${endpoint}/${transport}`));
      }
      assert(allowsTcp || ![...tried].some((way) => way.endsWith("tcp")));
    },
  ));
});

Deno.test("CandidateRotation begins with a way heard just before, whatever was before", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, allowsTcp) => {
    const rotation = new CandidateRotation({ allowsTcp });
    const now = live(rotation, steps);
    const way = pick(rotation, NAMES, now);
    rotation.handleHeard(now);
    assert.equal(pick(rotation, NAMES, now), way);
    rotation.handleFailed();
    assert.notEqual(pick(rotation, NAMES, now), way, "and with another when it is not heard again");
  }));
});
