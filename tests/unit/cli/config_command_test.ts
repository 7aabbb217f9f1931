import assert from "node:assert/strict";
import { parseTOML } from "toml-eslint-parser";
import {
  assertHarmless,
  complaint,
  DEFAULT_STATE_DIR,
  PASSWORD,
  read,
  SECRET_KEY_TEXT,
  type Setting,
  TOKEN,
} from "./judge.ts";

async function run(line: string, setting: Setting = {}): Promise<[number, string, string]> {
  const result = await read(line.split(" "), setting);
  assert.ok(result.kind === "print", result.kind);
  for (const textLine of result.text.trimEnd().split("\n")) assertHarmless(textLine);
  return [result.exitCode, result.stream, result.text];
}

Deno.test("config check says that a file is right, and whose", async () => {
  for (
    const [text, role] of [
      ['pool = "10.1.0.0/24"', "master"],
      ["[links.a]\nproxy = 'p:1'", "slave"],
      [`token = "${TOKEN}"`, "slave"],
      ["mtu = 1300", "slave"],
      ["key-file = '/k'", "slave"],
      ["protocol = 'legacy'\ntargets = 'a:1'", "slave"],
    ] as const
  ) {
    const setting = { configs: { "x.toml": text }, files: { "/k": SECRET_KEY_TEXT } };
    assert.deepEqual(await run("config check x.toml", setting), [
      0,
      "stdout",
      `"x.toml" is right, for "bindlink ${role}"\n`,
    ]);
  }
});

Deno.test("config check tells all that is wrong with the keys, then the first wrong value", async () => {
  const keys = { configs: { "x.toml": "mtuu = 1\nlog-level = true\n[links.a]\ncap = 5" } };
  assert.deepEqual(await run("config check x.toml", keys), [
    2,
    "stderr",
    'error: x.toml:1: unknown key "mtuu": did you mean mtu?\n' +
    'error: x.toml:2: log-level true: type text in quotes: log-level = "debug"\n' +
    'error: x.toml:4: links.a: cap "5": the unit is missing: type 5mbit, or kbit or gbit\n',
  ]);
  const value = { configs: { "x.toml": `[links.a]\nproxy = 'u:${PASSWORD}@p:1'` } };
  const [code, , text] = await run("config check x.toml", value);
  assert.equal(code, 2);
  assert.match(text, /^error: x\.toml:2: links\.a\.proxy: to give a user and a password, type/);
});

Deno.test("config check does not look at environment or what is stored", async () => {
  const setting = {
    configs: { "x.toml": "mtu = 1300" },
    environment: { BINDLINK_MTU: "9", BINDLINK_CONFIG: "/none" },
  };
  assert.equal((await run("config check x.toml", setting))[0], 0);
});

Deno.test("config check warns of a secret that all can read", async () => {
  const setting = { configs: { "x.toml": `token = "${TOKEN}"` }, areConfigsPublic: true };
  const [code, , text] = await run("config check x.toml", setting);
  assert.equal(code, 0);
  assert.match(text, /^warning: "x\.toml" holds a secret/);
});

Deno.test("config check needs a file", async () => {
  await assert.rejects(read(["config", "check", "none"]), /Cannot read FILE "none"/);
  assert.match(await complaint("config check"), /needs a FILE: type bindlink config check FILE/);
  assert.match(await complaint(`config check ${TOKEN}`), /this is a token, not a file/);
});

Deno.test("config show names the source of each value, and hides secrets", async () => {
  const setting = {
    stored: { [DEFAULT_STATE_DIR]: { token: TOKEN, options: { metrics: ["none"] } } },
    configs: {
      "/etc/bindlink/slave.toml":
        `mtu = 1300\n[links.a]\nproxy = "p:1"\nuser = "u"\npassword = "${PASSWORD}"\ncap = "5mbit"`,
    },
    environment: { BINDLINK_LOG_LEVEL: "debug" },
  };
  const [code, stream, text] = await run("config show slave --no-tcp-fallback", setting);
  assert.deepEqual([code, stream], [0, "stdout"]);
  for (
    const line of [
      'mtu = "1300"  # /etc/bindlink/slave.toml:1: mtu',
      'proxies = ["a=socks5://***@p:1;cap=5mbit"]  # /etc/bindlink/slave.toml:3: links.a.proxy',
      'log-level = "debug"  # BINDLINK_LOG_LEVEL',
      "no-tcp-fallback = true  # --no-tcp-fallback",
      'metrics = "none"  # --metrics (stored by bindlink join)',
      'mode = "speed"  # default',
      'state-dir = "/state"  # default',
    ]
  ) assert.ok(text.split("\n").includes(line), `${line}\n${text}`);
  assert.ok(!text.includes("address ="), text);
  parseTOML(text);
});

Deno.test("config show hides a token", async () => {
  const [, , text] = await run(`config show slave --token ${TOKEN}`);
  assert.match(text, /^token = "\*\*\*" {2}# --token$/m);
});

Deno.test("config show hides secrets where they do not belong, and shows proxies that have none", async () => {
  const proxies = `"a:1", "[fe80::1%eth0]:2", "x=http://b:3;metered", "h:1080:user:${PASSWORD}"`;
  const configs = {
    "/etc/bindlink/slave.toml":
      `proxies = [${proxies}]\nhttp = "${TOKEN}"\ntoken-file = "${TOKEN}"\n`,
  };
  const [, , text] = await run("config show slave", { configs });
  assert(!text.includes(TOKEN) && !text.includes(PASSWORD), text);
  const shown = '"a:1", "[fe80::1%eth0]:2", "x=http://b:3;metered", "h:1080***"';
  assert(text.includes(`proxies = [${shown}]`), text);
});

Deno.test("config show works for a master, and with a legacy one's addresses", async () => {
  const [, , text] = await run("config show master --protocol legacy");
  assert.match(text, /^address = \["10\.10\.10\.1\/30"\] {2}# default$/m);
  assert.ok(!text.includes("pool"), text);
});

Deno.test("config without a right word says which there are", async () => {
  assert.match(
    await complaint("config"),
    /^"bindlink config" needs a command: type bindlink config check\|show$/,
  );
  assert.match(
    await complaint("config chek x"),
    /^Unknown command "bindlink config" "chek": did you mean bindlink config check\?$/,
  );
  assert.match(
    await complaint("config show"),
    /^"bindlink config show" needs a command: type bindlink config show master\|slave$/,
  );
  assert.match(await complaint("config show slav"), /did you mean bindlink config show slave\?$/);
});
