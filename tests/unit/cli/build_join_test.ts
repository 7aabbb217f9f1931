import assert from "node:assert/strict";
import type { StoredJoin } from "../../../src/command_request.ts";
import {
  complaint,
  DEFAULT_STATE_DIR,
  KEYLESS_TOKEN,
  PASSWORD,
  request,
  SECRET_KEY_TEXT,
  type Setting,
  slave,
  TOKEN,
} from "./judge.ts";

async function joined(line: string, setting: Setting = {}): Promise<StoredJoin> {
  const it = await request(line, setting);
  return it.kind === "join" ? it.join : assert.fail(it.kind);
}

Deno.test("join takes its token as slave does", async () => {
  for (
    const [line, setting] of [
      [`join ${TOKEN}`, {}],
      [`join --token ${TOKEN}`, {}],
      ["join -", { stdin: `"${TOKEN.slice(0, 20)}\n${TOKEN.slice(20)}"\n` }],
      ["join --token-file t", { files: { t: TOKEN } }],
      ["join", { environment: { BINDLINK_TOKEN: TOKEN } }],
    ] as const
  ) {
    assert.deepEqual(await request(line, setting), {
      kind: "join",
      stateDir: DEFAULT_STATE_DIR,
      join: { token: TOKEN, options: {} },
    });
  }
});

Deno.test("join keeps options as they were typed, and those of the environment", async () => {
  const { options } = await joined(
    `join ${TOKEN} --proxies a:1,b:2 --proxies c:3 --no-tcp-fallback --mtu=1300 --metrics none`,
    {
      environment: { BINDLINK_TUN_NAME: "tun7", BINDLINK_MTU: "1400", BINDLINK_PROTOCOL: "legacy" },
    },
  );
  assert.deepEqual(options, {
    proxies: ["a:1", "b:2", "c:3"],
    "no-tcp-fallback": ["yes"],
    mtu: ["1300"],
    metrics: ["none"],
    "tun-name": ["tun7"],
  });
});

Deno.test("join's state directory is where it stores, no option of the slave", async () => {
  const it = await request(`join ${TOKEN} --state-dir /srv/x`);
  assert.deepEqual(it, { kind: "join", stateDir: "/srv/x", join: { token: TOKEN, options: {} } });
});

Deno.test("what join stores makes the slave that its options would make", async () => {
  const options = "--proxies p=socks5://u:%40%3B%3D@a:1;metered;cap=1.5mbit,b:2 --mode cheapest " +
    "--proxy-target m:9 --targets t=t:1;backup;up=64kbit --mtu 1300 " +
    "--listen-tcp 2222 --rekey-after 7 --no-tcp-fallback --log-format json --metrics 9090";
  const join = await joined(`join ${TOKEN} ${options}`);
  const later = await slave("", { stored: { [DEFAULT_STATE_DIR]: join } });
  assert.deepEqual(later, await slave(`${TOKEN} ${options}`));
  assert.deepEqual(later.links.map((link) => [link.name, link.settings.mode]), [
    ["p", "cheapest"],
    ["b:2", "cheapest"],
    ["t", "backup"],
  ]);
});

Deno.test("join keeps a key file by a path that holds everywhere", async () => {
  const setting = { files: { "my.key": SECRET_KEY_TEXT } };
  const { options } = await joined(`join ${KEYLESS_TOKEN} --key-file my.key`, setting);
  assert.deepEqual(options, { "key-file": ["/cwd/my.key"] });
});

Deno.test("join refuses what slave would refuse", async () => {
  for (
    const [line, expected] of [
      [`join ${TOKEN.slice(0, -5)}`, /^TOKEN: /],
      [`join ${KEYLESS_TOKEN}`, /^TOKEN brings no key/],
      [`join ${TOKEN} --proxies socks5://u:${PASSWORD}@h:99999`, /^--proxies .*port must be/],
      [`join ${TOKEN} --targets a:1;cap=5`, /^--targets "a:1": cap "5": the unit is missing/],
      [`join ${TOKEN} --mode fast`, /^--mode/],
      [`join ${TOKEN} --proxy-target m:1`, /^--proxy-target needs --proxies/],
      [`join ${TOKEN} --mtu 5`, /^--mtu/],
      [`join ${TOKEN} --metrics x`, /^--metrics/],
      [`join ${TOKEN} --log-level loud`, /^--log-level/],
      [`join ${TOKEN} --listen-tcp 1 --tun-name x`, /exclude each other/],
      [`join ${TOKEN} --rekey-after 0`, /^--rekey-after/],
      [`join ${TOKEN} --address 10.0.0.1/30`, /^--address is an option of /],
    ] as const
  ) assert.match(await complaint(line), expected);
});

Deno.test("join without a token says how to get one", async () => {
  assert.match(
    await complaint("join --proxies a:1"),
    /needs a token: type bindlink join - and paste it.*bindlink invite NAME/,
  );
});
