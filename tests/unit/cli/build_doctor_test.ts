import assert from "node:assert/strict";
import type { CommandRequest, StoredJoin } from "../../../src/command_request.ts";
import { complaint, DEFAULT_STATE_DIR, request, type Setting, TOKEN } from "./judge.ts";

async function doctor(
  line: string,
  setting: Setting = {},
): Promise<Extract<CommandRequest, { kind: "doctor" }>> {
  const result = await request(`doctor ${line}`.trim(), setting);
  assert.ok(result.kind === "doctor");
  return result;
}

function stored(options: StoredJoin["options"]): Setting {
  return { stored: { [DEFAULT_STATE_DIR]: { token: TOKEN, options } } };
}

Deno.test("the doctor looks at a slave's links, and measures those that are not metered", async () => {
  const { options, measure, isJson, checksNatTimeout, tokenFault } = await doctor(
    `${TOKEN} --proxies a=192.0.2.1:1080,b=192.0.2.2:1080`,
  );
  assert.deepEqual(options.role === "slave" && options.links?.map(({ name }) => name), ["a", "b"]);
  assert.deepEqual([measure, isJson, checksNatTimeout, tokenFault], [
    "unmetered",
    false,
    false,
    "",
  ]);
});

Deno.test("the doctor takes what join stored, options that it has not included", async () => {
  const setting = stored({
    proxies: ["a=192.0.2.1:1080"],
    "log-level": ["debug"],
    mode: ["speed"],
  });
  const { options } = await doctor("", setting);
  assert.deepEqual(options.role === "slave" && options.links?.map(({ name }) => name), ["a"]);
});

Deno.test("a missing token is a fault to be told, not a mistake", async () => {
  const { options, tokenFault } = await doctor("--json");
  assert.equal(options.role === "slave" && options.links, null);
  assert.match(tokenFault, /none is stored in .*\/state.*bindlink doctor --token TOKEN/);
});

Deno.test("the doctor looks at a master with --master, and then takes a master's options only", async () => {
  const { options } = await doctor("--master --listen 5000");
  assert.equal(options.role === "master" && options.listen.port, 5_000);
  assert.match(await complaint(`doctor --master --token ${TOKEN}`), /^--token is of no use with/);
  assert.match(await complaint(`doctor --master ${TOKEN}`), /^A token is of no use with --master/);
  assert.match(await complaint(`doctor ${TOKEN} --listen 5000`), /^--listen needs --master/);
});

Deno.test("what is measured is one of three words", async () => {
  assert.equal((await doctor(`${TOKEN} --measure all`)).measure, "all");
  assert.match(await complaint(`doctor ${TOKEN} --measure some`), /unmetered, all, none/);
});

Deno.test("the doctor looks at the configuration file that slave would take, or master", async () => {
  const configs = {
    "/etc/bindlink/slave.toml":
      `token = "${TOKEN}"\nlog-level = "debug"\n[links.p]\nproxy = "192.0.2.1:1080"`,
    "/etc/bindlink/master.toml": "listen = 5000\nexit = true",
    "/x.toml": '[links.q]\ninterface = "usb0"',
  };
  const names = async (line: string): Promise<readonly string[] | null> => {
    const { options, tokenFault } = await doctor(line, { configs });
    assert.equal(tokenFault, "");
    return options.role === "slave" ? options.links?.map(({ name }) => name) ?? null : null;
  };
  assert.deepEqual(await names(""), ["p"]);
  assert.deepEqual(await names("--targets 192.0.2.5:1"), ["192.0.2.5:1"]);
  assert.deepEqual(await names(`${TOKEN} --config /x.toml`), ["q"]);
  const { options } = await doctor("--master", { configs });
  assert.equal(options.role === "master" && options.listen.port, 5_000);
});

Deno.test("the doctor tells of a secret that all can read, and of a file that it cannot go by", async () => {
  const configs = { "/etc/bindlink/slave.toml": `token = "${TOKEN}"` };
  const { warnings } = await doctor("", { configs, areConfigsPublic: true });
  assert.match(warnings.join(), /holds a secret/);
  const complain = (text: string): Promise<string> =>
    complaint("doctor", { configs: { "/etc/bindlink/slave.toml": text } });
  assert.match(await complain("\nmtuu = 1"), /^\/etc\/bindlink\/slave\.toml:2: unknown key "mtuu"/);
  assert.match(
    await complain('protocol = "legacy"'),
    /^\/etc\/bindlink\/slave\.toml:1: protocol: the doctor knows --protocol secure only$/,
  );
});
