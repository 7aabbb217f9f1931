import assert from "node:assert/strict";
import { complaint, legacy, master, slave, TOKEN } from "./judge.ts";

Deno.test("a legacy end takes one IPv4 and one IPv6 address", async () => {
  const { tundev } = await legacy(
    "master --protocol legacy --address 10.1.0.1/30 --address fd00::1/64",
  );
  assert.deepEqual(tundev.kind === "tun" && tundev.addresses, [
    { address: "10.1.0.1", prefixBits: 30 },
    { address: "fd00::1", prefixBits: 64 },
  ]);
  assert.match(
    await complaint("master --protocol legacy --address 10.1.0.1/30,10.1.0.5/30"),
    /one IPv4 and one IPv6/,
  );
});

Deno.test("a secure end refuses --address and says what stands in for it", async () => {
  assert.match(
    await complaint("master --address 10.1.0.1/30"),
    /^--address needs --protocol legacy: otherwise --pool names the network/,
  );
  assert.match(
    await complaint(`slave ${TOKEN}`, { environment: { BINDLINK_ADDRESS: "10.1.0.2/30" } }),
    /^BINDLINK_ADDRESS needs --protocol legacy: .* the master gives .* --pool/,
  );
});

Deno.test("a legacy end refuses what only the secure protocol has", async () => {
  assert.match(
    await complaint("master --protocol legacy --pool 10.0.0.0/24"),
    /^--pool needs --protocol secure$/,
  );
  assert.match(
    await complaint("slave --protocol legacy --targets a:1 --no-tcp-fallback"),
    /^--no-tcp-fallback needs/,
  );
  assert.match(
    await complaint(`slave --protocol legacy --targets a:1 ${TOKEN}`),
    /^A token needs --protocol secure$/,
  );
});

Deno.test("a legacy end leaves the secure protocol's environment alone", async () => {
  const environment = { BINDLINK_TOKEN: "x", BINDLINK_STATE_DIR: "/x", BINDLINK_REKEY_AFTER: "0" };
  const { role } = await legacy("slave --protocol legacy --targets a:1", { environment });
  assert.equal(role, "slave");
});

Deno.test("an end refuses an MTU that IPv6 cannot live with", async () => {
  assert.match(
    await complaint("master --protocol legacy --address fd00::1/64 --mtu 1279"),
    /at least 1280/,
  );
  assert.equal((await legacy("master --protocol legacy --mtu 1279")).tundev.mtuBytes, 1279);
  // With sessions there is always an IPv6 address.
  assert.match(await complaint("master --mtu 1279"), /at least 1280/);
  assert.match(await complaint(`slave ${TOKEN} --mtu 1279`), /at least 1280/);
});

Deno.test("a TCP stand-in takes the tun's place, in both protocols", async () => {
  assert.deepEqual((await master("--connect-tcp [::1]:22")).tundev, {
    kind: "connect-tcp",
    target: { host: "::1", port: 22 },
    mtuBytes: 1340,
  });
  assert.deepEqual(
    (await legacy("slave --protocol legacy --targets a:1 --listen-tcp 2222 --mtu 1000")).tundev,
    { kind: "listen-tcp", listen: { host: "127.0.0.1", port: 2222 }, mtuBytes: 1000 },
  );
  assert.equal((await slave(`${TOKEN} --listen-tcp 2222`)).tundev.kind, "listen-tcp");
});

Deno.test("a stand-in excludes another, and a tun", async () => {
  assert.match(
    await complaint("master --connect-tcp a:1 --listen-tcp 2"),
    /--connect-tcp and --listen-tcp exclude each other/,
  );
  assert.match(await complaint("master --tun-name x --connect-tcp a:1"), /exclude each other/);
});

Deno.test("the command line's end of the tunnel silences the environment's", async () => {
  const environment = { BINDLINK_ADDRESS: "10.1.0.1/30", BINDLINK_LISTEN_TCP: "2" };
  assert.equal((await master("--connect-tcp a:1", { environment })).tundev.kind, "connect-tcp");
  assert.match(
    await complaint("master", { environment }),
    /BINDLINK_ADDRESS and BINDLINK_LISTEN_TCP exclude/,
  );
});

Deno.test("a metrics address that was named is known from the default", async () => {
  assert.deepEqual((await master("--metrics 127.0.0.1:8080")).metrics, {
    host: "127.0.0.1",
    port: 8080,
    isDefault: false,
  });
  assert.equal((await master("")).metrics?.isDefault, true);
  assert.equal((await master("--metrics none")).metrics, null);
});

Deno.test("an unknown protocol is answered by the known ones", async () => {
  assert.match(await complaint("master --protocol wg"), /type one of secure, legacy$/);
});

Deno.test("--mark is a number, decimal or hexadecimal, and needs the fast engine", async () => {
  for (
    const [text, mark] of [["1", 1], ["0x62", 0x62], ["0XfF", 255], ["4294967295", 2 ** 32 - 1]]
  ) {
    assert.equal((await master(`--mark ${text}`)).mark, mark);
  }
  assert.equal((await slave(TOKEN)).mark, undefined);
  assert.equal((await slave(`${TOKEN} --mark 7 --io ffi`)).mark, 7);
  for (const text of ["0", "0x0", "4294967296", "0x100000000", "-1", "1.5", "1e3", "mark"]) {
    assert.equal(
      await complaint(`master --mark=${text}`),
      `--mark "${text}": type a number from 1 to 4294967295, or 0x1 to 0xffffffff`,
    );
  }
  assert.equal(
    await complaint("master --mark 7 --io deno"),
    "--mark needs --io ffi: leave --io deno out",
  );
});
