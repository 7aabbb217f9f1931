// One suite for every tundev that carries IP: the one in memory, and a real tun device.
//
//   test --- inject(payload) ---> [kernel or memory] ---> run(callback)
//   test <-- nextDelivered() ---- [kernel or memory] <--- send(packet)
//
// With the real device both ends are a UDP socket bound to the device's address: what it sends to
// the peer's address is read from the tun, and what is written to the tun for its port arrives at it.
import assert from "node:assert/strict";
import { Arena } from "../../ffi/arena.ts";
import { loadLibc } from "../../ffi/libc.ts";
import { interfaceIndex } from "../../ffi/netif.ts";
import type { Cidr } from "../../src/daemon_options.ts";
import { MemoryTundev } from "../../src/tundev/memory_tundev.ts";
import { openTunDevice } from "../../src/tundev/tun_device.ts";
import type { Tundev } from "../../src/tundev/tundev.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../src/wire/packet.ts";
import { awaitCondition } from "../support/await_condition.ts";
import { countOpenFds } from "../support/open_fds.ts";
import { craftUdp4, UDP4_HEADER_BYTES, udp4Payload } from "../support/udp4_packet.ts";

loadLibc();

const MTU_BYTES = 1400;
const LARGEST_PAYLOAD_BYTES = MTU_BYTES - UDP4_HEADER_BYTES;

interface Fixture extends Disposable {
  readonly tundev: Tundev;
  /** Those it has from the start. */
  readonly addresses: readonly Cidr[];
  /** Lets a UDP packet with this payload enter the device. */
  inject(payload: Uint8Array): Promise<void>;
  /** A whole packet that the device's own side will take, with this payload. */
  craftInbound(payload: Uint8Array): Uint8Array;
  /** The payload of the next packet that the device delivered. */
  nextDelivered(): Promise<Uint8Array>;
  /** Whether the device is still there, seen from outside. */
  exists(): boolean;
}

interface Kind {
  readonly label: string;
  readonly ignore: boolean;
  open(): Fixture;
}

const kinds: readonly Kind[] = [
  { label: "MemoryTundev", ignore: false, open: openMemory },
  { label: "TunDevice", ignore: Deno.uid() !== 0, open: openReal },
];

