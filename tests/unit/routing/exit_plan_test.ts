import assert from "node:assert/strict";
import {
  exitTable,
  findForwardDrop,
  isForwardingNeeded,
  planExit,
  planSysctls,
  readRoutedDevices,
} from "../../../src/routing/exit_plan.ts";

/** A kernel with these settings. */
function kernel(settings: Readonly<Record<string, string>>): (path: string) => string | null {
  return (path) => settings[path] ?? null;
}

const UFW = "table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; " +
  "policy drop;\n\t}\n}\n";
const OURS =
  "table inet bindlink_exit_bind0 {\n\tchain postrouting {\n\t\tip saddr 10.10.10.0/24 " +
  'oifname != "bind0" masquerade\n\t}\n}\n';

Deno.test("planExit masquerades both networks, in a table that must be new", () => {
  const script = planExit("bind0", [
    { address: "10.10.10.0", prefixBits: 24 },
    { address: "fd00::", prefixBits: 64 },
  ]).args[0]!;
  assert.match(script, /^create table inet bindlink_exit_bind0\n/);
  assert.match(script, /ip saddr 10\.10\.10\.0\/24 oifname != "bind0" masquerade/);
  assert.match(script, /ip6 saddr fd00::\/64 oifname != "bind0" masquerade/);
  assert.match(script, /iifname != "bind0" oifname "bind0" ct state new drop/);
});

Deno.test("exitTable makes a name that nftables takes", () => {
  assert.equal(exitTable("vpn-1.2"), "bindlink_exit_vpn_1_2");
});

Deno.test("planSysctls sets what is not set", () => {
  const off = { "net/ipv4/ip_forward": "0", "net/ipv6/conf/all/forwarding": "0" };
  assert.deepEqual(planSysctls(kernel(off), []).map(({ path }) => path), [
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
  ]);
  const on = { "net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1" };
  assert.deepEqual(planSysctls(kernel(on), ["eth0"]), []);
  const noIpv6 = { "net/ipv4/ip_forward": "0" };
  assert.deepEqual(planSysctls(kernel(noIpv6), []).length, 1);
});

Deno.test("planSysctls keeps a default route that a router announces, before it forwards", () => {
  const settings = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "0",
    "net/ipv6/conf/eth0/accept_ra": "1",
    "net/ipv6/conf/eth1/accept_ra": "2",
    "net/ipv6/conf/eth2/accept_ra": "0",
  };
  assert.deepEqual(planSysctls(kernel(settings), ["eth0", "eth0", "eth1", "eth2"]), [
    { path: "net/ipv6/conf/eth0/accept_ra", value: "2" },
    { path: "net/ipv6/conf/all/forwarding", value: "1" },
  ]);
});

Deno.test("readRoutedDevices reads what ip prints", () => {
  const printed = '[{"dst":"default","gateway":"fe80::1","dev":"eth0","protocol":"ra"},{}]';
  assert.deepEqual(readRoutedDevices(printed), ["eth0"]);
  assert.deepEqual(readRoutedDevices("[]"), []);
  assert.deepEqual(readRoutedDevices("\n"), []);
});

Deno.test("forwarding is needed while another table translates addresses", () => {
  const own = ["bindlink_exit_bind0"];
  assert(!isForwardingNeeded("", "", own));
  assert(!isForwardingNeeded(OURS, "", own));
  assert(!isForwardingNeeded(UFW + OURS, "filter\n", own));
  assert(isForwardingNeeded(OURS + OURS.replace("bind0", "bind1"), "", own), "another master's");
  assert(isForwardingNeeded('table ip nat {\n\txt target "MASQUERADE"\n}\n', "", own), "Docker's");
  assert(isForwardingNeeded(OURS, "filter\nnat\n", own), "iptables-legacy");
});

Deno.test("findForwardDrop names a table that drops what is forwarded", () => {
  assert.equal(findForwardDrop(OURS + UFW), "ip filter");
  assert.equal(findForwardDrop(OURS + UFW.replace("drop", "accept")), null);
  assert.equal(findForwardDrop(UFW.replace("forward", "input")), null);
});
