import assert from "node:assert/strict";
import fc from "fast-check";
import { InterfaceDump } from "../../../src/hotplug/interface_dump.ts";
import { readAddress, readLink, readRoute } from "../../../src/hotplug/net_interface.ts";
import {
  DUMP_INTERRUPTED,
  NetlinkType,
  readAttributes,
  readMessages,
} from "../../../src/hotplug/netlink_message.ts";
import { addressBody, attribute, linkBody, message, routeBody, u16, u32 } from "./netlink_bytes.ts";

const { NEW_LINK, NEW_ADDRESS, NEW_ROUTE, DONE, ERROR } = NetlinkType;
const GATEWAY = [192, 168, 42, 1];

/** Gives a dump these bodies, by step, with a DONE after each. */
function dumpOf(
  links: readonly number[][],
  addresses: readonly number[][] = [],
  routes: readonly number[][] = [],
): InterfaceDump {
  const dump = new InterfaceDump(7);
  const steps = [[NEW_LINK, links], [NEW_ADDRESS, addresses], [NEW_ROUTE, routes]] as const;
  for (const [i, [type, bodies]] of steps.entries()) {
    assert.notEqual(dump.request, null);
    const seqNo = 7 + i;
    const bytes = bodies.flatMap((body) => message(type, body, { seqNo, flags: 2 }));
    const all = readMessages(
      new Uint8Array([...bytes, ...message(DONE, u32(0), { seqNo, flags: 2 })]),
    );
    assert.equal(all.length, bodies.length + 1);
    assert.deepEqual(all.map((it) => dump.handle(it)), [...bodies.map(() => "more"), "next"]);
  }
  assert.equal(dump.request, null, "that was all");
  return dump;
}

Deno.test("InterfaceDump joins interfaces, addresses and routes", () => {
  const { interfaces } = dumpOf(
    [
      linkBody({ index: 1, name: "lo", flags: 0x49 }),
      linkBody({ index: 5, name: "usb0" }),
      linkBody({ index: 6, name: "docker0", kind: "bridge", flags: 0x1 }),
    ],
    [
      addressBody({ index: 1, address: [127, 0, 0, 1], prefixBits: 8, scope: 254 }),
      addressBody({ index: 5, address: [192, 168, 42, 10], prefixBits: 24 }),
    ],
    [
      routeBody({ index: 5, via: [192, 168, 42, 9], metric: 200 }),
      routeBody({ index: 5, via: GATEWAY, metric: 100 }),
      routeBody({ index: 5, destinationBits: 24 }),
    ],
  );
  const down = { addresses: [], hasRoute: false, gateway: null };
  const flags = { isLoopback: false, isUp: true, isRunning: true };
  assert.deepEqual(interfaces, [
    { index: 1, name: "lo", kind: "", ...flags, isLoopback: true, ...down },
    {
      index: 5,
      name: "usb0",
      kind: "",
      ...flags,
      addresses: [{ address: "192.168.42.10", prefixBits: 24 }],
      hasRoute: true,
      gateway: "192.168.42.1",
    },
    { index: 6, name: "docker0", kind: "bridge", ...flags, isRunning: false, ...down },
  ]);
});

Deno.test("InterfaceDump prefers the default route's gateway, and takes another where there is none", () => {
  const other = routeBody({ index: 5, via: [10, 0, 0, 9], destinationBits: 16 });
  const link = linkBody({ index: 5, name: "usb0" });
  const gatewayOf = (routes: readonly number[][]): unknown =>
    dumpOf([link], [], routes).interfaces[0];
  const { hasRoute, gateway } = dumpOf([link], [], [other]).interfaces[0]!;
  assert.deepEqual([hasRoute, gateway], [true, "10.0.0.9"]);
  const both = gatewayOf([other, routeBody({ index: 5, via: GATEWAY, metric: 900 })]);
  assert.equal((both as { gateway: string }).gateway, "192.168.42.1");
  const ppp = dumpOf([link], [], [routeBody({ index: 5 })]).interfaces[0]!;
  assert.deepEqual([ppp.hasRoute, ppp.gateway], [true, null], "a default route without a gateway");
});

