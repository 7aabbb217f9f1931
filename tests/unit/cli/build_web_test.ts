import assert from "node:assert/strict";
import { complaint, master, read, slave, TOKEN } from "./judge.ts";

const SECRET = "sixteen-letters-";

Deno.test("there is a web page only when it is asked for", async () => {
  assert.equal("web" in await slave(TOKEN), false);
  assert.equal("web" in await master(""), false);
});

Deno.test("--http alone is the documented address, before options and before a token", async () => {
  const alone = { host: "127.0.0.1", port: 8090, token: null };
  assert.deepEqual((await master("--http")).web, alone);
  assert.deepEqual((await master("--http --log-level debug")).web, alone);
  assert.deepEqual((await slave(`--http ${TOKEN}`)).web, alone);
});

Deno.test("--http takes a port, or an address with one", async () => {
  const listens = async (value: string): Promise<unknown> => (await master(`--http ${value}`)).web;
  assert.deepEqual(await listens("81"), { host: "127.0.0.1", port: 81, token: null });
  assert.deepEqual(await listens("[::]:81"), { host: "::", port: 81, token: null });
  assert.deepEqual(await listens(`0.0.0.0:81 --http-token ${SECRET}`), {
    host: "0.0.0.0",
    port: 81,
    token: SECRET,
  });
  assert.match(await complaint("master --http router:81"), /--http "router:81": the host must be/);
  assert.match(await complaint("master --http 0.0.0.0"), /--http "0.0.0.0": .*:PORT/);
});

Deno.test("the environment may ask for the web page", async () => {
  const environment = { BINDLINK_HTTP: "8091", BINDLINK_HTTP_TOKEN: SECRET };
  const { web } = await slave(TOKEN, { environment });
  assert.deepEqual(web, { host: "127.0.0.1", port: 8091, token: SECRET });
  // Left over from another run.
  assert.equal(
    "web" in await slave(TOKEN, { environment: { BINDLINK_HTTP_TOKEN: SECRET } }),
    false,
  );
});

Deno.test("--http-token must be long, fit into a header, and have a page; errors do not show it", async () => {
  for (const token of ["short", "x".repeat(257), `${SECRET}\u00e4`, `${SECRET}:`]) {
    const text = await complaint(`master --http --http-token ${token}`);
    assert.match(text, /--http-token: type 16 to 256 letters/);
    assert.equal(text.includes(token), false, text);
  }
  assert.match(await complaint(`master --http-token ${SECRET}`), /--http-token needs --http/);
});

Deno.test("--http is the secure protocol's", async () => {
  const text = await complaint("master --protocol legacy --http");
  assert.match(text, /--http needs --protocol secure/);
});

Deno.test("in a file and in the environment, yes is --http alone, and no is none", async () => {
  const inFile = (text: string): Promise<{ readonly web?: unknown }> =>
    master("", { configs: { "/etc/bindlink/master.toml": text } });
  const alone = { host: "127.0.0.1", port: 8090, token: null };
  assert.deepEqual((await inFile("http = true")).web, alone);
  assert.equal("web" in await inFile("http = false"), false);
  assert.deepEqual((await inFile('http = "[::1]:81"')).web, { ...alone, host: "::1", port: 81 });
  assert.deepEqual((await inFile(`http = true\nhttp-token = "${SECRET}"`)).web, {
    ...alone,
    token: SECRET,
  });
  const environment = { BINDLINK_HTTP: "yes" };
  assert.deepEqual((await master("", { environment })).web, alone);
});

Deno.test("config show hides the web page's token", async () => {
  const environment = { BINDLINK_HTTP_TOKEN: SECRET };
  const text = JSON.stringify(await read(["config", "show", "master"], { environment }));
  assert.match(text, /http-token = [^#]*\*\*\*/);
  assert.equal(text.includes(SECRET), false);
});
