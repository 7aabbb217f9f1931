import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import type { DatagramSocket } from "../../../src/linkmap/datagram_socket.ts";
import { openFfiEngine } from "../../../src/linkmap/io_engine.ts";
import { Listener } from "../../../src/linkmap/listener.ts";
import { STRANGER_TIMEOUT_MS } from "../../../src/linkmap/tcp_admission.ts";
import { connectTcp } from "../../../src/linkmap/tcp_connect.ts";
import { MIN_DATAGRAM_BYTES } from "../../../src/linkmap/tcp_framing.ts";
import { STRANGER_DATAGRAMS, type TcpSocket } from "../../../src/linkmap/tcp_socket.ts";
import type { UdpBinder } from "../../../src/linkmap/udp_port.ts";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import { reactorsSettled } from "../../../src/wait_loop.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { createSlots } from "../../support/datagram_rigs.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

const HOST = "127.0.0.1";

/** A listener that sends every datagram back; whoever said 1 is authentic. The test moves its clock. */
class Echo implements AsyncDisposable {
  now = 0;
  readonly drops = new DropCounters();
  readonly logger = new RecordingLogger();
  readonly sockets: DatagramSocket[] = [];
  readonly closed: DatagramSocket[] = [];
  readonly #authentic = new Set<DatagramSocket>();
  #listener: Listener | null = null;

  async listen(
    port: number,
    { host = HOST, allowsTcp = true, bindUdp = UdpSocket.bind }: {
      host?: string | null;
      allowsTcp?: boolean;
      bindUdp?: UdpBinder;
    } = {},
  ): Promise<Listener> {
    this.#listener = await Listener.open({
      listen: { host, port },
      bindUdp,
      drops: this.drops,
      logger: this.logger,
      excludedInterface: "none",
      allowsTcp,
      clock: () => this.now,
      isAuthentic: (socket) => this.#authentic.has(socket),
      pump: (socket) => this.#pump(socket),
      onSocketClosed: (socket) => this.closed.push(socket),
    });
    return this.#listener;
  }

  async #pump(socket: DatagramSocket): Promise<void> {
    this.sockets.push(socket);
    const [slot] = createSlots(1);
    while (await socket.receive([slot!]) > 0) {
      const via = slot!.via ?? socket;
      if (slot!.packet.toBytes().at(-1) === 1) this.#authentic.add(via);
      via.send(slot!.packet, slot!.source);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.close();
    await reactorsSettled();
  }
}

const FAST = Deno.build.os === "linux" ? openFfiEngine() : null;

/** A port that was free for UDP and TCP, on every address, a moment ago. */
function freePort(): number {
  for (;;) {
    using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
    const { port } = listener.addr;
    try {
      for (const hostname of ["0.0.0.0", "::"]) UdpSocket.bind({ hostname, port }).close();
      return port;
    } catch {
      // Somebody's on one address: another one.
    }
  }
}

function connect(port: number): Promise<TcpSocket> {
  return connectTcp({ remote: { hostname: HOST, port }, drops: new DropCounters() });
}

/** Sends a datagram with that byte at its end, and waits for it to come back. */
async function say(socket: DatagramSocket, port: number, byte: number): Promise<void> {
  const packet = datagramOf(byte);
  assert.equal(socket.send(packet, { hostname: HOST, port }), 0);
  const [slot] = createSlots(1);
  assert.equal(await socket.receive([slot!]), 1);
  assert.deepEqual(slot!.packet.toBytes(), packet.toBytes());
}

/** As short as a datagram of ours can be. */
function datagramOf(byte: number): Packet {
  const packet = new Packet(MIN_DATAGRAM_BYTES);
  packet.fill(new Uint8Array(MIN_DATAGRAM_BYTES));
  packet.bytes.set([0x42, 0x4c], packet.start);
  packet.bytes[packet.end - 1] = byte;
  return packet;
}

