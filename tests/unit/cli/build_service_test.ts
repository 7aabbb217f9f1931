import assert from "node:assert/strict";
import type { ServiceInstallation } from "../../../src/command_request.ts";
import {
  complaint,
  KEYLESS_TOKEN,
  PASSWORD,
  request,
  SECRET_KEY_TEXT,
  type Setting,
  TOKEN,
} from "./judge.ts";

const SLAVE = "/etc/bindlink/slave.toml";

async function installation(line: string, setting: Setting = {}): Promise<ServiceInstallation> {
  const it = await request(`install-service ${line}`, setting);
  return it.kind === "install-service" ? it.installation : assert.fail(it.kind);
}

Deno.test("install-service puts options into the file and the token elsewhere", async () => {
  const it = await installation(
    `slave ${TOKEN} --proxies p=socks5://u:${PASSWORD}@p:1;metered --proxies q:2 --no-tcp-fallback`,
  );
  assert.equal(it.tokenText, TOKEN);
  assert.equal(
    it.configText,
    '# Options of bindlink slave: "bindlink slave --help" lists them all.\n' +
      `proxies = ["p=socks5://u:${PASSWORD}@p:1;metered", "q:2"]\nno-tcp-fallback = true\n`,
  );
});

Deno.test("install-service keeps what the file says, and leaves the file alone without options", async () => {
  const stored = { "/var/lib/bindlink": { token: TOKEN, options: {} } };
  const configs = { [SLAVE]: 'mtu = 1300\nmode = "cheapest"' };
  assert.equal((await installation("slave", { stored, configs })).configText, null);
  const merged = await installation("slave --mtu 1400", { stored, configs });
  assert.match(merged.configText ?? "", /^mode = "cheapest"\nmtu = "1400"$/m);
});

Deno.test("install-service knows what the options need of the system", async () => {
  const needs = async (line: string): Promise<boolean[]> => {
    const it = await installation(line);
    return [it.needsTun, it.needsLowPort, it.bindsToInterfaces, it.setsForwarding];
  };
  assert.deepEqual(await needs("master"), [true, false, false, false]);
  assert.deepEqual(await needs("master --listen 443 --exit"), [true, true, false, true]);
  assert.deepEqual(await needs("master --connect-tcp 127.0.0.1:22"), [false, false, false, false]);
  assert.deepEqual(await needs(`slave ${TOKEN} --interfaces usb0`), [true, false, true, false]);
  assert.deepEqual(await needs(`slave ${TOKEN} --auto`), [true, false, true, false]);
  assert.deepEqual(await needs("master --http 80"), [true, true, false, false]);
});

Deno.test("install-service keeps a secret key in the state directory", async () => {
  const files = { k: SECRET_KEY_TEXT };
  const it = await installation(`slave ${KEYLESS_TOKEN} --key-file k`, { files });
  assert.deepEqual(it.key, { path: "/var/lib/bindlink/slave.key", text: SECRET_KEY_TEXT });
  assert.match(it.configText ?? "", /^key-file = "\/var\/lib\/bindlink\/slave\.key"$/m);
});

Deno.test("install-service refuses what the service would refuse", async () => {
  for (
    const [line, expected] of [
      ["install-service slave", /needs a token, and none is stored in "\/var\/lib\/bindlink"/],
      ["install-service master --mtu 5", /^--mtu "5"/],
      ["install-service master --state-dir /x", /^--state-dir is an option of/],
      ["install-service", /needs a command: type bindlink install-service master\|slave$/],
      ["install-service slav", /did you mean bindlink install-service slave\?$/],
      ["uninstall-service slave --mtu 5", /^--mtu is an option of/],
    ] as const
  ) assert.match(await complaint(line), expected);
  const configs = { "/etc/bindlink/master.toml": 'state-dir = "/srv/x"' };
  assert.match(
    await complaint("install-service master", { configs }),
    /master\.toml:1: state-dir "\/srv\/x": the service keeps its state in/,
  );
});

Deno.test("install-service --dry-run needs no token", async () => {
  const it = await request("install-service slave --dry-run --targets a:1");
  assert.ok(it.kind === "install-service" && it.isDryRun);
});
