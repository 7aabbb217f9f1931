import assert from "node:assert/strict";
import { complaint, master, slave, TOKEN } from "./judge.ts";

Deno.test("a slave routes what --route names, each network once", async () => {
  const { routing } = await slave(
    `${TOKEN} --route 10.20.0.0/16,FD00:1::/32 --route 10.20.0.0/16 --route 192.0.2.1/32`,
  );
  assert.deepEqual(routing, {
    routes: [
      { address: "10.20.0.0", prefixBits: 16 },
      { address: "fd00:1::", prefixBits: 32 },
      { address: "192.0.2.1", prefixBits: 32 },
    ],
    hasKillSwitch: false,
  });
});

Deno.test("--route-all is everything of both families", async () => {
  const { routing } = await slave(`${TOKEN} --route-all --kill-switch`);
  assert.deepEqual(routing, {
    routes: [{ address: "0.0.0.0", prefixBits: 0 }, { address: "::", prefixBits: 0 }],
    hasKillSwitch: true,
  });
});

Deno.test("a kill switch alone routes nothing", async () => {
  assert.deepEqual((await slave(`${TOKEN} --kill-switch`)).routing, {
    routes: [],
    hasKillSwitch: true,
  });
});

Deno.test("--route says what is wrong with a network", async () => {
  for (
    const [route, problem] of [
      ["10.20.0.0", /--route "10\.20\.0\.0": type a network with its prefix length/],
      ["10.20.0.1/16", /--route "10\.20\.0\.1\/16": .* network 10\.20\.0\.0\/16: type that/],
      ["fd00::1/64", /network fd00::\/64: type that/],
      ["10.0.0.0/33", /prefix length must be 0 to 32/],
      ["phone/8", /type an address with its prefix length/],
    ] as const
  ) {
    assert.match(await complaint(`slave ${TOKEN} --route ${route}`), problem);
  }
});

Deno.test("--route takes 64 networks at most", async () => {
  const networks = Array.from({ length: 65 }, (_, i) => `10.${i}.0.0/16`);
  const most = await slave(`${TOKEN} --route ${networks.slice(1).join()}`);
  assert.equal(most.routing?.routes.length, 64);
  assert.match(await complaint(`slave ${TOKEN} --route ${networks.join()}`), /--route-all/);
});

Deno.test("routing needs a tun, with a name that commands take", async () => {
  for (const option of ["--route-all", "--route 10.0.0.0/8", "--kill-switch"]) {
    const name = option.split(" ")[0]!;
    assert.match(
      await complaint(`slave ${TOKEN} ${option} --connect-tcp 127.0.0.1:22`),
      new RegExp(`${name} needs a tun: leave out --connect-tcp`),
    );
  }
  assert.match(await complaint("master --exit --listen-tcp 22"), /--exit needs a tun/);
  assert.match(
    await complaint(`slave ${TOKEN} --route-all --tun-name a"b`),
    /--tun-name .*: with --route-all type a name of letters/,
  );
  assert.ok((await slave(`${TOKEN} --route-all --tun-name vpn-%d`)).routing);
});

Deno.test("routing needs the secure protocol", async () => {
  assert.match(
    await complaint("slave --protocol legacy --targets 192.0.2.1:4000 --route-all"),
    /--route-all needs --protocol secure/,
  );
  assert.match(
    await complaint("master --protocol legacy --exit"),
    /--exit needs --protocol secure/,
  );
});

Deno.test("a master is an exit when it is asked to", async () => {
  assert.equal((await master("--exit")).isExit, true);
  assert.equal((await master("")).isExit, undefined);
});
