// A real device in this machine's namespace, or, where a test changes system settings, in a
// namespace of a child process that goes away with it.
import assert from "node:assert/strict";
import { Arena } from "../../../ffi/arena.ts";
import { SysError } from "../../../ffi/errno.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { interfaceIndex } from "../../../ffi/netif.ts";
import { openTunDevice } from "../../../src/tundev/tun_device.ts";
import type { TunSpec } from "../../../src/tundev/tun_spec.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { countOpenFds } from "../../support/open_fds.ts";
import { craftUdp4, udp4Payload, writeChecksum } from "../../support/udp4_packet.ts";
import { reactorsSettled } from "../../../src/wait_loop.ts";

loadLibc();
const ignore = Deno.uid() !== 0;
const template = `btd${Deno.pid % 100_000}i%d`;
const subnet = `10.254.${100 + Deno.pid % 64}`;
const address = `${subnet}.1`;
const peer = `${subnet}.2`;

function specWith(change: Partial<TunSpec>): TunSpec {
  const addresses = [{ address, prefixBits: 30 }];
  return { kind: "tun", name: template, addresses, mtuBytes: 1400, ...change };
}

function refusal(spec: TunSpec, nodePath?: string): SysError {
  try {
    openTunDevice(spec, nodePath === undefined ? {} : { nodePath }).close();
  } catch (error) {
    assert.ok(error instanceof SysError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "the device was opened" });
}

Deno.test("openTunDevice refuses a bad spec before it opens anything", () => {
  assert.throws(
    () => openTunDevice(specWith({ mtuBytes: 10 }), { nodePath: "/dev/net/bindlink-none" }),
    UsageError,
  );
});

