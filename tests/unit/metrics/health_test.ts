import assert from "node:assert/strict";
import { judgeHealth } from "../../../src/metrics/health.ts";
import { sampleDaemon, sampleLink } from "./sample_snapshot.ts";

Deno.test("judgeHealth is well while one link is up", () => {
  const links = [sampleLink({ state: "connecting" }), sampleLink({ id: 2 })];
  assert.deepEqual(judgeHealth(sampleDaemon({ links })), {
    httpStatus: 200,
    body: {
      status: "ok",
      role: "slave",
      version: "1.2.3",
      uptimeSeconds: 61,
      links: { up: 1, known: 2 },
    },
  });
});

Deno.test("judgeHealth is not well when no link is up, or none is known", () => {
  for (const links of [[sampleLink({ state: "probing" })], []]) {
    const health = judgeHealth(sampleDaemon({ role: "master", links }));
    assert.equal(health.httpStatus, 503);
    assert.deepEqual(health.body.links, { up: 0, known: links.length });
  }
});
