import assert from "node:assert/strict";
import {
  planEndOfLookups,
  planKillSwitch,
  planKillSwitchWay,
  planKillSwitchWayRemoval,
} from "../../../src/routing/kill_switch_rules.ts";

const TERMS = { tun: "bind0", allowsLookups: false, replaces: false };

Deno.test("a kill switch is made anew, or replaced in one step", () => {
  assert.match(planKillSwitch(TERMS).args[0]!, /^create table inet bindlink_kill_switch\n/);
  assert.match(
    planKillSwitch({ ...TERMS, replaces: true }).args[0]!,
    /^delete table inet bindlink_kill_switch\ncreate table inet bindlink_kill_switch\n/,
  );
});

Deno.test("a kill switch lets name servers be asked only when it is said", () => {
  assert.doesNotMatch(planKillSwitch(TERMS).args[0]!, /53/);
  assert.match(planKillSwitch({ ...TERMS, allowsLookups: true }).args[0]!, /dport \{ 53, 853 \}/);
  assert.equal(planEndOfLookups().args[0], "flush chain inet bindlink_kill_switch lookups");
});

Deno.test("a way is an element of the set of its protocol and family", () => {
  const udp = { address: { hostname: "192.0.2.1", port: 4321 }, transport: "udp" } as const;
  const tcp = { address: { hostname: "2001:db8::1", port: 80 }, transport: "tcp" } as const;
  assert.equal(
    planKillSwitchWay(udp).args[0],
    "add element inet bindlink_kill_switch udp4 { 192.0.2.1 . 4321 }",
  );
  assert.equal(
    planKillSwitchWayRemoval(tcp).args[0],
    "delete element inet bindlink_kill_switch tcp6 { 2001:db8::1 . 80 }",
  );
});
