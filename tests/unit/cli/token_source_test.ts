import assert from "node:assert/strict";
import { UsageError } from "../../../src/usage_error.ts";
import {
  assertHarmless,
  complaint,
  complaintAbout,
  IDENTITY,
  read,
  type Setting,
  slave,
  TOKEN,
} from "./judge.ts";

const STORED = { token: TOKEN, options: {} };

Deno.test("a slave takes its token from wherever it is given", async () => {
  const ways: readonly [string, Setting][] = [
    [`--token ${TOKEN}`, {}],
    [`--token=${TOKEN}`, {}],
    [TOKEN, {}],
    [`--mtu 1300 ${TOKEN}`, {}],
    ["-", { stdin: `${TOKEN}\n` }],
    ["--token-file -", { stdin: `${TOKEN}\n` }],
    ["--token-file t", { files: { t: `\n ${TOKEN}\r\n` } }],
    ["", { environment: { BINDLINK_TOKEN: TOKEN } }],
    ["", { environment: { BINDLINK_TOKEN_FILE: "t" }, files: { t: TOKEN } }],
    ["", { environment: { BINDLINK_TOKEN_FILE: "-" }, stdin: TOKEN }],
    ["", { stored: { "/state": STORED } }],
    ["--state-dir /x", { stored: { "/x": STORED } }],
  ];
  for (const [line, setting] of ways) {
    assert.deepEqual((await slave(line, setting)).identity, IDENTITY, line);
  }
});

Deno.test("a slave takes a token that a mail program has broken into lines", async () => {
  const broken = `${TOKEN.slice(0, 30)}\n ${TOKEN.slice(30)}`;
  const result = await read(["slave", "--token", broken]);
  assert.equal(result.kind, "run");
});

Deno.test("a slave takes the command line's token before the environment's", async () => {
  const environment = { BINDLINK_TOKEN: "broken", BINDLINK_TOKEN_FILE: "missing" };
  assert.deepEqual((await slave(TOKEN, { environment })).identity, IDENTITY);
});

Deno.test("a slave takes the environment's token before the stored one", async () => {
  const setting = {
    environment: { BINDLINK_TOKEN: TOKEN },
    stored: { "/state": { token: "broken", options: {} } },
  };
  assert.deepEqual((await slave("", setting)).identity, IDENTITY);
});

Deno.test("a slave with two tokens from one source is told to leave one out", async () => {
  assert.match(
    await complaint(`slave --token ${TOKEN} --token-file x`),
    /^--token and --token-file exclude each other/,
  );
  assert.match(
    await complaint(`slave ${TOKEN} --token ${TOKEN}`),
    /^TOKEN and --token exclude/,
  );
  assert.match(
    await complaint("slave", { environment: { BINDLINK_TOKEN: TOKEN, BINDLINK_TOKEN_FILE: "x" } }),
    /^BINDLINK_TOKEN and BINDLINK_TOKEN_FILE exclude/,
  );
});

Deno.test("a slave without a token is told how to get one, and where none is stored", async () => {
  const message = await complaint("slave --state-dir /srv/x --proxies a:1");
  assert.match(message, /needs a token, and none is stored in "\/srv\/x"/);
  assert.match(message, /type bindlink slave --token TOKEN; make one on the master with: /);
  assert.match(message, /bindlink invite NAME --endpoint HOST:PORT$/);
});

Deno.test("a slave without a token, as it ran before there were tokens, is told of the protocol", async () => {
  assert.match(
    await complaint("slave --proxies a:1 --proxy-target m:1"),
    /original's protocol, add --protocol legacy$/,
  );
});

Deno.test("a bad token is called by where it came from and never shown", async () => {
  const cut = TOKEN.slice(0, -10);
  assert.match(await complaint(`slave --token ${cut}`), /^--token: /);
  assert.match(await complaint(`slave ${cut}`), /^TOKEN: /);
  assert.match(await complaint("slave -", { stdin: cut }), /^The token from stdin: /);
  assert.match(await complaint("slave --token-file t", { files: { t: cut } }), /^--token-file: /);
  assert.match(await complaint("slave -", {}), /^The token from stdin: /);
  assert.match(
    await complaint("slave", { environment: { BINDLINK_TOKEN: cut } }),
    /^BINDLINK_TOKEN: /,
  );
  assert.match(
    await complaint("slave", { stored: { "/state": { token: cut, options: {} } } }),
    /^The token that "bindlink join" stored: /,
  );
  assert.match(await complaint(`join ${cut}`), /^TOKEN: /);
  assert.match(await complaintAbout(["join", "not a token"]), /^TOKEN: /);
});

Deno.test("a token in place of its file is recognised and not shown", async () => {
  assert.match(await complaint(`slave --token-file ${TOKEN}`), /not a file: give it as --token$/);
});

Deno.test("a token file that cannot be read is an error of the system, which names the file", async () => {
  const error = await read(["slave", "--token-file", "/no/such"]).catch((error: unknown) => error);
  assert.ok(error instanceof Error && !(error instanceof UsageError));
  assert.equal(error.message, 'Cannot read --token-file "/no/such"');
  assert.ok(error.cause instanceof Deno.errors.NotFound);
  assertHarmless(error.message);
});

Deno.test("a token that stands where something else belongs is not shown", async () => {
  for (
    const line of [
      TOKEN,
      `slave --mtu ${TOKEN}`,
      `slave --tun-name ${TOKEN}`,
      `slave --proxies ${TOKEN} ${TOKEN}`,
      `slave --targets ${TOKEN} ${TOKEN}`,
      `slave --${TOKEN}`,
      `slave --tokn=${TOKEN}`,
      `slave ${TOKEN.slice(0, 40)} ${TOKEN.slice(40)}`,
      `slave ${TOKEN.slice(0, 30)} ${TOKEN.slice(30, 60)}`,
      `join ${TOKEN.slice(0, 30)} ${TOKEN.slice(30, 60)}`,
      `join --mtu 1 x ${TOKEN.slice(30, 60)}`,
      `slave --token ${TOKEN.slice(0, 30)} ${TOKEN.slice(30, 60)}`,
      `invite laptop ${TOKEN}`,
      `master ${TOKEN}`,
      `master --pool ${TOKEN}`,
      `invite laptop --endpoint ${TOKEN}`,
      `invite laptop --public-key ${TOKEN}`,
      `slave ${TOKEN} --no-tcp-fallback=${TOKEN}`,
      `completion ${TOKEN}`,
    ]
  ) await complaint(line);
  await complaint("slaves", { environment: { BINDLINK_JSON: TOKEN } });
});
