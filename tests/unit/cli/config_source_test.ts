import assert from "node:assert/strict";
import {
  complaint,
  DEFAULT_STATE_DIR,
  master,
  PASSWORD,
  read,
  request,
  type Setting,
  slave,
  TOKEN,
} from "./judge.ts";

const SLAVE = "/etc/bindlink/slave.toml";
const MASTER = "/etc/bindlink/master.toml";

Deno.test("a run reads the usual file when it is there", async () => {
  const setting = { configs: { [MASTER]: 'pool = "10.7.0.0/16"\nallow-slave-to-slave = true' } };
  const { pool, allowsSlaveToSlave } = await master("", setting);
  assert.deepEqual([pool.address, allowsSlaveToSlave], ["10.7.0.0", true]);
});

Deno.test("--config names another file, in place of the usual one", async () => {
  const configs = { [MASTER]: "mtu = 1", "/x.toml": "mtu = 1400" };
  assert.equal((await master("--config /x.toml", { configs })).tundev.mtuBytes, 1400);
  const environment = { BINDLINK_CONFIG: "/x.toml" };
  assert.equal((await master("", { configs, environment })).tundev.mtuBytes, 1400);
});

Deno.test("a file that is named must be there", async () => {
  await assert.rejects(
    read(["master", "--config", "/none.toml"]),
    /Cannot read --config "\/none.toml": there is no such file/,
  );
  assert.match(
    await complaint(`slave --config ${TOKEN}`),
    /^--config: this is a token, not a file/,
  );
});

Deno.test("command line wins over environment, that over the file, that over what join stored", async () => {
  const options = { mtu: ["1100"], "rekey-after": ["11"], "tun-name": ["s%d"], metrics: ["1111"] };
  const setting = {
    stored: { [DEFAULT_STATE_DIR]: { token: TOKEN, options } },
    configs: { [SLAVE]: 'mtu = 1200\nrekey-after = 12\ntun-name = "f%d"\n' },
    environment: { BINDLINK_MTU: "1300", BINDLINK_REKEY_AFTER: "13" },
  };
  const { tundev, rekeyAfterMs, metrics, logLevel } = await slave("--mtu 1400", setting);
  assert.deepEqual(
    [tundev.mtuBytes, rekeyAfterMs, tundev.kind === "tun" && tundev.name, metrics?.port, logLevel],
    [1400, 13_000, "f%d", 1111, "info"],
  );
});

Deno.test("links that a command line or a variable names replace the file's, and the file's the stored", async () => {
  const setting = {
    stored: { [DEFAULT_STATE_DIR]: { token: TOKEN, options: { targets: ["s:1"] } } },
    configs: { [SLAVE]: 'proxy-target = "m:9"\n[links.p]\nproxy = "p:1"' },
  };
  const names = async (line: string, environment = {}): Promise<string[]> =>
    (await slave(line, { ...setting, environment })).links.map(({ name }) => name);
  assert.deepEqual(await names(""), ["p"]);
  assert.deepEqual(await names("--interfaces usb0"), ["usb0"]);
  assert.deepEqual(await names("", { BINDLINK_TARGETS: "t:1" }), ["t:1"]);
});

Deno.test("links of a file are numbered in its order", async () => {
  const text = `token = "${TOKEN}"
targets = ["first=a:1", "second=a:2"]
[links.third]
interface = "usb0"
[links.fourth]
proxy = "p:1"
[links.fifth]
target = "a:3"
`;
  const { links } = await slave("", { configs: { [SLAVE]: text } });
  assert.deepEqual(links.map(({ id, name }) => `${id} ${name}`), [
    "1 first",
    "2 second",
    "3 third",
    "4 fourth",
    "5 fifth",
  ]);
});

Deno.test("a token in a file leaves aside what join stored", async () => {
  const setting = {
    stored: { [DEFAULT_STATE_DIR]: { token: "bindlink1_x", options: { mtu: ["9"] } } },
    configs: { [SLAVE]: 'token-file = "t"' },
    files: { "/etc/bindlink/t": TOKEN },
  };
  assert.equal((await slave("", setting)).tundev.mtuBytes, 1340);
});

