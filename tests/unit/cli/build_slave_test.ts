import assert from "node:assert/strict";
import type { StoredJoin } from "../../../src/command_request.ts";
import { DEFAULT_LINK_SETTINGS } from "../../../src/multiplexer/link_settings.ts";
import { complaint, DEFAULT_STATE_DIR, ENDPOINTS, IDENTITY, slave, TOKEN } from "./judge.ts";

function stored(options: StoredJoin["options"]): { stored: Record<string, StoredJoin> } {
  return { stored: { [DEFAULT_STATE_DIR]: { token: TOKEN, options } } };
}

Deno.test("a slave has its defaults", async () => {
  assert.deepEqual(await slave(TOKEN), {
    role: "slave",
    protocol: "secure",
    stateDir: DEFAULT_STATE_DIR,
    links: [
      {
        id: 1,
        name: "203.0.113.5:4321",
        targets: ENDPOINTS,
        proxy: null,
        allowsTcp: true,
        settings: DEFAULT_LINK_SETTINGS,
      },
    ],
    linkDefaults: {
      mode: "speed",
      endpoints: ENDPOINTS,
      proxyTargets: ENDPOINTS,
      allowsTcp: true,
    },
    identity: IDENTITY,
    wantedMtuBytes: 0,
    rekeyAfterMs: 120_000,
    tundev: { kind: "tun", name: "bind%d", addresses: [], mtuBytes: 1340 },
    metrics: { host: "127.0.0.1", port: 8080, isDefault: true },
    logLevel: "info",
    logFormat: "text",
    io: "auto",
  });
});

Deno.test("a slave's --mtu is a wish", async () => {
  const { wantedMtuBytes, tundev } = await slave(`${TOKEN} --mtu 1300`);
  assert.equal(wantedMtuBytes, 1300);
  assert.equal(tundev.mtuBytes, 1300);
});

Deno.test("a slave renews its keys after 1 to 150 seconds", async () => {
  assert.equal((await slave(`${TOKEN} --rekey-after 1`)).rekeyAfterMs, 1000);
  assert.equal((await slave(`${TOKEN} --rekey-after 150`)).rekeyAfterMs, 150_000);
  for (const bad of ["0", "151", "1.5", "-1", "x"]) {
    assert.match(
      await complaint(`slave ${TOKEN} --rekey-after ${bad}`),
      /^--rekey-after ".*": type a number of seconds from 1 to 150$/,
    );
  }
});

Deno.test("a slave without a token runs with what is stored", async () => {
  const setting = stored({
    proxies: [`socks5://u:p@a:1`, "b:2"],
    "no-tcp-fallback": ["yes"],
    mtu: ["1300"],
    metrics: ["none"],
  });
  const { links, wantedMtuBytes, metrics, identity } = await slave("", setting);
  assert.deepEqual(identity, IDENTITY);
  assert.deepEqual(links.map(({ name, targets, allowsTcp }) => [name, targets, allowsTcp]), [
    ["a:1", ENDPOINTS, false],
    ["b:2", ENDPOINTS, false],
  ]);
  assert.equal(wantedMtuBytes, 1300);
  assert.equal(metrics, null);
});

Deno.test("a slave's command line and environment win over what is stored", async () => {
  const setting = {
    ...stored({ mtu: ["1300"], "log-level": ["debug"], "no-tcp-fallback": ["yes"] }),
    environment: { BINDLINK_LOG_LEVEL: "error", BINDLINK_NO_TCP_FALLBACK: "no" },
  };
  const { wantedMtuBytes, logLevel, links } = await slave("--mtu 1400", setting);
  assert.deepEqual([wantedMtuBytes, logLevel, links[0]?.allowsTcp], [1400, "error", true]);
});

Deno.test("links that are named replace all that are stored", async () => {
  const setting = stored({ proxies: ["a:1"], "proxy-target": ["m:9"], targets: ["t:2"] });
  const names = async (line: string, environment = {}): Promise<string[]> =>
    (await slave(line, { ...setting, environment })).links.map(({ name, targets }) =>
      `${name} ${targets[0]?.host}`
    );
  assert.deepEqual(await names(""), ["a:1 m", "t:2 t"]);
  assert.deepEqual(await names("--proxies b:1"), ["b:1 203.0.113.5"]);
  assert.deepEqual(await names("--targets x:1"), ["x:1 x"]);
  assert.deepEqual(await names("", { BINDLINK_TARGETS: "x:1" }), ["x:1 x"]);
});

Deno.test("a mode that is stored holds for links that are named, and one that is typed for stored links", async () => {
  const setting = stored({ proxies: ["p=a:1", "b:1;mode=speed"], mode: ["cheapest"] });
  const modes = async (line: string): Promise<string[]> =>
    (await slave(line, setting)).links.map((link) => `${link.name} ${link.settings.mode}`);
  assert.deepEqual(await modes(""), ["p cheapest", "b:1 speed"]);
  assert.deepEqual(await modes("--mode redundant"), ["p redundant", "b:1 speed"]);
  assert.deepEqual(await modes("--targets c:1"), ["c:1 cheapest"]);
});

Deno.test("a --proxy-target that is typed goes with the stored proxies", async () => {
  const setting = stored({ proxies: ["a:1"], "proxy-target": ["m:9"] });
  const { links } = await slave("--proxy-target n:3", setting);
  assert.deepEqual(links.map(({ name, targets }) => [name, targets]), [
    ["a:1", [{ host: "n", port: 3 }]],
  ]);
});

Deno.test("a token that is given leaves all that is stored aside", async () => {
  const { links, wantedMtuBytes } = await slave(
    TOKEN,
    stored({ proxies: ["a:1"], mtu: ["1300"] }),
  );
  assert.deepEqual([links.length, links[0]?.proxy, wantedMtuBytes], [1, null, 0]);
});

Deno.test("an end of the tunnel that is named silences the stored one", async () => {
  const setting = stored({ "listen-tcp": ["2222"] });
  assert.equal((await slave("", setting)).tundev.kind, "listen-tcp");
  assert.equal((await slave("--tun-name x", setting)).tundev.kind, "tun");
  const environment = { BINDLINK_CONNECT_TCP: "a:1" };
  assert.equal((await slave("", { ...setting, environment })).tundev.kind, "connect-tcp");
});

Deno.test("a mistake in what is stored is called by where it stands", async () => {
  assert.match(
    await complaint("slave", stored({ proxies: ["a"] })),
    /^--proxies \(stored by bindlink join\) "a": the port is missing/,
  );
  assert.match(await complaint("slave", stored({ mtu: [] })), /^--mtu \(stored .*\) is empty/);
});

Deno.test("an option stored by another version is not passed over", async () => {
  assert.match(
    await complaint("slave", stored({ "only-at-night": ["yes"] })),
    /^What "bindlink join" stored has an option that this version does not know: join again$/,
  );
});
