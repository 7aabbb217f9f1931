import assert from "node:assert/strict";
import {
  DEFAULT_LINK_SETTINGS,
  type LinkSettings,
} from "../../../src/multiplexer/link_settings.ts";
import { assertHarmless, complaint, ENDPOINTS, legacy, PASSWORD, slave, TOKEN } from "./judge.ts";

const settings = DEFAULT_LINK_SETTINGS;

Deno.test("a slave with a token and no link has one direct link to all endpoints", async () => {
  assert.deepEqual((await slave(TOKEN)).links, [
    { id: 1, name: "203.0.113.5:4321", targets: ENDPOINTS, proxy: null, allowsTcp: true, settings },
  ]);
});

Deno.test("a slave's proxies lead to the token's endpoints", async () => {
  const { links } = await slave(`${TOKEN} --proxies a:1,socks5://u:p@b:2`);
  assert.deepEqual(links, [
    {
      id: 1,
      name: "a:1",
      targets: ENDPOINTS,
      proxy: { host: "a", port: 1 },
      allowsTcp: true,
      settings,
    },
    {
      id: 2,
      name: "b:2",
      targets: ENDPOINTS,
      proxy: { host: "b", port: 2, credentials: { username: "u", password: "p" } },
      allowsTcp: true,
      settings,
    },
  ]);
});

Deno.test("a slave's --proxy-target wins over the token's endpoints", async () => {
  const { links } = await slave(`${TOKEN} --proxies a:1 --proxy-target m:9`);
  assert.deepEqual(links[0]?.targets, [{ host: "m", port: 9 }]);
});

Deno.test("a slave's --targets are one link each, and no other direct link is made", async () => {
  const { links } = await slave(`${TOKEN} --proxies a:1 --targets [2001:db8::5]:4321,m:9`);
  assert.deepEqual(links.map(({ id, name, targets }) => [id, name, targets]), [
    [1, "a:1", ENDPOINTS],
    [2, "[2001:db8::5]:4321", [{ host: "2001:db8::5", port: 4321 }]],
    [3, "m:9", [{ host: "m", port: 9 }]],
  ]);
});

Deno.test("a slave with --no-tcp-fallback has no link over TCP", async () => {
  const { links } = await slave(`${TOKEN} --proxies a:1 --targets b:2 --no-tcp-fallback`);
  assert.deepEqual(links.map((link) => link.allowsTcp), [false, false]);
});

Deno.test("a legacy slave's links are numbered, proxies first, and never over TCP", async () => {
  const options = await legacy(
    "slave --protocol legacy --targets [2001:db8::5]:4321 --proxies a:1,b:2 --proxies c:3 " +
      "--proxy-target m:9",
  );
  const targets = [{ host: "m", port: 9 }];
  const allowsTcp = false;
  assert.deepEqual(options.role === "slave" && options.links, [
    { id: 1, name: "a:1", targets, allowsTcp, proxy: { host: "a", port: 1 }, settings },
    { id: 2, name: "b:2", targets, allowsTcp, proxy: { host: "b", port: 2 }, settings },
    { id: 3, name: "c:3", targets, allowsTcp, proxy: { host: "c", port: 3 }, settings },
    {
      id: 4,
      name: "[2001:db8::5]:4321",
      targets: [{ host: "2001:db8::5", port: 4321 }],
      allowsTcp,
      proxy: null,
      settings,
    },
  ]);
});

Deno.test("a legacy slave is told what its links need", async () => {
  const line = "slave --protocol legacy";
  assert.match(await complaint(line), /add --proxies HOST:PORT with --proxy-target HOST:PORT/);
  assert.match(await complaint(`${line} --proxies a:1`), /--proxies needs --proxy-target/);
});

Deno.test("a slave's --proxy-target needs --proxies, unless the environment holds it", async () => {
  assert.match(
    await complaint(`slave ${TOKEN} --proxy-target a:1`),
    /^--proxy-target needs --prox/,
  );
  const environment = { BINDLINK_PROXY_TARGET: "m:1" };
  assert.deepEqual((await slave(TOKEN, { environment })).links[0]?.targets, ENDPOINTS);
});