Deno.test("a mistake in a file is told with file, line, key and value", async () => {
  const token = `token = "${TOKEN}"\n`;
  const environment = { BINDLINK_TOKEN: TOKEN };
  for (
    const [text, expected] of [
      ["mtu = 9", /^\/etc\/bindlink\/slave\.toml:1: mtu "9": type a number/],
      ['metrics = "x"', /^\/etc\/bindlink\/slave\.toml:1: metrics "x": the port must be/],
      [
        `${token}[links.a]\n\nproxy = "p:1:u:${PASSWORD}"`,
        /^\/etc\/bindlink\/slave\.toml:4: links\.a\.proxy "p:1\*\*\*": /,
      ],
      [
        `${token}targets = ["a=t:1"]\n[links.a]\ntarget = "t:2"`,
        /^\/etc\/bindlink\/slave\.toml:4: links\.a\.target "t:2": another link is called "a"/,
      ],
      [
        `${token}[links.a]\ntarget = "t:2"\ncap = "1mbit"\nup = "1mbit"`,
        /^\/etc\/bindlink\/slave\.toml:3: links\.a\.target "t:2": cap is for both directions/,
      ],
      [
        'listen-tcp = 1\nconnect-tcp = "a:1"',
        /slave\.toml:2: connect-tcp and .*:1: listen-tcp excl/,
      ],
      ['address = "10.0.0.1/30"', /slave\.toml:1: address needs --protocol legacy/],
      [`${token}proxy-target = "m:1"`, /slave\.toml:2: proxy-target needs --proxies/],
      ["x = 1\ny = 2\nz = 3", /unknown key "x".* \(and 2 more: bindlink config check "\/etc\//],
    ] as const
  ) assert.match(await complaint("slave", { environment, configs: { [SLAVE]: text } }), expected);
});

Deno.test("what only the secure protocol has is a mistake in a legacy file, not beside a typed protocol", async () => {
  const targets = 'targets = "t:1"\n';
  const configs = { [SLAVE]: `protocol = "legacy"\n${targets}mode = "speed"` };
  assert.match(
    await complaint("slave", { configs }),
    /slave\.toml:3: mode needs --protocol secure/,
  );
  const fine = await read(["slave", "--protocol", "legacy"], {
    configs: { [SLAVE]: `${targets}mode = "speed"` },
  });
  assert.equal(fine.kind === "run" && fine.options.protocol, "legacy");
});

Deno.test("a file with a secret that all can read is warned of", async () => {
  const configs = { [SLAVE]: `token = "${TOKEN}"` };
  const result = await read(["slave"], { configs, areConfigsPublic: true });
  assert.ok(result.kind === "run");
  assert.match(
    result.warnings.join(),
    /holds a secret.*type chmod o= "\/etc\/bindlink\/slave.toml"/,
  );
  const secret = await read(["slave"], { configs });
  assert.deepEqual(secret.kind === "run" && secret.warnings, []);
  const harmless = await read(["master"], {
    configs: { [MASTER]: "mtu = 1300" },
    areConfigsPublic: true,
  });
  assert.deepEqual(harmless.kind === "run" && harmless.warnings, []);
});

Deno.test("invite, slaves and revoke find the state directory of the master's file", async () => {
  const configs = { [MASTER]: 'state-dir = "/srv/x"\nmtu = 1300' };
  for (const line of ["slaves", "revoke laptop", "invite laptop"]) {
    const asked = await request(line, { configs });
    assert.equal("stateDir" in asked && asked.stateDir, "/srv/x", line);
    const typed = await request(`${line} --state-dir /y`, { configs });
    assert.equal("stateDir" in typed && typed.stateDir, "/y", line);
  }
});

Deno.test("routing is configured by the file, too, and judged as the command line's", async () => {
  const configs = {
    [SLAVE]: `token = "${TOKEN}"\nroute = ["10.20.0.0/16", "10.30.0.0/16"]\nkill-switch = true`,
    [MASTER]: "exit = true",
  };
  const { routing } = await slave("", { configs });
  assert.deepEqual(
    [routing?.routes.map(({ address }) => address), routing?.hasKillSwitch],
    [["10.20.0.0", "10.30.0.0"], true],
  );
  assert.equal((await master("", { configs })).isExit, true);
  const wrong = { configs: { [SLAVE]: `token = "${TOKEN}"\nmtu = 1300\nroute = "10.20.0.1/16"` } };
  assert.match(await complaint("slave", wrong), /^\/etc\/bindlink\/slave\.toml:3: route "10\.20/);
  const off = { configs: { [SLAVE]: `token = "${TOKEN}"\nroute-all = false` } };
  assert.equal((await slave("", off)).routing, undefined);
});

Deno.test("commands to a running daemon look where the file says that it keeps its state", async () => {
  const stateDir = async (
    line: string,
    configs: NonNullable<Setting["configs"]>,
  ): Promise<string> => {
    const it = await request(line, { configs });
    return "daemon" in it ? it.daemon.stateDir : "";
  };
  const slaveFile = { [SLAVE]: 'wrong = 1\nstate-dir = "/s"' };
  const masterFile = { [MASTER]: 'state-dir = "/m"' };
  assert.equal(await stateDir("status", slaveFile), "/s");
  assert.equal(await stateDir("link list", { ...slaveFile, ...masterFile }), "/s");
  assert.equal(await stateDir("status", masterFile), "/m");
  assert.equal(await stateDir("mode speed", masterFile), DEFAULT_STATE_DIR);
  assert.equal(await stateDir("status --daemon master", { ...slaveFile, ...masterFile }), "/m");
  assert.equal(await stateDir("status --state-dir /x", slaveFile), "/x");
  assert.match(
    await complaint("status", { configs: { ...slaveFile, ...masterFile } }),
    /slave\.toml:2: state-dir and .*master\.toml:1: state-dir differ: say which daemon/,
  );
});
