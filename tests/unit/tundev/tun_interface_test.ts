// The kernel's view of a device that is configured after it was opened, and again. Real devices; where a
// test changes system settings, in a network namespace of a child process that goes away with it.
import assert from "node:assert/strict";
import { SysError } from "../../../ffi/errno.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import type { Cidr } from "../../../src/daemon_options.ts";
import { openTunDevice, type TunDevice } from "../../../src/tundev/tun_device.ts";
import { runProgram } from "../../support/process.ts";

loadLibc();
const ignore = Deno.uid() !== 0;
const net4 = `10.254.${170 + Deno.pid % 64}`;
const net6 = `fd00:254:${(Deno.pid % 0x10000).toString(16)}`;

function ipv4(host: number, prefixBits = 24): Cidr {
  return { address: `${net4}.${host}`, prefixBits };
}

function ipv6(host: number, prefixBits = 64): Cidr {
  return { address: `${net6}::${host}`, prefixBits };
}

function openBare(): TunDevice {
  const name = `bti${Deno.pid % 100_000}i%d`;
  return openTunDevice({ kind: "tun", name, addresses: [], mtuBytes: 1400 });
}

/** Its addresses as the kernel tells them, link-local ones left out, in text order. */
function addressesOf(tun: TunDevice): string[] {
  return Deno.networkInterfaces()
    .filter(({ name, address }) => name === tun.name && !address.startsWith("fe80:"))
    .map(({ cidr }) => cidr)
    .sort();
}

function mtuOf(tun: TunDevice): number {
  return Number(Deno.readTextFileSync(`/sys/class/net/${tun.name}/mtu`));
}

async function routesOf(tun: TunDevice): Promise<string> {
  return await runProgram(["ip", "-4", "route", "show", "dev", tun.name]);
}

function test(name: string, body: (tun: TunDevice) => void | Promise<void>): void {
  Deno.test({
    name,
    ignore,
    fn: async () => {
      using tun = openBare();
      await body(tun);
    },
  });
}

test("openTunDevice without addresses brings the device up with its MTU and no address", async (tun) => {
  assert.deepEqual(addressesOf(tun), []);
  assert.equal(mtuOf(tun), 1400);
  const flags = Number(Deno.readTextFileSync(`/sys/class/net/${tun.name}/flags`));
  assert.equal(flags & 1, 1, "not up");
  assert.equal(await routesOf(tun), "");
});

test("TunDevice.configure sets MTU, addresses and the route to their network", async (tun) => {
  assert.deepEqual(tun.configure({ addresses: [ipv4(2), ipv6(2)], mtuBytes: 1380 }), []);
  assert.deepEqual(addressesOf(tun), [`${net4}.2/24`, `${net6}::2/64`]);
  assert.deepEqual([mtuOf(tun), tun.mtuBytes], [1380, 1380]);
  assert.match(await routesOf(tun), new RegExp(`^${net4}\\.0/24 .*src ${net4}\\.2`));
});

test("TunDevice.configure replaces addresses and their routes", async (tun) => {
  tun.configure({ addresses: [ipv4(2), ipv6(2)], mtuBytes: 1380 });
  assert.deepEqual(tun.configure({ addresses: [ipv4(77, 30), ipv6(77)], mtuBytes: 1380 }), []);
  assert.deepEqual(addressesOf(tun), [`${net4}.77/30`, `${net6}::77/64`]);
  assert.match(await routesOf(tun), new RegExp(`^${net4}\\.76/30 .*\\n*$`));
});

test("TunDevice.configure changes a prefix length alone", (tun) => {
  tun.configure({ addresses: [ipv4(2, 24), ipv6(2, 64)], mtuBytes: 1380 });
  assert.deepEqual(tun.configure({ addresses: [ipv4(2, 28), ipv6(2, 80)], mtuBytes: 1380 }), []);
  assert.deepEqual(addressesOf(tun), [`${net4}.2/28`, `${net6}::2/80`]);
});

test("TunDevice.configure takes away what is no longer assigned", async (tun) => {
  tun.configure({ addresses: [ipv4(2), ipv6(2)], mtuBytes: 1380 });
  assert.deepEqual(tun.configure({ addresses: [ipv4(2)], mtuBytes: 1380 }), []);
  assert.deepEqual(addressesOf(tun), [`${net4}.2/24`]);
  assert.deepEqual(tun.configure({ addresses: [], mtuBytes: 1380 }), []);
  assert.deepEqual(addressesOf(tun), []);
  assert.equal(await routesOf(tun), "");
  assert.deepEqual(tun.configure({ addresses: [ipv6(3)], mtuBytes: 1380 }), []);
  assert.deepEqual(addressesOf(tun), [`${net6}::3/64`]);
});

