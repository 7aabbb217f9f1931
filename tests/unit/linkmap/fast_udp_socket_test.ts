import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { Arena } from "../../../ffi/arena.ts";
import { UdpFile } from "../../../ffi/udp_file.ts";
import { Reactor, type Watch } from "../../../src/reactor.ts";
import { reactorsSettled } from "../../../src/wait_loop.ts";
import { FastUdpSocket } from "../../../src/linkmap/fast_udp_socket.ts";
import type { NetAddress } from "../../../src/net_address.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { createSlots } from "../../support/datagram_rigs.ts";
import { canUseNamespaces, NetworkLab } from "../../support/namespace.ts";
import { countOpenFds } from "../../support/open_fds.ts";
import { mulberry32 } from "../../support/rng.ts";
import type { BurstReport } from "../../support/udp_burst_main.ts";

const ignore = Deno.build.os !== "linux"; // the socket is Linux's
const reactor = new Reactor();

/** Broadcast on `lo`, which needs a permission that the socket does not ask for: EACCES. Nothing is sent. */
const FORBIDDEN: NetAddress = { hostname: "127.255.255.255", port: 9 };

function bind(drops = new DropCounters(), hostname = "127.0.0.1"): FastUdpSocket {
  return FastUdpSocket.bind({ hostname, port: 0, drops }, reactor);
}

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test.afterEach(reactorsSettled);

  Deno.test({ name, ignore, fn });
}

