import assert from "node:assert/strict";
import fc from "fast-check";
import { guessRole, readConfig } from "../../../src/cli/config_file.ts";
import { assertHarmless, PASSWORD, TOKEN } from "./judge.ts";

/** What is wrong with a slave's file. */
function problems(text: string, role: "master" | "slave" = "slave"): readonly string[] {
  const { problems } = readConfig(text, { path: "s.toml", role });
  for (const problem of problems) assertHarmless(problem);
  return problems;
}

/** The values of each option. */
function values(text: string): Record<string, readonly string[]> {
  const { options, problems } = readConfig(text, { path: "/etc/b/s.toml", role: "slave" });
  assert.deepEqual(problems, []);
  return Object.fromEntries(options.map(({ name, values }) => [name, values.map((it) => it.text)]));
}

Deno.test("readConfig takes options by their names: texts, numbers, flags, lists", () => {
  assert.deepEqual(
    values(
      'mtu = 1_300\nmode = "cheapest"\nno-tcp-fallback = true\nproxies = ["a:1", "b:2;cap=5mbit"]\n' +
        'targets = "c:3, d:4,"\n',
    ),
    {
      mtu: ["1300"],
      mode: ["cheapest"],
      "no-tcp-fallback": ["yes"],
      proxies: ["a:1", "b:2;cap=5mbit"],
      targets: ["c:3", "d:4"],
    },
  );
});

Deno.test("readConfig makes a link of each table, in the file's order", () => {
  const { options } = readConfig(
    `[links.dsl]
target = "m:1"
backup = true
metered = false

[links.phone1]
proxy = "socks5://h:1080"
user = "me@home"
password = "a;b,c=d%"
metered = true
cap = "5mbit"

[links]
usb = { interface = "usb0", up = "1mbit", budget = "10GB", reset = 15, price = 2.50, hard = true }
`,
    { path: "s.toml", role: "slave" },
  );
  const ordered = options.flatMap(({ name, values }) => values.map((it) => ({ name, ...it })))
    .sort((a, b) => a.rank - b.rank);
  assert.deepEqual(ordered.map(({ name, text, subject }) => [name, text, subject]), [
    ["targets", "dsl=m:1;backup", "s.toml:2: links.dsl.target"],
    [
      "proxies",
      "phone1=socks5://me%40home:a%3Bb%2Cc%3Dd%25@h:1080;metered;cap=5mbit",
      "s.toml:7: links.phone1.proxy",
    ],
    [
      "interfaces",
      "usb=usb0;up=1mbit;budget=10GB;reset=15;price=2.50;hard",
      "s.toml:14: links.usb.interface",
    ],
  ]);
});

Deno.test("readConfig means paths from where the file is", () => {
  assert.deepEqual(values('token-file = "t"\nkey-file = "/k"\nstate-dir = "../x"'), {
    "token-file": ["/etc/b/t"],
    "key-file": ["/k"],
    "state-dir": ["/etc/x"],
  });
});

Deno.test("readConfig tells file, line and key of each mistake, all of them", () => {
  assert.deepEqual(
    problems('mtuu = 1\n\nlog-level = ["info"]\nno-tcp-fallback = "yes"\nmtu = ""'),
    [
      's.toml:1: unknown key "mtuu": did you mean mtu?',
      's.toml:3: log-level: this takes one value, no list: type log-level = "debug"',
      "s.toml:4: no-tcp-fallback: type no-tcp-fallback = true, or false",
      "s.toml:5: mtu is empty: give a value or leave it out",
    ],
  );
});

Deno.test("readConfig names the key that was meant", () => {
  for (
    const [text, expected] of [
      ["log_level = 'info'", /"log_level": did you mean log-level\?/],
      ["Mode = 'speed'", /"Mode": did you mean mode\?/],
      ["frobnicate = 1", /"frobnicate": "bindlink slave --help" lists the options/],
      ["pool = '10.0.0.0/24'", /^s.toml:1: pool is an option of "bindlink master", not of/],
      ["qr = true", /^s.toml:1: qr is an option of "bindlink invite"/],
      ["config = 'x'", /config: a file cannot name another one/],
      ["metrics = true", /^s.toml:1: metrics true: type text in quotes: metrics = /],
      ["mtu = 1979-05-27", /mtu: this is neither text nor a number/],
      ["proxies = []", /proxies is empty/],
      ["[slave]\nmtu = 1", /^s.toml:1: unknown table "slave": the only tables are \[links\.NAME\]/],
      ["[link.a]\nproxy = 'a:1'", /^s.toml:1: unknown table "link": did you mean \[links\.NAME\]/],
      ["[[links]]\nproxy = 'a:1'", /^s.toml:1: type the name of a link in single brackets/],
      ["[links]\nproxy = 'a:1'", /^s.toml:2: a link needs a name/],
    ] as const
  ) {
    const found = problems(text);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] ?? "", expected);
  }
});