Deno.test("Listener takes links over UDP and TCP on one port", async () => {
  await using echo = new Echo();
  const port = freePort();
  const listener = await echo.listen(port);
  assert.deepEqual(listener.addresses, [`${HOST}:${port}`]);
  using udp = UdpSocket.bind({ hostname: HOST, port: 0 });
  await say(udp, port, 1);
  using tcp = await connect(port);
  await say(tcp, port, 2);
  assert.deepEqual(echo.sockets.map(({ transport }) => transport), ["udp", "tcp"]);
  assert.match(echo.sockets[1]!.label, /^tcp 127\.0\.0\.1:\d+$/);
});

Deno.test("Listener without TCP leaves the TCP port alone", async () => {
  await using echo = new Echo();
  const port = freePort();
  await echo.listen(port, { allowsTcp: false });
  await assert.rejects(connect(port), /ECONNREFUSED/);
});

Deno.test("Listener goes on over UDP when the TCP port is taken, says so once, and gets it later", async () => {
  await using echo = new Echo();
  const taken = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = taken.addr;
  const listener = await echo.listen(port);
  using udp = UdpSocket.bind({ hostname: HOST, port: 0 });
  await say(udp, port, 1);
  listener.rescan();
  assert.equal(echo.logger.count("warn Links can come over UDP only"), 1);
  assert.match(String(echo.logger.events[0]!.properties["reason"]), /EADDRINUSE/);
  taken.close();
  listener.rescan();
  using tcp = await connect(port);
  await say(tcp, port, 2);
  assert.equal(echo.logger.count("info Listening on TCP, too"), 1);
});

Deno.test("Listener.close ends connections and tells of each", async () => {
  const echo = new Echo();
  const port = freePort();
  const listener = await echo.listen(port);
  using first = await connect(port);
  using second = await connect(port);
  await say(first, port, 1);
  await say(second, port, 1);
  await listener.close();
  assert.equal(echo.closed.length, 3);
  assert.equal(await first.receive(createSlots(1)), 0);
  assert.match(first.failure!.message, /closed by the other end/);
  await assert.rejects(connect(port));
});

Deno.test("Listener.rescan closes a connection that brings nothing authentic in ten seconds", async () => {
  await using echo = new Echo();
  const port = freePort();
  const listener = await echo.listen(port);
  using stranger = await connect(port);
  using slave = await connect(port);
  await say(stranger, port, 7);
  await say(slave, port, 1);
  echo.now = STRANGER_TIMEOUT_MS;
  listener.rescan();
  assert.equal(await stranger.receive(createSlots(1)), 0);
  await say(slave, port, 3);
  assert.equal(echo.closed.length, 1);
});

Deno.test("Listener closes what speaks something else, at once and without a word", async () => {
  await using echo = new Echo();
  const port = freePort();
  await echo.listen(port);
  using conn = await Deno.connect({ hostname: HOST, port });
  await conn.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
  assert.equal(await conn.read(new Uint8Array(100)).catch(() => null), null);
  await awaitCondition(
    "the drop to be counted",
    () => echo.drops.get(DropReason.BAD_FRAMING) === 1,
  );
});

Deno.test("Listener ends a connection with frames too small for datagrams", async () => {
  await using echo = new Echo();
  const port = freePort();
  await echo.listen(port);
  using stranger = await connect(port);
  const tiny = new Packet();
  tiny.fill(Uint8Array.of(7));
  const target = { hostname: HOST, port };
  for (let i = 0; i < 1_000; i++) assert.equal(stranger.send(tiny, target), 0);
  assert.equal(await stranger.receive(createSlots(1)), 0);
  await awaitCondition("the end", () => echo.closed.length === 1, { intervalMs: 1 });
  assert.match(String(echo.closed[0]!.failure), /Bad framing .* a frame of 1 bytes is too short/);
  assert.equal(echo.drops.get(DropReason.BAD_FRAMING), 1);
});