function packetOf(...bytes: number[]): Packet {
  const packet = new Packet(1_500);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

function randomPacket(lengthBytes: number, random: () => number): Packet {
  const packet = new Packet(lengthBytes);
  packet.fill(Uint8Array.from({ length: lengthBytes }, () => random() * 256));
  return packet;
}

async function receiveAll(socket: FastUdpSocket, count: number): Promise<Uint8Array[]> {
  const slots = createSlots(7, 9_000);
  const datagrams: Uint8Array[] = [];
  while (datagrams.length < count) {
    const received = await socket.receive(slots);
    assert.ok(received > 0, "the socket ended");
    for (const { packet } of slots.slice(0, received)) datagrams.push(packet.toBytes().slice());
  }
  return datagrams;
}

test("FastUdpSocket.bind tells where it is bound", () => {
  using socket = bind();
  assert.equal(socket.localAddress.hostname, "127.0.0.1");
  assert.ok(socket.localAddress.port > 0);
  assert.equal(socket.label, `udp 127.0.0.1:${socket.localAddress.port}`);
});

test("FastUdpSocket.bind has Deno's errors as causes, and leaves nothing open", () => {
  using socket = bind();
  const before = [countOpenFds(), Arena.liveCount];
  const { AddrInUse, AddrNotAvailable } = Deno.errors;
  for (
    const [options, cause, code] of [
      [socket.localAddress, AddrInUse, "EADDRINUSE (another program"],
      [{ hostname: "192.0.2.1", port: 0 }, AddrNotAvailable, "EADDRNOTAVAIL (this machine"],
      [{ hostname: "localhost", port: 0 }, Error, 'Cannot use address "localhost"'],
    ] as const
  ) {
    assert.throws(
      () => FastUdpSocket.bind(options, reactor),
      (error: Error) =>
        error.message.startsWith("Cannot open UDP socket on ") && error.message.includes(code) &&
        error.cause instanceof cause,
    );
  }
  assert.deepEqual([countOpenFds(), Arena.liveCount], before);
});

test("FastUdpSocket carries mixed sizes to two destinations, each in order and whole", async () => {
  const random = mulberry32(11);
  const sizesBytes = [1_400, 1_400, 1_400, 1_400, 1_400, 900, 100, 0, 1, 8_999];
  using src = bind();
  using one = bind();
  using other = bind();
  for (let round = 0; round < 20; round++) {
    const sent = new Map<FastUdpSocket, Uint8Array[]>([[one, []], [other, []]]);
    for (let i = 0; i < 100; i++) {
      const dst = random() < 0.85 ? one : other;
      const packet = randomPacket(sizesBytes[Math.trunc(random() * sizesBytes.length)]!, random);
      assert.equal(src.send(packet, dst.localAddress), 0);
      sent.get(dst)!.push(packet.toBytes().slice());
      packet.bytes.fill(0);
    }
    for (const [dst, datagrams] of sent) {
      assert.deepEqual(await receiveAll(dst, datagrams.length), datagrams);
    }
  }
  assert.equal(src.sendErrors, 0);
});

test("FastUdpSocket sends what waits when the piece of work ends, without a further call", async () => {
  using src = bind();
  using dst = bind();
  src.send(packetOf(1), dst.localAddress);
  const received = receiveAll(dst, 1);
  assert.deepEqual(await received, [Uint8Array.of(1)]);
});

test("FastUdpSocket.close sends what waits, and frees all even with a receive pending", async () => {
  const before = [countOpenFds(), Arena.liveCount];
  const src = bind();
  const dst = bind();
  src.send(packetOf(1, 2), dst.localAddress);
  src.close();
  src.close();
  assert.equal(src.send(packetOf(3), dst.localAddress), DropReason.CLOSED);
  assert.deepEqual(await receiveAll(dst, 1), [Uint8Array.of(1, 2)]);
  const pending = dst.receive(createSlots(1));
  await nextImmediate();
  await nextImmediate();
  await nextImmediate(); // now in the reactor
  dst.close();
  assert.equal(await pending, 0);
  assert.equal(await dst.receive(createSlots(1)), 0);
  await awaitCondition(
    "all to be freed",
    () => countOpenFds() === before[0] && Arena.liveCount === before[1],
    { intervalMs: 1 },
  );
});

test("FastUdpSocket counts each datagram that the system refuses, and goes on", async () => {
  const drops = new DropCounters();
  using src = bind(drops);
  using dst = bind();
  for (let i = 0; i < 70; i++) assert.equal(src.send(packetOf(i, 0), FORBIDDEN), 0);
  assert.equal(src.send(packetOf(), FORBIDDEN), 0);
  assert.equal(src.send(packetOf(7), dst.localAddress), 0);
  assert.deepEqual(await receiveAll(dst, 1), [Uint8Array.of(7)]);
  assert.equal(src.sendErrors, 71);
  assert.equal(drops.get(DropReason.SEND_ERROR), 71);
  assert.match(src.lastSendError?.message ?? "", /EACCES/);
  assert.equal(src.failure, null);
});

test("FastUdpSocket refuses a destination that it cannot reach ever, without throwing", async () => {
  using src = bind();
  using dst = bind();
  assert.equal(src.send(packetOf(1), dst.localAddress), 0);
  for (let i = 0; i < 2; i++) {
    assert.equal(src.send(packetOf(2), { hostname: "::1", port: 9 }), DropReason.SEND_ERROR);
    assert.match(src.lastSendError?.message ?? "", /EAFNOSUPPORT/);
    assert.equal(src.send(packetOf(2), { hostname: "a.test", port: 9 }), DropReason.SEND_ERROR);
  }
  assert.equal(src.send(packetOf(3), dst.localAddress), 0);
  assert.deepEqual(await receiveAll(dst, 2), [Uint8Array.of(1), Uint8Array.of(3)]);
});

test("FastUdpSocket goes on receiving after sending to a closed port", async () => {
  const gone = bind();
  gone.close();
  using socket = bind();
  for (let i = 0; i < 200; i++) {
    socket.send(packetOf(1), gone.localAddress);
    await Promise.resolve();
  }
  socket.send(packetOf(5), socket.localAddress);
  assert.deepEqual(await receiveAll(socket, 1), [Uint8Array.of(5)]);
  assert.equal(socket.failure, null);
});

test("FastUdpSocket on :: shows IPv4 peers as IPv4, and reaches them", async () => {
  using dual = bind(undefined, "::");
  const { port } = dual.localAddress;
  const [slot] = createSlots(1);
  for (const hostname of ["127.0.0.1", "::1"]) {
    using peer = bind(undefined, hostname);
    peer.send(packetOf(1), { hostname, port });
    assert.equal(await dual.receive([slot!]), 1);
    assert.deepEqual(slot!.source, peer.localAddress);
    dual.send(packetOf(2), slot!.source);
    assert.equal(await peer.receive([slot!]), 1);
    assert.deepEqual(slot!.source, { hostname, port });
  }
});

test("FastUdpSocket lets timers fire while there is always something to receive", async () => {
  using socket = bind();
  const slots = createSlots(8, 1_500);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const endMs = performance.now() + 3_000;
  for (let i = 0; i < 64; i++) socket.send(packetOf(i), socket.localAddress);
  // Each datagram is sent to itself again: the buffer is never empty.
  while (ticks < 20 && performance.now() < endMs) {
    const received = await socket.receive(slots);
    for (let i = 0; i < received; i++) socket.send(slots[i]!.packet, socket.localAddress);
  }
  clearInterval(timer);
  assert.equal(ticks, 20);
});

test("FastUdpSocket sends what was made in the place it lends, among copies, in order", async () => {
  using src = bind();
  using dst = bind();
  const make = (i: number): void => {
    const place = src.lend(4 + i % 3, dst.localAddress)!;
    assert.equal(place.length, 4 + i % 3);
    place.bytes.fill(i, place.start, place.end);
    assert.equal(src.send(place, dst.localAddress), 0);
  };
  for (let i = 0; i < 40; i++) {
    if (i % 4 === 0) src.lend(9, dst.localAddress); // not used: nothing of it is sent
    if (i % 2 === 0) make(i);
    else assert.equal(src.send(packetOf(i), dst.localAddress), 0);
  }
  const got: number[][] = [];
  const slots = createSlots(8);
  while (got.length < 40) {
    const received = await dst.receive(slots);
    for (const { packet } of slots.slice(0, received)) got.push([...packet.toBytes()]);
  }
  const expected = Array.from(
    { length: 40 },
    (_, i) => i % 2 === 0 ? new Array(4 + i % 3).fill(i) : [i],
  );
  assert.deepEqual(got, expected);
});

test("FastUdpSocket hands out several small runs at once, each where it was received", async () => {
  using dst = bind();
  using one = bind();
  using other = bind();
  for (let i = 0; i < 5; i++) {
    one.send(packetOf(i), dst.localAddress);
    other.send(packetOf(100 + i), dst.localAddress);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  const slots = createSlots(16);
  assert.equal(await dst.receive(slots), 10);
  const got = slots.slice(0, 10).map(({ packet }) => packet.bytes[packet.start]!);
  assert.deepEqual(got.toSorted((a, b) => a - b), [0, 1, 2, 3, 4, 100, 101, 102, 103, 104]);
});

test("FastUdpSocket brings what many sources sent, each in order, and what comes after", async () => {
  using dst = bind();
  const sources = Array.from({ length: 40 }, () => bind());
  const got = new Map(sources.map(({ localAddress }) => [localAddress.port, [] as number[]]));
  const slots = createSlots(64);
  let arrived = 0;
  for (let round = 0; round < 50; round++) {
    const count = 1 + round % sources.length;
    for (const src of sources.slice(0, count)) {
      for (let i = 0; i < 3; i++) src.send(packetOf(round, i), dst.localAddress);
    }
    // The sends end with the turn: some of these are there at the first look, some come between two.
    const expected = arrived + 3 * count;
    while (arrived < expected) {
      const received = await dst.receive(slots);
      assert.ok(received > 0);
      arrived += received;
      for (const { packet, source } of slots.slice(0, received)) {
        const [at, i] = packet.toBytes();
        got.get(source.port)!.push(3 * at! + i!);
      }
    }
  }
  for (const src of sources) {
    const numbers = got.get(src.localAddress.port)!;
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
    assert.equal(new Set(numbers).size, numbers.length);
    src.close();
  }
});

for (
  const [what, sleeps, callsPerDatagram] of [
    ["once for a datagram when it sleeps next", true, 1],
    ["once more before it leaves the turn when it looks next", false, 2],
  ] as const
) {
  test(`FastUdpSocket asks the system ${what}`, async () => {
    const { receiveEach } = UdpFile.prototype;
    let calls = 0;
    UdpFile.prototype.receiveEach = function (...args): number {
      calls++;
      return receiveEach.apply(this, args);
    };
    try {
      let becomeReadable = (): void => {};
      const watch: Watch = {
        readable: () => new Promise((resolve) => becomeReadable = resolve),
        nextTurn: () => Promise.resolve(),
        noteRead: () => {},
        sleepsAt: () => sleeps,
        close: () => {},
      };
      const stub = { watch: () => watch, atTurnEnd: () => {} } as unknown as Reactor;
      using dst = FastUdpSocket.bind({ hostname: "127.0.0.1", port: 0 }, stub);
      using src = bind();
      const slots = createSlots(64, 0);
      let received = dst.receive(slots);
      await nextImmediate();
      calls = 0;
      for (let i = 0; i < 10; i++) {
        src.send(packetOf(i), dst.localAddress);
        await nextImmediate(); // now it is sent
        becomeReadable();
        assert.equal(await received, 1);
        assert.deepEqual([...slots[0]!.packet.toBytes()], [i]);
        received = dst.receive(slots);
        await nextImmediate();
      }
      assert.equal(calls, 10 * callsPerDatagram);
      dst.close();
      becomeReadable();
      assert.equal(await received, 0);
    } finally {
      UdpFile.prototype.receiveEach = receiveEach;
    }
  });
}

test("FastUdpSocket notices a datagram that comes when it has just been told that there are no more", async () => {
  using dst = bind();
  using src = bind();
  const slots = createSlots(64);
  for (let i = 0; i < 200; i++) {
    src.send(packetOf(i), dst.localAddress);
    await Promise.resolve(); // now it is sent
    assert.equal(await dst.receive(slots), 1);
    assert.deepEqual([...slots[0]!.packet.toBytes()], [i]);
  }
});

test("FastUdpSocket gives everything else its turn while it skips what no packet holds", async () => {
  const drops = new DropCounters();
  using dst = bind(drops, "::1");
  const src = Deno.listenDatagram({ transport: "udp", hostname: "::1", port: 0 });
  const to = { ...dst.localAddress, transport: "udp" as const };
  // Longer than UDP over IPv4 carries.
  for (let i = 0; i < 20; i++) await src.send(new Uint8Array(65_520), to);
  await src.send(Uint8Array.of(7), to);
  src.close();
  let [turns, isOver] = [0, false];
  const countTurn = (): void => {
    turns++;
    if (!isOver) setImmediate(countTurn);
  };
  setImmediate(countTurn);
  const small = createSlots(1, 64);
  assert.equal(await dst.receive(small), 1);
  isOver = true;
  await nextImmediate();
  assert.deepEqual([...small[0]!.packet.toBytes()], [7]);
  assert.equal(drops.get(DropReason.TOO_LARGE), 20);
  assert.ok(turns >= 5, `${turns} turns`);
});

/** A buffer full of full packets, which UDP_SEGMENT takes, and of ones beyond the MTU, which it refuses and IP fragments. */
for (const lengthBytes of [1_400, 2_000]) {
  Deno.test({
    name: `FastUdpSocket offers again what a full socket refused, in order (${lengthBytes} bytes)`,
    ignore: !canUseNamespaces(),
    fn: async () => {
      await using lab = new NetworkLab();
      const machine = await lab.namespace("burst");
      await machine.run(["ip", "link", "set", "lo", "mtu", "1500"]);
      const rate = ["rate", "50mbit", "burst", "128kb", "limit", "100mb"];
      await machine.run(["tc", "qdisc", "add", "dev", "lo", "root", "tbf", ...rate]);
      const main = new URL("../../support/udp_burst_main.ts", import.meta.url).pathname;
      const program = [Deno.execPath(), "run", "-A", "--no-check", main, `${lengthBytes}`];
      const report: BurstReport = JSON.parse(await machine.run(program));
      assert.equal(report.isFull, true, "the buffer holds all");
      assert.equal(report.arrived, report.taken);
      assert.equal(report.drops, 0);
    },
  });
}

function nextImmediate(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
