import assert from "node:assert/strict";
import { judgeMaster, type MasterFacts } from "../../../src/doctor/judge_master.ts";

const GOOD: MasterFacts = {
  port: 4321,
  isSetUp: true,
  running: { kind: "yes", slaves: 2, connected: 1 },
  udpFault: null,
  tcpFault: null,
  publicAddresses: ["203.0.113.5"],
  isForwarding: true,
};

function verdicts(some: Partial<MasterFacts>): Record<string, string> {
  const findings = judgeMaster({ ...GOOD, ...some });
  return Object.fromEntries(findings.map(({ check, verdict }) => [check, verdict]));
}

Deno.test("a master that runs and has slaves is well; that a firewall is not seen is said", () => {
  assert.deepEqual(verdicts({}), { running: "ok", "public-address": "note", forwarding: "ok" });
  assert.match(judgeMaster(GOOD)[1]!.advice, /firewall/);
});

Deno.test("a master that does not run is a fault, and its port is looked at", () => {
  const away = { running: { kind: "no" }, udpFault: "", tcpFault: "EADDRINUSE" } as const;
  assert.deepEqual(verdicts(away), {
    running: "fault",
    "udp-port": "ok",
    "tcp-port": "fault",
    "public-address": "note",
    forwarding: "ok",
  });
});

Deno.test("a master without slaves, without a public address, without forwarding is told of", () => {
  const found = verdicts({
    running: { kind: "yes", slaves: 0, connected: 0 },
    publicAddresses: [],
    isForwarding: false,
  });
  assert.deepEqual(found, { running: "note", "public-address": "note", forwarding: "note" });
});

Deno.test("whether a master runs is not checked where it may not be asked", () => {
  assert.equal(verdicts({ running: { kind: "unknown", detail: "EACCES" } }).running, "unchecked");
});
