import assert from "node:assert/strict";
import { judgeHealth } from "../../../src/metrics/health.ts";
import { sampleDaemon, sampleLink } from "./sample_snapshot.ts";

Deno.test("judgeHealth is well while one link is up", () => {
  const reason = "Cannot reach SOCKS5 proxy 192.168.43.1:1080: connection refused";
  const links = [
    sampleLink({ state: "connecting", reason }),
    sampleLink({ id: 2, name: "192.168.42.129:1080", reason: "carrying 18.2 Mbit/s" }),
  ];
  const common = { slave: "", transport: "udp" };
  assert.deepEqual(judgeHealth(sampleDaemon({ links })), {
    httpStatus: 200,
    body: {
      status: "ok",
      role: "slave",
      version: "1.2.3",
      uptimeSeconds: 61,
      links: { up: 1, known: 2 },
      linkStates: [
        { ...common, id: 1, name: "192.168.43.1:1080", state: "connecting", reason },
        {
          ...common,
          id: 2,
          name: "192.168.42.129:1080",
          state: "up",
          reason: "carrying 18.2 Mbit/s",
        },
      ],
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

Deno.test("judgeHealth says whose a master's links are", () => {
  const links = [sampleLink({ slave: "laptop", transport: "tcp" }), sampleLink({ slave: "phone" })];
  const { body } = judgeHealth(sampleDaemon({ role: "master", links }));
  assert.deepEqual(body.linkStates.map(({ slave, transport }) => [slave, transport]), [
    ["laptop", "tcp"],
    ["phone", "udp"],
  ]);
});