function suite(kind: Kind): void {
  const test = (behaviour: string, body: (fixture: Fixture) => Promise<void>): void =>
    Deno.test({
      name: `${kind.label} ${behaviour}`,
      ignore: kind.ignore,
      fn: async () => {
        using fixture = kind.open();
        await body(fixture);
      },
    });

  test("calls back once for each packet that enters, in order and unchanged", async (fixture) => {
    const sizes = [0, 1, 2, 100, LARGEST_PAYLOAD_BYTES];
    const seen = collectPayloads(fixture, sizes.length);
    for (const size of sizes) await fixture.inject(pattern(size));
    assert.deepEqual(await seen, sizes.map(pattern));
  });

  test("verifies a packet as send would judge it, without delivering it", async (fixture) => {
    const packet = new Packet(MTU_BYTES + 1);
    packet.fill(new Uint8Array(0));
    assert.equal(fixture.tundev.verify(packet), DropReason.EMPTY);
    packet.fill(Uint8Array.of(0xff, 1, 2));
    assert.equal(fixture.tundev.verify(packet), DropReason.NOT_IP);
    packet.fill(fixture.craftInbound(pattern(MTU_BYTES + 1 - UDP4_HEADER_BYTES)));
    assert.equal(fixture.tundev.verify(packet), DropReason.TOO_LARGE);
    packet.fill(fixture.craftInbound(pattern(1)));
    assert.equal(fixture.tundev.verify(packet), 0);
    packet.fill(fixture.craftInbound(pattern(2)));
    assert.equal(fixture.tundev.send(packet), 0);
    assert.deepEqual(await fixture.nextDelivered(), pattern(2));
  });

  test("gives callbacks a packet with its headroom free", async (fixture) => {
    const starts = new Set<number>();
    const running = fixture.tundev.run((packet) => {
      starts.add(packet.start);
      if (udp4Payload(packet.toBytes())?.length === 3) fixture.tundev.close();
    });
    await fixture.inject(pattern(3));
    await running;
    assert.deepEqual([...starts], [HEADROOM_BYTES]);
  });

  test("delivers what send takes, and leaves the packet as it was", async (fixture) => {
    const packet = new Packet(2000);
    for (const size of [1, 500, LARGEST_PAYLOAD_BYTES]) {
      const bytes = fixture.craftInbound(pattern(size));
      packet.fill(bytes);
      const { start, end } = packet;
      assert.equal(fixture.tundev.send(packet), 0);
      assert.deepEqual(await fixture.nextDelivered(), pattern(size));
      assert.deepEqual([packet.start, packet.end], [start, end]);
      assert.deepEqual(packet.toBytes(), bytes);
    }
  });

  test("sends from wherever the packet lies in its slot", async (fixture) => {
    const packet = new Packet(2000);
    const bytes = fixture.craftInbound(pattern(77));
    for (const start of [0, 13, HEADROOM_BYTES + 101]) {
      packet.start = start;
      packet.end = start + bytes.length;
      packet.bytes.set(bytes, start);
      assert.equal(fixture.tundev.send(packet), 0);
      assert.deepEqual(await fixture.nextDelivered(), pattern(77));
    }
  });

  test("refuses an empty packet, one over the MTU, and what is not IP", async (fixture) => {
    const { tundev } = fixture;
    const packet = new Packet(2000);
    packet.reset();
    assert.equal(tundev.send(packet), DropReason.EMPTY);
    packet.fill(fixture.craftInbound(new Uint8Array(LARGEST_PAYLOAD_BYTES + 1)));
    assert.equal(packet.length, MTU_BYTES + 1);
    assert.equal(tundev.send(packet), DropReason.TOO_LARGE);
    packet.fill(new Uint8Array(100));
    assert.equal(tundev.send(packet), DropReason.NOT_IP);
    packet.fill(Uint8Array.of(0x45));
    assert.equal(tundev.send(packet), DropReason.NOT_IP);
    // It still works, and none of those came through.
    packet.fill(fixture.craftInbound(pattern(9)));
    assert.equal(tundev.send(packet), 0);
    assert.deepEqual(await fixture.nextDelivered(), pattern(9));
  });

  test("takes and gives larger packets once it was configured with a larger MTU", async (fixture) => {
    const { tundev, addresses } = fixture;
    assert.deepEqual(tundev.configure({ addresses, mtuBytes: 3000 }), []);
    assert.equal(tundev.mtuBytes, 3000);
    const packet = new Packet(4000);
    packet.fill(fixture.craftInbound(pattern(3001 - UDP4_HEADER_BYTES)));
    assert.equal(tundev.send(packet), DropReason.TOO_LARGE);
    assert.equal(tundev.verify(packet), DropReason.TOO_LARGE);
    packet.fill(fixture.craftInbound(pattern(3000 - UDP4_HEADER_BYTES)));
    assert.equal(tundev.send(packet), 0);
    assert.deepEqual(await fixture.nextDelivered(), pattern(3000 - UDP4_HEADER_BYTES));
    const seen = collectPayloads(fixture, 1);
    await fixture.inject(pattern(3000 - UDP4_HEADER_BYTES));
    assert.deepEqual(await seen, [pattern(3000 - UDP4_HEADER_BYTES)]);
  });

  test("refuses what is larger than the MTU it was lowered to", (fixture) => {
    const { tundev, addresses } = fixture;
    assert.deepEqual(tundev.configure({ addresses, mtuBytes: 1000 }), []);
    const packet = new Packet(2000);
    packet.fill(fixture.craftInbound(pattern(1001 - UDP4_HEADER_BYTES)));
    assert.equal(tundev.send(packet), DropReason.TOO_LARGE);
    packet.fill(fixture.craftInbound(pattern(1000 - UDP4_HEADER_BYTES)));
    assert.equal(tundev.send(packet), 0);
    return Promise.resolve();
  });

  test("gives a larger MTU's packets whole when a callback configured it", async (fixture) => {
    const { tundev, addresses } = fixture;
    const sizes = [1, 3000 - UDP4_HEADER_BYTES];
    const payloads: Uint8Array[] = [];
    const running = tundev.run((packet) => {
      const payload = udp4Payload(packet.toBytes());
      if (payload === null) return;
      tundev.configure({ addresses, mtuBytes: 3000 });
      payloads.push(payload.slice());
      if (payloads.length === sizes.length) tundev.close();
    });
    await fixture.inject(pattern(sizes[0]!));
    await awaitCondition("the MTU to be raised", () => tundev.mtuBytes === 3000, { intervalMs: 1 });
    await fixture.inject(pattern(sizes[1]!));
    await running;
    assert.deepEqual(payloads, sizes.map(pattern));
  });

  test("keeps its MTU when an assigned one is of no use, and says so once", (fixture) => {
    const { tundev, addresses } = fixture;
    const problems = tundev.configure({ addresses, mtuBytes: 70_000 });
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /^Cannot use MTU 70000, which the master assigned: 1400 stays$/);
    assert.deepEqual(tundev.configure({ addresses, mtuBytes: 70_000 }), []);
    assert.equal(tundev.mtuBytes, MTU_BYTES);
    return Promise.resolve();
  });

  test("is not configured any more once it is closed", (fixture) => {
    const { tundev, addresses } = fixture;
    tundev.close();
    assert.deepEqual(tundev.configure({ addresses, mtuBytes: 1000 }), []);
    assert.equal(fixture.exists(), false);
    return Promise.resolve();
  });

  test("answers in the callback: send within run", async (fixture) => {
    const answer = new Packet(2000);
    const running = fixture.tundev.run((packet) => {
      if (udp4Payload(packet.toBytes()) === null) return;
      answer.fill(fixture.craftInbound(pattern(5)));
      assert.equal(fixture.tundev.send(answer), 0);
    });
    await fixture.inject(pattern(4));
    assert.deepEqual(await fixture.nextDelivered(), pattern(5));
    fixture.tundev.close();
    await running;
  });

  test("resolves run when closed while it waits, and is gone then", async (fixture) => {
    const running = fixture.tundev.run(() => {});
    // A packet through and back: run has started to wait.
    const packet = new Packet(2000);
    packet.fill(fixture.craftInbound(pattern(1)));
    fixture.tundev.send(packet);
    await fixture.nextDelivered();
    assert.equal(fixture.exists(), true);
    fixture.tundev.close();
    await running;
    assert.equal(fixture.exists(), false);
  });

  test("calls back no more once closed from within the callback", async (fixture) => {
    for (let i = 0; i < 5; i++) await fixture.inject(pattern(6));
    let calls = 0;
    await fixture.tundev.run((packet) => {
      if (udp4Payload(packet.toBytes()) === null) return;
      calls++;
      fixture.tundev.close();
    });
    assert.equal(calls, 1);
  });

  test("is closed for good: send returns CLOSED, run resolves, close does nothing", async (fixture) => {
    const { tundev } = fixture;
    const packet = new Packet(2000);
    packet.fill(fixture.craftInbound(pattern(1)));
    tundev.close();
    tundev.close();
    assert.equal(tundev.send(packet), DropReason.CLOSED);
    await tundev.run(() => assert.fail("called back after close"));
    assert.equal(fixture.exists(), false);
  });

  test("rejects run with the error that the callback threw", async (fixture) => {
    const running = fixture.tundev.run(() => {
      throw new Error("from the callback");
    });
    const outcome = assert.rejects(running, /from the callback/);
    await fixture.inject(pattern(1));
    await outcome;
  });

  Deno.test({
    name: `${kind.label} opened, run and closed a hundred times leaves no descriptor, no memory`,
    ignore: kind.ignore,
    fn: async () => {
      kind.open()[Symbol.dispose]();
      const before = [countOpenFds(), Arena.liveCount];
      for (let i = 0; i < 100; i++) {
        using fixture = kind.open();
        if (i % 2 === 0) continue;
        const running = fixture.tundev.run(() => {});
        fixture.tundev.close();
        await running;
      }
      assert.deepEqual([countOpenFds(), Arena.liveCount], before);
    },
  });
}

