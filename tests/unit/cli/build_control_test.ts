import assert from "node:assert/strict";
import { complaint, complaintAbout, DEFAULT_STATE_DIR, PASSWORD, request } from "./judge.ts";

const DAEMON = { stateDir: DEFAULT_STATE_DIR, name: null };

Deno.test("status and link list name the daemon and how to print", async () => {
  assert.deepEqual(await request("status"), { kind: "status", daemon: DAEMON, isJson: false });
  assert.deepEqual(await request("link list --json --daemon bind1 --state-dir /x"), {
    kind: "link list",
    daemon: { stateDir: "/x", name: "bind1" },
    isJson: true,
  });
});

Deno.test("top names the daemon", async () => {
  assert.deepEqual(await request("top"), { kind: "top", daemon: DAEMON });
  assert.deepEqual(await request("top --daemon master --state-dir /x"), {
    kind: "top",
    daemon: { stateDir: "/x", name: "master" },
  });
  assert.match(await complaint("top bind0"), /bind0/);
});

Deno.test("mode takes one of the modes", async () => {
  assert.deepEqual(await request("mode backup"), { kind: "mode", daemon: DAEMON, mode: "backup" });
  assert.match(await complaint("mode fast"), /^bindlink mode "fast": type one of speed, redundant/);
});

Deno.test("link remove, up and down take a link's name", async () => {
  for (const kind of ["link remove", "link up", "link down"] as const) {
    assert.deepEqual(await request(`${kind} 192.0.2.1:1080#2`), {
      kind,
      daemon: DAEMON,
      name: "192.0.2.1:1080#2",
    });
  }
});

Deno.test("link add takes the links that a slave does, without what the slave knows", async () => {
  const line =
    "link add --proxies p1=h:1;metered,socks5://u:pw@h:2 --targets t:3;backup --interfaces usb1";
  assert.deepEqual(await request(line), {
    kind: "link add",
    daemon: DAEMON,
    links: [
      { name: "p1", targets: [], proxy: { host: "h", port: 1 }, settings: { isMetered: true } },
      {
        name: null,
        targets: [],
        proxy: { host: "h", port: 2, credentials: { username: "u", password: "pw" } },
        settings: {},
      },
      {
        name: null,
        targets: [{ host: "t", port: 3 }],
        proxy: null,
        settings: { mode: "backup" },
      },
      { name: null, targets: [], proxy: null, device: "usb1", settings: {} },
    ],
  });
});

Deno.test("link add has the proxies' own target when it is named", async () => {
  const added = await request("link add --proxies h:1 --proxy-target m:9");
  assert(added.kind === "link add");
  assert.deepEqual(added.links[0]?.targets, [{ host: "m", port: 9 }]);
});

Deno.test("link add needs a link, and reads none from the environment", async () => {
  const setting = { environment: { BINDLINK_PROXIES: "h:1", BINDLINK_STATE_DIR: "/x" } };
  assert.match(
    await complaint("link add", setting),
    /^"bindlink link add" needs a link: add --proxies/,
  );
  const added = await request("link add --targets t:3", setting);
  assert(added.kind === "link add");
  assert.deepEqual([added.links.length, added.daemon.stateDir], [1, "/x"]);
});

Deno.test("link add shows no password", async () => {
  await complaint(`link add --proxies socks5://me:${PASSWORD}@h`);
});

Deno.test("link set takes settings as words, or as they stand behind a link", async () => {
  const change = { mode: "backup", isMetered: true, capUpBps: 5e6, capDownBps: 5e6 };
  const expected = { kind: "link set", daemon: DAEMON, name: "p", change };
  assert.deepEqual(await request("link set p cap=5mbit metered mode=backup"), expected);
  assert.deepEqual(await request("link set p cap=5mbit;metered;backup"), expected);
});

Deno.test("link set undoes settings", async () => {
  const it = await request("link set p cap=none mode=default unmetered");
  assert.deepEqual(it.kind === "link set" && it.change, {
    mode: null,
    isMetered: false,
    capUpBps: Infinity,
    capDownBps: Infinity,
  });
  const oneWay = await request("link set p up=none down=2mbit");
  assert.deepEqual(oneWay.kind === "link set" && oneWay.change, {
    capUpBps: Infinity,
    capDownBps: 2e6,
  });
});

Deno.test("link set says what is wrong with a setting", async () => {
  for (
    const [word, said] of [
      ["cap=5", /^bindlink link set "p": cap "5": the unit is missing/],
      ["metred", /did you mean metered\?$/],
      ["mode=fast", /mode "fast": type one of speed, redundant, backup, cheapest, default$/],
      ["frobnicate", /type one of metered, backup, .*unmetered, soft$/],
    ] as const
  ) {
    assert.match(await complaint(`link set p ${word}`), said);
  }
  assert.match(
    await complaintAbout(["link", "set", "p", "metered", "unmetered"]),
    /metered or unmetered: leave one out$/,
  );
});
