import assert from "node:assert/strict";
import { Arena } from "../../../ffi/arena.ts";
import { Errno, SysError } from "../../../ffi/errno.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import {
  bringInterfaceUp,
  interfaceIndex,
  ipv4Netmask,
  parseIpLiteral,
  setInterfaceIpv4,
  setInterfaceMtu,
  setInterfaceQueue,
} from "../../../ffi/netif.ts";
import { TunFile } from "../../../ffi/tun.ts";
import { countOpenFds } from "../../support/open_fds.ts";

loadLibc();

Deno.test("parseIpLiteral gives the bytes in network order", () => {
  assert.deepEqual([...parseIpLiteral("10.254.0.1")!], [10, 254, 0, 1]);
  assert.deepEqual(
    [...parseIpLiteral("fd00:254::1")!],
    [0xfd, 0, 0x02, 0x54, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  );
  assert.deepEqual(
    [...parseIpLiteral("::ffff:1.2.3.4")!.subarray(10)],
    [0xff, 0xff, 1, 2, 3, 4],
  );
});

for (
  const text of ["", "10.1", "10.0.0.256", "10.0.0.1/30", "[::1]", "fe80::1%lo", "::1::", "a\0b"]
) {
  Deno.test(`parseIpLiteral refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseIpLiteral(text), null);
  });
}

Deno.test("ipv4Netmask covers every prefix length", () => {
  assert.deepEqual([...ipv4Netmask(0)], [0, 0, 0, 0]);
  assert.deepEqual([...ipv4Netmask(1)], [128, 0, 0, 0]);
  assert.deepEqual([...ipv4Netmask(20)], [255, 255, 240, 0]);
  assert.deepEqual([...ipv4Netmask(30)], [255, 255, 255, 252]);
  assert.deepEqual([...ipv4Netmask(32)], [255, 255, 255, 255]);
});

Deno.test("interfaceIndex finds lo and no interface of another name", () => {
  assert.equal(interfaceIndex("lo"), 1);
  assert.equal(interfaceIndex("bt-none"), null);
});

Deno.test("a refused request throws its errno and leaves neither socket nor memory", () => {
  const before = [countOpenFds(), Arena.liveCount];
  assert.throws(
    () => bringInterfaceUp("bt-none"),
    (error) => {
      assert.ok(error instanceof SysError);
      assert.deepEqual([error.call, error.errno], ["ioctl SIOCGIFFLAGS", Errno.ENODEV]);
      return true;
    },
  );
  assert.deepEqual([countOpenFds(), Arena.liveCount], before);
});

/** A number of the kernel's: Documentation/ABI/testing/sysfs-class-net. */
function systemSays(name: string, attribute: "mtu" | "flags" | "tx_queue_len"): number {
  return Number(Deno.readTextFileSync(`/sys/class/net/${name}/${attribute}`));
}

/** IFF_UP is the lowest flag; include/uapi/linux/if.h. */
function isUp(name: string): boolean {
  return (systemSays(name, "flags") & 1) === 1;
}

Deno.test({
  name: "an interface takes MTU, address and up",
  ignore: Deno.uid() !== 0,
  fn: () => {
    using tun = TunFile.open(`btn${Deno.pid % 100_000}i%d`);
    assert.equal(isUp(tun.name), false);
    setInterfaceMtu(tun.name, 1234);
    setInterfaceQueue(tun.name, 1_000);
    setInterfaceIpv4(tun.name, Uint8Array.of(10, 254, 247, 1), 30);
    bringInterfaceUp(tun.name);
    assert.equal(systemSays(tun.name, "mtu"), 1234);
    assert.equal(systemSays(tun.name, "tx_queue_len"), 1_000);
    assert.equal(isUp(tun.name), true);
    const mine = Object.values(Deno.networkInterfaces()).filter((i) => i.name === tun.name);
    const ipv4 = mine.find((i) => i.family === "IPv4");
    assert.deepEqual([ipv4?.address, ipv4?.netmask], ["10.254.247.1", "255.255.255.252"]);
  },
});