for (const kind of kinds) suite(kind);

/** Runs until `count` UDP packets came, then closes. The kernel's own packets are left out. */
async function collectPayloads(fixture: Fixture, count: number): Promise<Uint8Array[]> {
  const payloads: Uint8Array[] = [];
  await fixture.tundev.run((packet) => {
    const payload = udp4Payload(packet.toBytes());
    if (payload === null) return;
    payloads.push(payload.slice());
    if (payloads.length === count) fixture.tundev.close();
  });
  return payloads;
}

function pattern(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 7 + sizeBytes) & 0xff);
}

function openMemory(): Fixture {
  const tundev = new MemoryTundev({ mtuBytes: MTU_BYTES });
  return {
    tundev,
    addresses: [{ address: "10.10.10.1", prefixBits: 30 }],
    inject: (payload) => {
      tundev.inject(craftUdp4({ payload }));
      return Promise.resolve();
    },
    craftInbound: (payload) => craftUdp4({ payload }),
    nextDelivered: () => Promise.resolve(udp4Payload(tundev.delivered.shift()!)!),
    exists: () => tundev.inject(craftUdp4({ payload: new Uint8Array(1) })),
    [Symbol.dispose]: () => tundev.close(),
  };
}

function openReal(): Fixture {
  const subnet = [10, 254, Deno.pid % 64];
  const own = [...subnet, 1];
  const peer = [...subnet, 2];
  const addresses = [{ address: own.join("."), prefixBits: 30 }];
  const tundev = openTunDevice({
    kind: "tun",
    name: `btc${Deno.pid % 100_000}i%d`,
    addresses,
    mtuBytes: MTU_BYTES,
  });
  const socket = Deno.listenDatagram({ transport: "udp", hostname: own.join("."), port: 0 });
  const dstPort = (socket.addr as Deno.NetAddr).port;
  const buffer = new Uint8Array(4000);
  return {
    tundev,
    addresses,
    inject: async (payload) => {
      await socket.send(payload, { transport: "udp", hostname: peer.join("."), port: 9 });
    },
    craftInbound: (payload) => craftUdp4({ src: peer, srcPort: 9, dst: own, dstPort, payload }),
    nextDelivered: async () => (await socket.receive(buffer))[0].slice(),
    exists: () => interfaceIndex(tundev.name) !== null,
    [Symbol.dispose]: () => {
      tundev.close();
      socket.close();
    },
  };
}
