import assert from "node:assert/strict";
import { complaint, slave, TOKEN } from "./judge.ts";

Deno.test("--auto: interfaces become links, and there is no other one unless it is named", async () => {
  const { auto, links } = await slave(`${TOKEN} --auto`);
  assert.deepEqual([auto, links], [{ include: [], exclude: [] }, []]);
  const both = await slave(`${TOKEN} --auto --interfaces usb0`);
  assert.deepEqual(both.links.map(({ name }) => name), ["usb0"]);
  assert.equal((await slave(TOKEN)).auto, undefined);
});

Deno.test("--auto: --proxy-target is for the proxies that are found", async () => {
  const { links, linkDefaults } = await slave(`${TOKEN} --auto --proxy-target 192.0.2.9:4321`);
  assert.deepEqual(links, []);
  assert.deepEqual(linkDefaults.proxyTargets, [{ host: "192.0.2.9", port: 4321 }]);
});

Deno.test("--auto takes patterns of names", async () => {
  const line = `${TOKEN} --auto --auto-include usb*,wlan? --auto-exclude usb9`;
  assert.deepEqual((await slave(line)).auto, { include: ["usb*", "wlan?"], exclude: ["usb9"] });
});

Deno.test("patterns need --auto, and are patterns", async () => {
  assert.equal(
    await complaint(`slave ${TOKEN} --auto-include usb*`),
    "--auto-include needs --auto: add it, or leave --auto-include out",
  );
  for (const bad of ["a/b", "[ab]", "{a}", "!usb0", "a:b"]) {
    assert.match(
      await complaint(`slave ${TOKEN} --auto --auto-exclude ${bad}`),
      /^--auto-exclude ".*": no pattern for names of interfaces: type a name with \*/,
    );
  }
});

Deno.test("--auto needs the fast engine and the secure protocol", async () => {
  assert.match(await complaint(`slave ${TOKEN} --auto --io deno`), /^--auto needs --io ffi/);
  assert.match(
    await complaint("slave --protocol legacy --targets 192.0.2.1:4000 --auto"),
    /^--auto/,
  );
});
