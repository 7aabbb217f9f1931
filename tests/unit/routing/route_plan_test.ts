import assert from "node:assert/strict";
import { formatCommand } from "../../../src/routing/command.ts";
import {
  planRoutes,
  planRules,
  planWay,
  planWayRemoval,
  routesOf,
} from "../../../src/routing/route_plan.ts";

const EVERYTHING = { address: "0.0.0.0", prefixBits: 0 };
const OFFICE = { address: "10.20.0.0", prefixBits: 16 };

Deno.test("planRules lets all but the main table's default routes come before the tunnel", () => {
  const plan = { family: "-4", base: 17_000, routes: [EVERYTHING] } as const;
  assert.deepEqual(planRules(plan).map(formatCommand), [
    "ip -4 rule add pref 17299 nop",
    "ip -4 rule add pref 17257 lookup main suppress_prefixlength 0",
    "ip -4 rule add pref 17258 lookup 17000",
  ]);
});

Deno.test("planRules lets routes as long as the network, or longer, come before the tunnel", () => {
  const plan = { family: "-4", base: 17_300, routes: [OFFICE] } as const;
  assert.deepEqual(planRules(plan).slice(1).map(formatCommand), [
    "ip -4 rule add pref 17525 to 10.20.0.0/16 lookup main suppress_prefixlength 15",
    "ip -4 rule add pref 17526 to 10.20.0.0/16 lookup 17300",
  ]);
});

Deno.test("planRoutes leads into the tun, and refuses what the tun does not carry", () => {
  const plan = { family: "-6", base: 17_000, routes: [{ address: "::", prefixBits: 0 }] } as const;
  const terms = { tun: "bind0", verb: "replace" } as const;
  assert.deepEqual(planRoutes(plan, { ...terms, carries: true }).map(formatCommand), [
    "ip -6 route replace ::/0 dev bind0 table 17000",
  ]);
  assert.deepEqual(planRoutes(plan, { ...terms, carries: false }).map(formatCommand), [
    "ip -6 route replace unreachable ::/0 table 17000",
  ]);
});

Deno.test("a link's way is one address, port and protocol, and skips the block", () => {
  const udp = { address: { hostname: "192.0.2.1", port: 4321 }, transport: "udp" } as const;
  const tcp = { address: { hostname: "2001:db8::1", port: 1080 }, transport: "tcp" } as const;
  assert.equal(
    formatCommand(planWay(17_000, udp)),
    "ip -4 rule add pref 17000 to 192.0.2.1/32 ipproto udp dport 4321 goto 17299",
  );
  assert.equal(
    formatCommand(planWay(17_000, tcp)),
    "ip -6 rule add pref 17000 to 2001:db8::1/128 ipproto tcp dport 1080 goto 17299",
  );
  assert.equal(
    formatCommand(planWayRemoval(17_000, udp)),
    "ip -4 rule del pref 17000 to 192.0.2.1/32 ipproto udp dport 4321 goto 17299",
  );
});

Deno.test("routesOf tells the families apart", () => {
  const ipv6 = { address: "fd00::", prefixBits: 8 };
  assert.deepEqual(routesOf([OFFICE, ipv6], "-4"), [OFFICE]);
  assert.deepEqual(routesOf([OFFICE, ipv6], "-6"), [ipv6]);
});
