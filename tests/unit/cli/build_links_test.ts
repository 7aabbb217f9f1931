import assert from "node:assert/strict";
import { complaint, ENDPOINTS, legacy, slave, TOKEN } from "./judge.ts";

Deno.test("a slave with a token and no link has one direct link to all endpoints", async () => {
  assert.deepEqual((await slave(TOKEN)).links, [
    { id: 1, name: "203.0.113.5:4321", targets: ENDPOINTS, proxy: null, allowsTcp: true },
  ]);
});

Deno.test("a slave's proxies lead to the token's endpoints", async () => {
  const { links } = await slave(`${TOKEN} --proxies a:1,socks5://u:p@b:2`);
  assert.deepEqual(links, [
    { id: 1, name: "a:1", targets: ENDPOINTS, proxy: { host: "a", port: 1 }, allowsTcp: true },
    {
      id: 2,
      name: "b:2",
      targets: ENDPOINTS,
      proxy: { host: "b", port: 2, credentials: { username: "u", password: "p" } },
      allowsTcp: true,
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
    { id: 1, name: "a:1", targets, allowsTcp, proxy: { host: "a", port: 1 } },
    { id: 2, name: "b:2", targets, allowsTcp, proxy: { host: "b", port: 2 } },
    { id: 3, name: "c:3", targets, allowsTcp, proxy: { host: "c", port: 3 } },
    {
      id: 4,
      name: "[2001:db8::5]:4321",
      targets: [{ host: "2001:db8::5", port: 4321 }],
      allowsTcp,
      proxy: null,
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