test("TunDevice.configure leaves alone what stays the same, and what others set", async (tun) => {
  const settings = { addresses: [ipv4(2)], mtuBytes: 1380 };
  tun.configure(settings);
  // Each of these would go if the address were set anew, or the interface's settings made exactly ours.
  await runProgram(["ip", "address", "add", `${net4}.200/32`, "dev", tun.name]);
  await runProgram([
    "ip",
    "route",
    "add",
    `10.253.${Deno.pid % 256}.0/24`,
    "dev",
    tun.name,
    "src",
    `${net4}.2`,
  ]);
  tun.configure(settings);
  tun.configure({ ...settings, mtuBytes: 1300 });
  assert.deepEqual(addressesOf(tun), [`${net4}.2/24`, `${net4}.200/32`]);
  assert.match(await routesOf(tun), /^10\.253\.\d+\.0\/24/m);
  assert.equal(mtuOf(tun), 1300);
});

test("TunDevice.configure goes on when someone took its addresses away", async (tun) => {
  tun.configure({ addresses: [ipv4(2), ipv6(2)], mtuBytes: 1380 });
  await runProgram(["ip", "address", "flush", "dev", tun.name]);
  assert.deepEqual(tun.configure({ addresses: [ipv4(3), ipv6(3)], mtuBytes: 1380 }), []);
  assert.deepEqual(addressesOf(tun), [`${net4}.3/24`, `${net6}::3/64`]);
});

test("TunDevice.configure leaves IPv6 out where the MTU forbids it, and gives it back later", (tun) => {
  const addresses = [ipv4(2), ipv6(2)];
  tun.configure({ addresses, mtuBytes: 1380 });
  const problems = tun.configure({ addresses, mtuBytes: 1000 });
  assert.match(problems.join(), /MTU 1000 is too small for IPv6$/);
  assert.deepEqual(addressesOf(tun), [`${net4}.2/24`]);
  assert.deepEqual(tun.configure({ addresses, mtuBytes: 1380 }), []);
  assert.deepEqual(addressesOf(tun), [`${net4}.2/24`, `${net6}::2/64`]);
});

test("TunDevice.configure throws when the device was deleted", async (tun) => {
  await runProgram(["ip", "link", "del", tun.name]);
  assert.throws(
    () => tun.configure({ addresses: [ipv4(2)], mtuBytes: 1380 }),
    (error) => {
      assert.ok(error instanceof SysError);
      assert.match(error.message, /^Cannot set MTU 1380 of tun device "bti.*": ENODEV \(.*deleted/);
      return true;
    },
  );
});

Deno.test({
  name: "TunDevice.configure gives IPv4 alone where IPv6 is disabled, and says so once",
  ignore,
  fn: async () => {
    const disable =
      "for c in all default; do echo 1 > /proc/sys/net/ipv6/conf/$c/disable_ipv6; done";
    const module = new URL("../../../src/tundev/tun_device.ts", import.meta.url);
    const code = `import { openTunDevice } from ${JSON.stringify(module.href)};
      const spec = { kind: "tun", name: "bind0", addresses: [], mtuBytes: 1400 };
      using tun = openTunDevice(spec);
      const addresses = ${JSON.stringify([ipv6(2), ipv4(2)])};
      const settings = { addresses, mtuBytes: 1380 };
      const first = tun.configure(settings);
      const second = tun.configure(settings);
      const cidrs = Deno.networkInterfaces().filter((i) => i.name === tun.name).map((i) => i.cidr);
      console.log(JSON.stringify({ first, second, cidrs }));`;
    const text = await runProgram(
      ["unshare", "--net", "sh", "-c", `${disable}; exec "$@"`, "sh"]
        .concat(Deno.execPath(), "eval", "--no-check", code),
    );
    const { first, second, cidrs } = JSON.parse(text);
    assert.equal(first.length, 1);
    assert.match(first[0], new RegExp(`^Cannot give ${net6}::2/64 to tun device "bind0": EACCES `));
    assert.match(first[0], /IPv6 is disabled; enable it with "sysctl/);
    assert.doesNotMatch(first[0], /--address/);
    assert.deepEqual(second, []);
    assert.deepEqual(cidrs, [`${net4}.2/24`]);
  },
});
