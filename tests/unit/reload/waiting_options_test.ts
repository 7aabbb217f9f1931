import assert from "node:assert/strict";
import { fileOptionsOf } from "../../../src/cli/config_file.ts";
import type { SlaveOptions } from "../../../src/daemon_options.ts";
import { encodeJoinToken } from "../../../src/peer/join_token.ts";
import { reachableSlave, waitingOptions } from "../../../src/reload/waiting_options.ts";
import { legacy, master, MASTER_KEY, options, slave, TOKEN } from "../cli/judge.ts";

const OTHER_TOKEN = encodeJoinToken({
  masterKey: MASTER_KEY,
  seed: new Uint8Array(32).fill(9),
  endpoints: [{ host: "198.51.100.1", port: 1 }],
});

/** The same keys, at another address. */
const MOVED_TOKEN = encodeJoinToken({
  masterKey: MASTER_KEY,
  seed: Uint8Array.from({ length: 32 }, (_, i) => (101 + 7 * i) & 0xff),
  endpoints: [{ host: "198.51.100.1", port: 1 }],
});

async function waiting(before: string, after: string): Promise<readonly string[]> {
  return waitingOptions(await options(before), await options(after));
}

Deno.test("waitingOptions names what cannot change while it runs", async () => {
  const slaveLine = `slave ${TOKEN}`;
  for (
    const [more, expected] of [
      ["--mode redundant --log-level debug --log-format json --targets a:1", []],
      ["--tun-name x --mtu 1300", ["tun-name", "mtu"]],
      ["--listen-tcp 5000", ["tun-name", "listen-tcp"]],
      ["--metrics none --io deno", ["metrics", "io"]],
      ["--state-dir /x --no-tcp-fallback --rekey-after 60", [
        "state-dir",
        "no-tcp-fallback",
        "rekey-after",
      ]],
      ["--auto --targets a:1", ["auto, auto-include or auto-exclude"]],
      ["--route-all --kill-switch", ["route or route-all", "kill-switch"]],
      ["--mark 7", ["mark"]],
      ["--http", ["http"]],
      ["--http --http-token sixteen-letters-", ["http", "http-token"]],
    ] as const
  ) assert.deepEqual(await waiting(slaveLine, `${slaveLine} ${more}`), expected, more);
  assert.deepEqual(await waiting(slaveLine, `slave ${OTHER_TOKEN}`), ["token or key-file"]);
  assert.deepEqual(await waiting(slaveLine, `slave ${MOVED_TOKEN}`), []);
  for (
    const [more, expected] of [
      ["--allow-slave-to-slave --log-level debug", []],
      ["--listen 5000 --pool 10.1.0.0/16 --exit", ["listen", "pool", "exit"]],
      ["--state-dir /x --no-tcp-fallback", ["state-dir", "no-tcp-fallback"]],
    ] as const
  ) assert.deepEqual(await waiting("master", `master ${more}`), expected, more);
});

Deno.test("each option of an end either waits for a restart or changes while it runs", () => {
  const waits = [
    ...["protocol", "tun-name", "address", "connect-tcp", "listen-tcp", "mtu", "metrics", "io"],
    ...["mark", "state-dir", "no-tcp-fallback", "http", "http-token"],
  ];
  const live = ["log-level", "log-format"];
  const known = {
    master: [...waits, ...live, "listen", "pool", "exit", "allow-slave-to-slave"],
    slave: [
      ...[...waits, "token", "token-file", "key-file", "rekey-after"],
      ...["route", "route-all", "kill-switch", "auto", "auto-include", "auto-exclude"],
      ...[...live, "mode", "proxies", "proxy-target", "targets", "interfaces"],
    ],
  };
  // An option that is new: decide, test it above or with the plan of the links, then add it here.
  for (const role of ["master", "slave"] as const) {
    const names = fileOptionsOf(role).map(({ name }) => name);
    assert.deepEqual(names.toSorted(), known[role].toSorted());
  }
});

Deno.test("waitingOptions has nothing to say of the other protocol's options", async () => {
  const old = await legacy("slave --protocol legacy --targets a:1");
  const other = await legacy("slave --protocol legacy --targets b:1");
  assert.deepEqual(waitingOptions(old, other), ["proxies or targets"]);
  assert.deepEqual(waitingOptions(await slave(TOKEN), old), ["protocol", "address"]);
  assert.deepEqual(waitingOptions(old, await slave(TOKEN)), ["protocol", "address"]);
  assert.deepEqual(waitingOptions(await master(""), await master("")), []);
});

Deno.test("reachableSlave keeps the links until a restart makes interfaces links", async () => {
  const [running, auto] = [await slave(`${TOKEN} --targets h:1`), await slave(`${TOKEN} --auto`)];
  assert.deepEqual(reachableSlave(running, auto).links, running.links);
  assert.deepEqual(
    reachableSlave(auto, await slave(`${TOKEN} --auto --targets h:1`)).links.length,
    1,
  );
  assert.deepEqual(reachableSlave(auto, auto).links, []);
});

Deno.test("reachableSlave keeps what cannot change, so that it is named again", async () => {
  const running = await slave(`${TOKEN} --tun-name x`);
  const wanted = await slave(
    `${TOKEN} --no-tcp-fallback --mode backup --targets h:1 --log-level debug`,
  );
  const reached = reachableSlave(running, wanted);
  assert.deepEqual(
    [reached.logLevel, reached.linkDefaults.mode, reached.links.map(({ name }) => name)],
    ["debug", "backup", ["h:1"]],
  );
  assert.deepEqual(waitingOptions(reached, wanted), ["tun-name", "no-tcp-fallback"]);
});

Deno.test("reachableSlave leads links to the master of the token that it runs with", async () => {
  const ends = ({ links, linkDefaults }: SlaveOptions): string[] => [
    ...links.map(({ targets }) => targets[0]?.host ?? ""),
    linkDefaults.endpoints[0]?.host ?? "",
    linkDefaults.proxyTargets[0]?.host ?? "",
  ];
  const line = "--proxies p:1 --interfaces usb0 --targets own:1";
  const running = await slave(`${TOKEN} ${line}`);
  const other = reachableSlave(running, await slave(`${OTHER_TOKEN} ${line}`));
  assert.deepEqual(ends(other), [
    "203.0.113.5",
    "own",
    "203.0.113.5",
    "203.0.113.5",
    "203.0.113.5",
  ]);
  const moved = reachableSlave(running, await slave(`${MOVED_TOKEN} ${line}`));
  assert.deepEqual(ends(moved)[0], "198.51.100.1");
});