Deno.test("Listener ends a stranger's connection after 64 datagrams, and none of a member's", async () => {
  await using echo = new Echo();
  const port = freePort();
  await echo.listen(port);
  using slave = await connect(port);
  await say(slave, port, 1);
  for (let i = 0; i < 3 * STRANGER_DATAGRAMS; i++) await say(slave, port, 2);
  using late = await connect(port);
  for (let i = 1; i < STRANGER_DATAGRAMS; i++) await say(late, port, 2);
  await say(late, port, 1);
  await say(late, port, 2);
  using stranger = await connect(port);
  for (let i = 0; i < STRANGER_DATAGRAMS; i++) await say(stranger, port, 2);
  stranger.send(datagramOf(1), { hostname: HOST, port });
  assert.equal(await stranger.receive(createSlots(1)), 0);
  await awaitCondition("the end", () => echo.closed.length === 1, { intervalMs: 1 });
  assert.match(String(echo.closed[0]!.failure), /brought 64 datagrams, none of a link$/);
  await say(slave, port, 3);
});

Deno.test("Listener answers from the address that was asked", async () => {
  await using echo = new Echo();
  const port = freePort();
  await echo.listen(port, { host: null });
  using socket = UdpSocket.bind({ hostname: HOST, port: 0 });
  const packet = new Packet();
  packet.fill(Uint8Array.of(1));
  socket.send(packet, { hostname: HOST, port });
  const [slot] = createSlots(1);
  assert.equal(await socket.receive([slot!]), 1);
  assert.deepEqual([slot!.source.hostname, slot!.source.port], [HOST, port]);
});

Deno.test("Listener on 0.0.0.0 binds every IPv4 address, not the wildcard", async () => {
  await using echo = new Echo();
  const port = freePort();
  const listener = await echo.listen(port, { host: "0.0.0.0" });
  assert(listener.addresses.includes(`${HOST}:${port}`));
  assert(!listener.addresses.some((it) => it.startsWith("0.0.0.0") || it.includes("[")));
});

Deno.test("Listener.open says that the UDP port is taken", async () => {
  using taken = UdpSocket.bind({ hostname: HOST, port: 0 });
  const { port } = taken.localAddress;
  for (const host of [HOST, null]) {
    for (const bindUdp of [UdpSocket.bind, ...(FAST === null ? [] : [FAST.bindUdp])]) {
      await using echo = new Echo();
      await assert.rejects(echo.listen(port, { host, bindUdp }), /EADDRINUSE/);
    }
  }
});

Deno.test({
  name:
    "Listener serves all addresses by one fast socket of each family, and answers from the one asked",
  ignore: FAST === null,
  async fn(): Promise<void> {
    await using echo = new Echo();
    const port = freePort();
    const bound: string[] = [];
    const listener = await echo.listen(port, {
      host: null,
      bindUdp: (options) => {
        bound.push(options.hostname);
        return FAST!.bindUdp(options);
      },
    });
    assert.deepEqual(bound, ["0.0.0.0", "::"]);
    assert(listener.addresses.includes(`${HOST}:${port}`));
    using socket = UdpSocket.bind({ hostname: HOST, port: 0 });
    const [slot] = createSlots(1);
    for (const byte of [1, 2]) {
      socket.send(datagramOf(byte), { hostname: HOST, port });
      assert.equal(await socket.receive([slot!]), 1);
      assert.deepEqual([slot!.source.hostname, slot!.source.port], [HOST, port]);
    }
    using tcp = await connect(port);
    await say(tcp, port, 2);
    // The machine does not have it, though it would hear it.
    socket.send(datagramOf(1), { hostname: "127.0.0.2", port });
    await awaitCondition("the drop", () => echo.drops.get(DropReason.NOT_LISTENED) === 1);
  },
});

Deno.test({
  name:
    "Listener gives each address a socket of its own where the kernel does not tell which was asked",
  ignore: FAST === null,
  async fn(): Promise<void> {
    await using echo = new Echo();
    const port = freePort();
    await echo.listen(port, {
      host: null,
      bindUdp: (options) => {
        if (options.hostname === "::") throw new Error("no IPV6_RECVPKTINFO");
        return FAST!.bindUdp(options);
      },
    });
    using socket = UdpSocket.bind({ hostname: HOST, port: 0 });
    await say(socket, port, 1);
    assert(echo.sockets.some(({ label }) => label === `udp ${HOST}:${port}`));
  },
});