Deno.test("readConfig tells what is wrong with a link, at its line", () => {
  for (
    const [text, expected] of [
      ["proxi = 'a:1'", [
        's.toml:2: links.a: unknown key "proxi": did you mean proxy?',
      ]],
      ["", ["s.toml:1: links.a: it goes nowhere: add proxy, target or interface"]],
      ["target = 't:1'\ncap = 5", [
        's.toml:3: links.a: cap "5": the unit is missing: type 5mbit, or kbit or gbit',
      ]],
      ["target = 't:1'\ncap = '5MB'", [
        's.toml:3: links.a: cap "5MB": type 5kbit, 5mbit or 5gbit',
      ]],
      ["target = 't:1'\nmode = 'fast'", [
        's.toml:3: links.a: mode "fast": type one of speed, redundant, backup, cheapest',
      ]],
      ["target = 't:1'\nmetered = 'yes'", ["s.toml:3: links.a: type metered = true, or false"]],
      ["proxy = 'p:1'\ntarget = 't:1'", [
        "s.toml:3: links.a: proxy and target exclude each other: leave one out; the master as " +
        "proxies reach it is proxy-target, for all of them",
      ]],
      ["target = 't:1'\nuser = 'u'", ["s.toml:3: links.a: user goes with proxy, not with target"]],
      ["proxy = 'p:1'\nuser = 'u'", [
        "s.toml:3: links.a: user and password go together: add password",
      ]],
      [`proxy = 'socks5://u:${PASSWORD}@p:1'\nuser = 'u'\npassword = '${PASSWORD}'`, [
        "s.toml:3: links.a: user and password stand in proxy already: leave these out",
      ]],
      ["target = 't:1;metered'", [
        "s.toml:2: links.a: target: a setting is a key of its own, as metered = true",
      ]],
      ["target = ['t:1']", ["s.toml:2: links.a: target: this takes one text in quotes"]],
      ["target = ' '", ["s.toml:2: links.a: target is empty: give a value or leave it out"]],
      ["x.y = 1", [
        "s.toml:2: links.a.x: no setting of a link is a table; a name that holds a dot stands in " +
        'quotes: [links."a.b"]',
      ]],
    ] as const
  ) {
    const found = problems(`[links.a]\n${text}`);
    assert.ok(expected.every((it) => found.includes(it)), `${text}\n${found.join("\n")}`);
  }
});

Deno.test("readConfig refuses a link's name that a link cannot have", () => {
  assert.deepEqual(problems('[links."my phone"]\nproxy = "p:1"'), [
    's.toml:1: links."my***": a link\'s name is 1 to 32 letters, digits, - _ or .',
  ]);
  assert.deepEqual(problems('[links."a.b"]\nproxy = "p:1"'), []);
});

Deno.test("readConfig has no links at a master", () => {
  assert.deepEqual(problems("[links.a]\nproxy = 'a:1'", "master"), [
    's.toml:1: links are options of "bindlink slave", not of "bindlink master"',
  ]);
});

Deno.test("readConfig tells where a text is no TOML, and of what is there twice", () => {
  for (
    const [text, expected] of [
      ["mtu = 1\nmtu = 2", "s.toml:2: this key or table is there twice: leave one out"],
      [
        "[links.a]\nproxy = 'a:1'\n[links.a]\nproxy = 'b:1'",
        "s.toml:3: this key or table is there twice: leave one out",
      ],
      [
        "mtu = 1\ncap = 5mbit",
        's.toml:2: this is not TOML: must be a newline; text needs quotes, as in cap = "5mbit"',
      ],
    ] as const
  ) assert.deepEqual(problems(text), [expected]);
  assert.match(problems("mtu = \n")[0] ?? "", /^s\.toml:1: this is not TOML: /);
  assert.match(problems("\n[links.a\nproxy = 'x:1'\n")[0] ?? "", /^s\.toml:2: this is not TOML: /);
});

Deno.test("readConfig shows no value of a key that it does not know", () => {
  problems(`tokn = "${TOKEN}"\npassword = "${PASSWORD}"\n"${PASSWORD} ${TOKEN}" = 1`.replace(
    `"${PASSWORD} ${TOKEN}" = 1`,
    "",
  ));
  problems(`[links.a]\nproxy = "p:1"\npassword = "${PASSWORD}"`);
  problems(`token = "${TOKEN}\nmtu = ${TOKEN}`);
});

Deno.test("readConfig knows whether a file holds a secret", () => {
  const holds = (text: string): boolean =>
    readConfig(text, { path: "s.toml", role: "slave" }).holdsSecret;
  assert.equal(holds(`token = "${TOKEN}"`), true);
  assert.equal(holds('http-token = "sixteen-letters-"'), true);
  assert.equal(holds('[links.a]\nproxy = "p:1"\nuser = "u"\npassword = "p"'), true);
  assert.equal(holds('[links.a]\nproxy = "p:1"'), false);
});

Deno.test("readConfig never throws on any text", () => {
  fc.assert(fc.property(
    fc.oneof(
      fc.string(),
      fc.array(
        fc.constantFrom("[", "]", "=", "links", ".", '"', "a", "1", "\n", "{", "}", ",", " "),
      )
        .map((pieces) => pieces.join("")),
    ),
    (text) => {
      const { problems } = readConfig(text, { path: "s.toml", role: "slave" });
      for (const problem of problems) assert.ok(!/[\p{Cc}]/u.test(problem), problem);
      guessRole(text, "s.toml");
    },
  ));
});

Deno.test("guessRole goes by the first key of one end, then by the file's name", () => {
  assert.equal(guessRole("mtu = 1\npool = 'x'\nproxies = 'a'", "slave.toml"), "master");
  assert.equal(guessRole("[links.a]", "master.toml"), "slave");
  assert.equal(guessRole("mtu = 1", "/etc/bindlink/master.toml"), "master");
  assert.equal(guessRole("mtu = 1", "/etc/master/x.toml"), "slave");
  assert.equal(guessRole("mtu = ", "x.toml"), "slave");
});

Deno.test("README's configuration file is right", () => {
  const readme = Deno.readTextFileSync(new URL("../../../README.md", import.meta.url));
  const example = /^```toml\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? "";
  assert.deepEqual(values(example), {
    mode: ["cheapest"],
    mtu: ["1300"],
    "no-tcp-fallback": ["yes"],
    "proxy-target": ["server.example.com:4321"],
    proxies: ["phone1=socks5://me:s3cret%3B@192.168.43.1:1080;metered;cap=5mbit"],
    interfaces: ["usb=usb0"],
    targets: ["modem=203.0.113.5:4321;backup"],
  });
});