Deno.test("InterfaceDump says when the kernel changed meanwhile, and what is not its own", () => {
  const dump = new InterfaceDump(7);
  const take = (type: number, body: number[], flags: number, seqNo: number): string =>
    dump.handle(readMessages(new Uint8Array(message(type, body, { flags, seqNo })))[0]!);
  assert.equal(take(NEW_LINK, linkBody({ index: 2, name: "eth0" }), 0, 1234), "foreign");
  assert.equal(dump.isInterrupted, false);
  assert.equal(
    take(NEW_LINK, linkBody({ index: 2, name: "eth0" }), DUMP_INTERRUPTED | 2, 7),
    "more",
  );
  assert.equal(dump.isInterrupted, true);
  assert.equal(dump.interfaces.length, 1);
});

Deno.test("InterfaceDump gives way to a dump that is still under way, and tells other refusals", () => {
  const refusal = (errno: number) =>
    readMessages(new Uint8Array(message(ERROR, u32(-errno >>> 0), { seqNo: 7 })))[0]!;
  const busy = new InterfaceDump(7);
  assert.equal(busy.handle(refusal(16)), "next");
  assert.deepEqual([busy.request, busy.isInterrupted], [null, true]);
  assert.throws(() => new InterfaceDump(7).handle(refusal(1)), /error 1/);
});

Deno.test("readAddress leaves out what does not lead beyond the link, or is not usable yet", () => {
  const read = (more: Partial<Parameters<typeof addressBody>[0]>): unknown =>
    readAddress(
      new Uint8Array(
        addressBody({ index: 2, address: [10, 0, 0, 2], prefixBits: 8, ...more }),
      ),
    );
  assert.deepEqual(read({}), { index: 2, address: "10.0.0.2", prefixBits: 8 });
  assert.equal(read({ scope: 253 }), null);
  assert.equal(read({ address: [169, 254, 3, 4] }), null);
  const global = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
  assert.deepEqual(read({ address: global, prefixBits: 64 }), {
    index: 2,
    address: "2001:db8::9",
    prefixBits: 64,
  });
  assert.equal(read({ address: global, prefixBits: 64, flags: 0x40 }), null, "tentative");
  assert.equal(read({ prefixBits: 33 }), null);
});

Deno.test("readRoute reads several ways of one route, and no routes that are none", () => {
  const hop = (index: number, gateway: number[]): number[] => {
    const attributes = attribute(5, new Uint8Array(gateway));
    return [...u16(8 + attributes.length), 0, 0, ...u32(index), ...attributes];
  };
  const hops = new Uint8Array([...hop(3, GATEWAY), ...hop(4, [10, 0, 0, 1])]);
  const body = [2, 0, 0, 0, 254, 4, 0, 1, ...u32(0), ...attribute(9, hops)];
  assert.deepEqual(
    readRoute(new Uint8Array(body)).map(({ index, gateway }) => [index, gateway]),
    [[3, "192.168.42.1"], [4, "10.0.0.1"]],
  );
  for (const none of [{ table: 255 }, { type: 7 }, { destinationBits: 24 }]) {
    assert.deepEqual(readRoute(new Uint8Array(routeBody({ index: 3, ...none }))), []);
  }
});

Deno.test("whatever bytes come, reading them neither throws nor leaves them", () => {
  const real = new Uint8Array([
    ...message(NEW_LINK, linkBody({ index: 5, name: "usb0", kind: "veth" }), { seqNo: 7 }),
    ...message(NEW_ADDRESS, addressBody({ index: 5, address: [10, 0, 0, 2], prefixBits: 8 })),
    ...message(NEW_ROUTE, routeBody({ index: 5, via: GATEWAY })),
  ]);
  const mutated = fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { maxLength: 8 })
    .map((changes) => {
      const bytes = real.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const cut = fc.nat(real.length).map((end) => real.slice(0, end));
  const any = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(fc.oneof(any, mutated, cut), (bytes) => {
      // Beyond the bytes there are others, which must not be read.
      const whole = new Uint8Array(bytes.length + 64).fill(0xee);
      whole.set(bytes, 16);
      const given = whole.subarray(16, 16 + bytes.length);
      const isInside = (part: Uint8Array): boolean =>
        part.byteOffset >= given.byteOffset &&
        part.byteOffset + part.length <= given.byteOffset + given.length;
      const dump = new InterfaceDump(7);
      for (const it of readMessages(given)) {
        assert(isInside(it.body));
        for (const value of readAttributes(it.body, 4).values()) assert(isInside(value));
        if (it.type !== ERROR) dump.handle(it);
      }
      for (const read of [readLink, readAddress, readRoute]) read(given);
      for (const { name } of dump.interfaces) assert.notEqual(name, "");
    }),
    { numRuns: 5_000 },
  );
});