Deno.test("openTunDevice says what to do about a missing node", () => {
  const error = refusal(specWith({ name: "bind0" }), "/dev/net/bindlink-none");
  assert.match(
    error.message,
    /^Cannot open tun device "bind0": ENOENT \(\/dev\/net\/bindlink-none is missing; /,
  );
});

Deno.test({
  name: "openTunDevice says what to do about a name that is taken",
  ignore,
  fn: () => {
    using first = openTunDevice(specWith({}));
    const error = refusal(specWith({ name: first.name, addresses: [] }));
    assert.match(error.message, /^Cannot open tun device "btd.*": EBUSY \(the name is taken; /);
    assert.match(refusal(specWith({ name: "lo", addresses: [] })).message, /EBUSY/);
    assert.notEqual(interfaceIndex(first.name), null);
  },
});

Deno.test({
  name: "openTunDevice leaves nothing when an address is refused half-way",
  ignore,
  fn: () => {
    const name = template.replace("%d", "half");
    const before = [countOpenFds(), Arena.liveCount];
    const addresses = [{ address, prefixBits: 30 }, { address: "::1", prefixBits: 128 }];
    const error = refusal(specWith({ name: name.slice(0, 15), addresses }));
    assert.match(error.message, /^Cannot give ::1\/128 to tun device "btd.*--address/);
    assert.equal(interfaceIndex(name.slice(0, 15)), null);
    assert.deepEqual([countOpenFds(), Arena.liveCount], before);
  },
});

Deno.test({
  name: "openTunDevice says what to do without CAP_NET_ADMIN",
  ignore,
  fn: async () => {
    const drop = ["--bounding-set", "-net_admin", "--inh-caps", "-net_admin"];
    const said = await openInChild(["setpriv", ...drop], specWith({ name: "bind0" }));
    assert.match(said, /^SysError: Cannot open tun device "bind0": EPERM \(needs CAP_NET_ADMIN; /);
  },
});

Deno.test({
  name: "openTunDevice says what to do where IPv6 is disabled",
  ignore,
  fn: async () => {
    const disable =
      "for c in all default; do echo 1 > /proc/sys/net/ipv6/conf/$c/disable_ipv6; done";
    const prefix = ["unshare", "--net", "sh", "-c", `${disable}; exec "$@"`, "sh"];
    const addresses = [{ address: "fd00:254::1", prefixBits: 126 }];
    const said = await openInChild(prefix, specWith({ name: "bind0", addresses }));
    assert.match(
      said,
      /^SysError: Cannot give fd00:254::1\/126 to tun device "bind0": EACCES \(IPv6 is disabled; /,
    );
  },
});

Deno.test({
  name: "TunDevice carries IPv6 both ways, to the peer of the prefix",
  ignore,
  fn: async () => {
    const net = `fd00:254:${(Deno.pid % 0x10000).toString(16)}`;
    const addresses = [{ address: `${net}::1`, prefixBits: 126 }];
    using tun = openTunDevice(specWith({ addresses }));
    const socket = await bindOnceThere(`${net}::1`);
    try {
      const running = tun.run((packet) => {
        const { bytes, start } = packet;
        if (bytes[start] !== 0x60 || bytes[start + 6] !== UDP) return;
        swap(bytes, start + 8, start + 24, 16);
        swap(bytes, start + 40, start + 42, 2);
        assert.equal(tun.send(packet), 0);
      });
      const hello = new TextEncoder().encode("hello");
      await socket.send(hello, { transport: "udp", hostname: `${net}::2`, port: 7 });
      const [echo, from] = await socket.receive(new Uint8Array(2000));
      assert.deepEqual(echo, hello);
      assert.equal((from as Deno.NetAddr).hostname, `${net}::2`);
      tun.close();
      await running;
    } finally {
      socket.close();
    }
  },
});

Deno.test({
  name: "TunDevice.run rejects when the device is deleted while it waits",
  ignore,
  fn: async () => {
    const before = [countOpenFds(), Arena.liveCount];
    const tun = openTunDevice(specWith({}));
    const running = tun.run(() => {});
    const deleting = new Deno.Command("ip", { args: ["link", "del", tun.name] }).output();
    await assert.rejects(running, (error) => {
      assert.ok(error instanceof SysError);
      assert.equal(error.code, "EBADFD");
      assert.match(error.message, /^Cannot read from tun device "btd.*": EBADFD .*deleted/);
      return true;
    });
    assert.ok((await deleting).success);
    const packet = new Packet(1400);
    packet.fill(craftUdp4({ payload: new Uint8Array(8) }));
    assert.equal(tun.send(packet), DropReason.TUN_WRITE_ERROR);
    tun.close();
    await reactorsSettled();
    assert.deepEqual([countOpenFds(), Arena.liveCount], before);
  },
});

Deno.test({
  name: "TunDevice.send returns TUN_WRITE_ERROR while the device is down",
  ignore,
  fn: async () => {
    using tun = openTunDevice(specWith({}));
    await ip("link", "set", tun.name, "down");
    const packet = new Packet(1400);
    packet.fill(craftUdp4({ payload: new Uint8Array(8) }));
    assert.equal(tun.send(packet), DropReason.TUN_WRITE_ERROR);
    await ip("link", "set", tun.name, "up");
    assert.equal(tun.send(packet), 0);
  },
});

Deno.test({
  name: "TunDevice.run shows packets over its MTU as such when the MTU was raised from outside",
  ignore,
  fn: async () => {
    using tun = openTunDevice(specWith({ mtuBytes: 1000 }));
    await ip("link", "set", tun.name, "mtu", "1400");
    const socket = Deno.listenDatagram({ transport: "udp", hostname: address, port: 0 });
    try {
      const lengths: number[] = [];
      const running = tun.run((packet) => {
        const payload = udp4Payload(packet.toBytes());
        if (payload === null) return;
        lengths.push(packet.length);
        if (payload.length === 1) tun.close();
      });
      for (const lengthBytes of [972, 973, 1372, 1]) {
        await socket.send(new Uint8Array(lengthBytes), {
          transport: "udp",
          hostname: peer,
          port: 9,
        });
      }
      await running;
      assert.deepEqual(lengths, [1000, 1001, 1001, 29]);
    } finally {
      socket.close();
    }
  },
});

Deno.test({
  name: "TunDevice.run lets timers and datagrams through while the tun is flooded",
  ignore,
  fn: async () => {
    using tun = openTunDevice(specWith({}));
    const ping = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const buffer = new Uint8Array(100);
    const request = new Packet(1400);
    request.fill(craftEchoRequest());
    try {
      // The kernel answers an echo request while it is being written, so each packet that is read
      // puts the next one in its place, and the device never runs dry.
      let pkts = 0;
      const running = tun.run((packet) => {
        if (packet.bytes[packet.start] !== 0x45) return;
        pkts++;
        tun.send(request);
      });
      for (let i = 0; i < 100; i++) assert.equal(tun.send(request), 0);
      for (let i = 0; i < 20; i++) {
        await ping.send(Uint8Array.of(i), ping.addr as Deno.NetAddr);
        assert.deepEqual([...(await ping.receive(buffer))[0]], [i]);
        const pktsBefore = pkts;
        await new Promise((resolve) => setTimeout(resolve, 1));
        assert.ok(pkts > pktsBefore, "the flood went dry");
      }
      tun.close();
      await running;
    } finally {
      ping.close();
    }
  },
});

/** What a child process, started by `prefix`, says when it opens the device: `name: message` or `opened`. */
async function openInChild(prefix: readonly string[], spec: TunSpec): Promise<string> {
  const moduleUrl = import.meta.resolve("../../../src/tundev/tun_device.ts");
  const code = `import { openTunDevice } from ${JSON.stringify(moduleUrl)};
    try { openTunDevice(${JSON.stringify(spec)}).close(); console.log("opened"); }
    catch (error) { console.log(error.name + ": " + error.message); }`;
  const [program, ...args] = [...prefix, Deno.execPath(), "eval", "--no-check", code];
  const { stdout, stderr } = await new Deno.Command(program!, { args }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** An ICMP echo request (RFC 792) of 500 bytes from the peer to the device's own address. */
function craftEchoRequest(): Uint8Array<ArrayBuffer> {
  const bytes = craftUdp4({
    src: peer.split(".").map(Number),
    dst: address.split(".").map(Number),
    payload: new Uint8Array(500 - 28),
  });
  bytes[9] = ICMP;
  writeChecksum(bytes, 10, 0, 20);
  bytes.fill(0, 20);
  bytes[20] = ECHO_REQUEST;
  writeChecksum(bytes, 22, 20, bytes.length);
  return bytes;
}

/** A new IPv6 address is tentative for a moment, until the kernel's work queue has seen to it. */
async function bindOnceThere(hostname: string): Promise<Deno.DatagramConn> {
  const endMs = performance.now() + 2000;
  for (;;) {
    try {
      return Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    } catch (error) {
      const isTentative = error instanceof Deno.errors.AddrNotAvailable;
      if (!isTentative || performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

async function ip(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

function swap(bytes: Uint8Array, a: number, b: number, lengthBytes: number): void {
  const kept = bytes.slice(a, a + lengthBytes);
  bytes.copyWithin(a, b, b + lengthBytes);
  bytes.set(kept, b);
}

// Protocol numbers, and an ICMP type (RFC 792)
const UDP = 17;
const ICMP = 1;
const ECHO_REQUEST = 8;
