import assert from "node:assert/strict";
import { complaint, DEFAULT_STATE_DIR, master, options } from "./judge.ts";

Deno.test("a master has its defaults", async () => {
  assert.deepEqual(await options("master"), {
    role: "master",
    protocol: "secure",
    listen: { host: null, port: 4321 },
    stateDir: DEFAULT_STATE_DIR,
    pool: { address: "10.10.10.0", prefixBits: 24 },
    allowsSlaveToSlave: false,
    allowsTcp: true,
    tundev: { kind: "tun", name: "bind%d", addresses: [], mtuBytes: 1340 },
    metrics: { host: "127.0.0.1", port: 8080, isDefault: true },
    logLevel: "info",
    logFormat: "text",
    io: "auto",
  });
});

Deno.test("a legacy master has its defaults", async () => {
  assert.deepEqual(await options("master --protocol legacy"), {
    role: "master",
    protocol: "legacy",
    listen: { host: null, port: 4321 },
    tundev: {
      kind: "tun",
      name: "bind%d",
      addresses: [{ address: "10.10.10.1", prefixBits: 30 }],
      mtuBytes: 1340,
    },
    metrics: { host: "127.0.0.1", port: 8080, isDefault: true },
    logLevel: "info",
    logFormat: "text",
    io: "auto",
  });
});

Deno.test("a master takes pool, state directory and flags", async () => {
  const { pool, stateDir, allowsSlaveToSlave, allowsTcp } = await master(
    "--pool 172.16.0.0/12 --state-dir /srv/b --allow-slave-to-slave --no-tcp-fallback",
  );
  assert.deepEqual(pool, { address: "172.16.0.0", prefixBits: 12 });
  assert.equal(stateDir, "/srv/b");
  assert.ok(allowsSlaveToSlave);
  assert.ok(!allowsTcp);
});

Deno.test("a master is told which network its pool is in", async () => {
  assert.match(
    await complaint("master --pool 10.10.10.7/24"),
    /^--pool "10.10.10.7\/24": .* network 10\.10\.10\.0\/24: type that$/,
  );
});

Deno.test("a master's options are no slave's", async () => {
  assert.match(
    await complaint("slave --pool 10.0.0.0/24"),
    /^--pool is an option of "bindlink master", not of "bindlink slave"$/,
  );
});