Deno.test("a slave's links have unique names", async () => {
  const { links } = await slave(`${TOKEN} --proxies a:1,a:1,b:1,a:1`);
  assert.deepEqual(links.map((link) => link.name), ["a:1", "a:1#2", "b:1", "a:1#3"]);
});

Deno.test("a slave has 255 links and no more", async () => {
  const targets = Array.from({ length: 255 }, (_, i) => `h:${i + 1}`).join(",");
  assert.equal((await slave(`${TOKEN} --targets ${targets}`)).links.at(-1)?.id, 255);
  assert.match(
    await complaint(`slave ${TOKEN} --targets ${targets},h:999`),
    /at most 255 links: .* name 256/,
  );
});

Deno.test("a proxy's password that holds an unescaped comma is not shown", async () => {
  const message = await complaint(`slave ${TOKEN} --proxies socks5://u:abc@def,s3cret@h:1`);
  assert.match(message, /%2C/);
  assert.ok(!/abc|def|s3cret/.test(message), message);
});

/** The settings of the only link. */
async function settingsOf(options: string): Promise<LinkSettings> {
  const { links } = await slave(`${TOKEN} ${options}`);
  assert.equal(links.length, 1);
  return links[0]!.settings;
}

Deno.test("a link has the name and the settings that it is given, with a proxy or without", async () => {
  const { links } = await slave(
    `${TOKEN} --proxies phone1=a:1;metered;cap=5mbit,socks5://u:p@b:2;backup ` +
      "--targets dsl=[2001:db8::5]:4321;up=2mbit;down=10Mbit,c:3",
  );
  assert.deepEqual(links.map((link) => [link.name, link.settings]), [
    ["phone1", { ...settings, isMetered: true, capUpBps: 5e6, capDownBps: 5e6 }],
    ["b:2", { ...settings, mode: "backup" }],
    ["dsl", { ...settings, capUpBps: 2e6, capDownBps: 10e6 }],
    ["c:3", settings],
  ]);
  assert.deepEqual(links.map((link) => (link.proxy ?? link.targets[0])?.port), [1, 2, 4321, 3]);
});

Deno.test("--mode holds for each link that says none, also for one that nobody named", async () => {
  assert.equal((await settingsOf("--mode redundant")).mode, "redundant");
  assert.equal((await settingsOf("--mode cheapest --targets a:1;metered")).mode, "cheapest");
  assert.equal((await settingsOf("--mode cheapest --targets a:1;mode=speed")).mode, "speed");
  assert.equal((await settingsOf("--mode cheapest --targets a:1;backup")).mode, "backup");
  const environment = { BINDLINK_MODE: "redundant" };
  assert.equal((await slave(TOKEN, { environment })).links[0]?.settings.mode, "redundant");
  assert.match(
    await complaint(`slave ${TOKEN} --mode fast`),
    /^--mode "fast": type one of speed, redundant, backup, cheapest$/,
  );
  assert.match(await complaint("master --mode speed"), /^--mode is an option of "bindlink slave"/);
});

Deno.test("two links of one name are a mistake, two to one place are not", async () => {
  assert.match(
    await complaint(`slave ${TOKEN} --proxies p=a:1 --targets q=c:3,p=b:2`),
    /^--targets "b:2": another link is called "p": give it a name of its own$/,
  );
  const { links } = await slave(`${TOKEN} --proxies a:1,p=a:1,a:1`);
  assert.deepEqual(links.map((link) => link.name), ["a:1", "p", "a:1#2"]);
});

Deno.test("a mistake in a link is called by its option and its endpoint", async () => {
  for (
    const [options, expected] of [
      ["--proxies p=a:1;cap=5", /^--proxies "a:1": cap "5": the unit is missing: type 5mbit/],
      ["--proxies p=a;metered", /^--proxies "a": the port is missing/],
      [
        "--targets p=a:1;metred",
        /^--targets "a:1": unknown setting "metred": did you mean metered/,
      ],
      ["--targets p=a:1;mode=x", /^--targets "a:1": mode "x": type one of speed, redundant/],
      [
        "--proxies a:1;metered,cap=5mbit",
        /^--proxies "cap\*\*\*": this is a setting without a link/,
      ],
      ["--proxies a:1,backup", /^--proxies "backup": this is a setting without a link/],
    ] as const
  ) assert.match(await complaint(`slave ${TOKEN} ${options}`), expected);
  const environment = { BINDLINK_TARGETS: "a:1;up" };
  assert.match(
    await complaint(`slave ${TOKEN}`, { environment }),
    /^BINDLINK_TARGETS "a:1": up needs a value: type up=RATE$/,
  );
});

Deno.test("a legacy slave's links have names and no settings", async () => {
  const line = "slave --protocol legacy --proxy-target m:9 --proxies";
  const options = await legacy(`${line} phone=a:1`);
  assert.deepEqual(options.role === "slave" && options.links[0]?.name, "phone");
  assert.match(
    await complaint(`${line} phone=a:1;cap=5mbit`),
    /^--proxies "a:1": settings need --protocol secure: the legacy protocol spreads packets by/,
  );
  assert.match(await complaint(`${line} a:1 --mode speed`), /^--mode needs --protocol secure$/);
  const environment = { BINDLINK_MODE: "backup" };
  const left = await legacy(`${line} a:1`, { environment });
  assert.deepEqual(left.role === "slave" && left.links[0]?.settings, settings);
});

Deno.test("no password is shown, whatever is wrong with its link", async () => {
  for (
    const value of [
      `p=socks5://u:${PASSWORD}@h:1;cap=5`,
      `p=socks5://u:${PASSWORD}@h:1;metred`,
      `p=socks5://u:${PASSWORD}@h`,
      `p=socks5://u:${PASSWORD}@h:1,p=h:1`,
      `p=socks5://u:x;${PASSWORD}@h:1`,
      `socks5://u:x;${PASSWORD}`,
      `socks5://u:1;${PASSWORD}`,
      `socks5://u:1;${PASSWORD}=x`,
      `socks5://u:x,${PASSWORD}$=y@h:1`,
      `socks5://u:x,${PASSWORD}$=h:1`,
      `p=u:${PASSWORD}@h:1;metered`,
      `u:${PASSWORD}=@h:1`,
      `p=h:1080:u:${PASSWORD}`,
      `my phone=socks5://u:${PASSWORD}@h:1`,
    ]
  ) {
    const environment = { BINDLINK_PROXIES: value };
    assertHarmless(await complaint(`slave ${TOKEN}`, { environment }));
  }
});

Deno.test("a slave's --interfaces are one UDP link each to the token's endpoints, named after them", async () => {
  const { links } = await slave(`${TOKEN} --proxies a:1 --interfaces phone1=usb0;metered,wwan0`);
  assert.deepEqual(
    links.map(({ id, name, device, allowsTcp, proxy }) => [id, name, device, allowsTcp, proxy]),
    [
      [1, "a:1", undefined, true, { host: "a", port: 1 }],
      [2, "phone1", "usb0", false, null],
      [3, "wwan0", "wwan0", false, null],
    ],
  );
  assert.deepEqual(links[1]!.targets, ENDPOINTS);
  assert.equal(links[1]!.settings.isMetered, true);
});

Deno.test("what cannot be an interface is refused, and so is an engine that cannot bind to one", async () => {
  for (const name of ["usb/0", "a:1", "sixteen-letters-", ".."]) {
    const text = await complaint(`slave ${TOKEN} --interfaces ${name}`);
    assert.match(text, /--interfaces ".*": no name of an interface/);
    assert(text.includes(name));
  }
  const engine = await complaint(`slave ${TOKEN} --interfaces usb0 --io deno`);
  assert.match(engine, /--interfaces needs --io ffi/);
});
