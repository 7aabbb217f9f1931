import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import {
  adoptConnection,
  connectTcp,
  connectTcpViaProxy,
} from "../../../src/linkmap/tcp_connect.ts";
import { TCP_SEND_BUFFER_BYTES } from "../../../src/linkmap/tcp_send_buffer.ts";
import { TcpSocket } from "../../../src/linkmap/tcp_socket.ts";
import { SocksError } from "../../../src/linkmap/socks_error.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { createSlots } from "../../support/datagram_rigs.ts";
import { Socks5Server } from "../../support/socks5_server.ts";

const PREAMBLE = [0x42, 0x4c, 0x54, 0x43, 0x50, 0, 0, 1];

/** An accepted socket and the bare connection that a stranger or a slave opened to it. */
interface Accepted {
  readonly socket: TcpSocket;
  readonly drops: DropCounters;
  readonly far: Deno.TcpConn;
}

/** Runs a test on an accepted socket; closes both ends. */
async function withAccepted(body: (accepted: Accepted) => Promise<void>): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [far, conn] = await Promise.all([
    Deno.connect({ port: listener.addr.port }),
    listener.accept(),
  ]);
  const drops = new DropCounters();
  const remote = conn.remoteAddr;
  const socket = adoptConnection(conn, {
    side: "accepted",
    label: "tcp 127.0.0.1:1",
    remote,
    drops,
  });
  assert(socket !== null);
  try {
    await body({ socket, drops, far });
  } finally {
    socket.close();
    try {
      far.close();
    } catch (error) {
      assert(error instanceof Deno.errors.BadResource);
    }
  }
}

async function writeAll(conn: Deno.TcpConn, bytes: readonly number[]): Promise<void> {
  const data = Uint8Array.from(bytes);
  for (let sent = 0; sent < data.length;) sent += await conn.write(data.subarray(sent));
}

async function readExactly(conn: Deno.TcpConn, count: number): Promise<number[]> {
  const bytes = new Uint8Array(count);
  for (let read = 0; read < count;) {
    const n = await conn.read(bytes.subarray(read));
    assert(n !== null, "the connection ended early");
    read += n;
  }
  return [...bytes];
}

function packetOf(...bytes: number[]): Packet {
  const packet = new Packet();
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

Deno.test("TcpSocket sends the preamble first where it opened the connection", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const remote = { hostname: "127.0.0.1", port: listener.addr.port };
  using socket = await connectTcp({ remote, drops: new DropCounters() });
  using far = await listener.accept();
  assert.equal(socket.send(packetOf(7, 8, 9), remote), 0);
  assert.deepEqual(await readExactly(far, 13), [...PREAMBLE, 0, 3, 7, 8, 9]);
  assert.equal(socket.label, `tcp 127.0.0.1:${remote.port}`);
});

Deno.test("TcpSocket says nothing first where it accepted the connection", async () => {
  await withAccepted(async ({ socket, far }) => {
    assert.equal(socket.send(packetOf(5), socket.remote), 0);
    assert.deepEqual(await readExactly(far, 3), [0, 1, 5]);
  });
});

Deno.test("TcpSocket writes what is sent in one go at once", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [near, far] = await Promise.all([
    Deno.connect({ port: listener.addr.port }),
    listener.accept(),
  ]);
  const lengths: number[] = [];
  const write = near.write.bind(near);
  near.write = (bytes) => {
    lengths.push(bytes.length);
    return write(bytes);
  };
  const remote = near.remoteAddr;
  const options = { side: "opened", label: "tcp", remote, drops: new DropCounters() } as const;
  using socket = adoptConnection(near, options);
  assert(socket !== null);
  for (let i = 0; i < 50; i++) socket.send(packetOf(i), remote);
  await readExactly(far, 8 + 50 * 3);
  assert.deepEqual(lengths, [8 + 50 * 3]);
  far.close();
});

Deno.test("TcpSocket.send drops whole datagrams when the other end does not read, and goes on", async () => {
  await withAccepted(async ({ socket, far }) => {
    const packet = new Packet();
    packet.fill(new Uint8Array(1_400));
    let taken = 0;
    let turnsRefused = 0;
    // Until nothing is taken in many turns: the kernel's buffers are full, and so is the queue.
    while (turnsRefused < 20) {
      let takenNow = 0;
      for (let i = 0; i < 300; i++) {
        packet.view.setUint32(packet.start, taken + takenNow);
        const result = socket.send(packet, socket.remote);
        assert(result === 0 || result === DropReason.SEND_QUEUE_FULL);
        if (result === 0) takenNow++;
      }
      assert(takenNow <= Math.ceil(TCP_SEND_BUFFER_BYTES / 1_402), "more than the queue holds");
      taken += takenNow;
      turnsRefused = takenNow === 0 ? turnsRefused + 1 : 0;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (let i = 0; i < taken; i++) {
      const frame = await readExactly(far, 1_402);
      assert.deepEqual(frame.slice(0, 2), [5, 120]);
      assert.equal(new DataView(Uint8Array.from(frame).buffer).getUint32(2), i);
    }
  });
});

Deno.test("TcpSocket.close still gives to the system what was sent just before", async () => {
  await withAccepted(async ({ socket, far }) => {
    // On a connection that was written to before: Deno takes nothing at once on a fresh one.
    socket.send(packetOf(9), socket.remote);
    assert.deepEqual(await readExactly(far, 3), [0, 1, 9]);
    socket.send(packetOf(1, 2), socket.remote);
    socket.close();
    assert.deepEqual(await readExactly(far, 4), [0, 2, 1, 2]);
    assert.equal(await far.read(new Uint8Array(1)), null);
  });
});

Deno.test("TcpSocket.close in the midst of a write leaves nothing open", async () => {
  await withAccepted(async ({ socket }) => {
    const packet = new Packet();
    packet.fill(new Uint8Array(60_000));
    const receiving = socket.receive(createSlots(1));
    for (let turn = 0; turn < 300; turn++) {
      while (socket.send(packet, socket.remote) === 0);
      await Promise.resolve();
    }
    socket.close();
    assert.equal(await receiving, 0);
    assert.equal(socket.failure, null);
  });
});

Deno.test("TcpSocket fails when the other end closes, after what came before", async () => {
  await withAccepted(async ({ socket, far }) => {
    await writeAll(far, [...PREAMBLE, 0, 1, 7, 0, 1, 8, 0, 9, 1]);
    far.close();
    const [slot] = createSlots(1);
    assert.equal(await socket.receive([slot!]), 1);
    assert.equal(await socket.receive([slot!]), 1);
    assert.deepEqual([...slot!.packet.toBytes()], [8]);
    assert.equal(await socket.receive([slot!]), 0);
    assert.equal(socket.failure?.message, "Connection tcp 127.0.0.1:1 closed by the other end");
    assert.equal(socket.send(packetOf(1), socket.remote), DropReason.CLOSED);
    assert.equal(socket.receivedDatagrams, 2);
  });
});

Deno.test("TcpSocket fails when the other end resets", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const far = connect(listener.addr.port, "127.0.0.1");
  const conn = await listener.accept();
  const remote = conn.remoteAddr;
  const options = { side: "accepted", label: "tcp 127.0.0.1:1", remote } as const;
  using socket = adoptConnection(conn, { ...options, drops: new DropCounters() });
  assert(socket !== null);
  await once(far, "connect");
  const receiving = socket.receive(createSlots(1));
  far.resetAndDestroy();
  assert.equal(await receiving, 0);
  assert.equal(socket.failure?.message, "Connection tcp 127.0.0.1:1 reset by the other end");
});

Deno.test("TcpSocket closes what speaks something else, and counts it", async () => {
  await withAccepted(async ({ socket, drops, far }) => {
    await writeAll(far, [...new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")]);
    assert.equal(await socket.receive(createSlots(1)), 0);
    assert.match(
      socket.failure!.message,
      /^Bad framing from tcp 127\.0\.0\.1:1: it does not begin/,
    );
    assert.equal(drops.get(DropReason.BAD_FRAMING), 1);
    assert.equal(await far.read(new Uint8Array(1)).catch(() => null), null);
  });
});

Deno.test("TcpSocket delivers the frames before a bad one", async () => {
  await withAccepted(async ({ socket, drops, far }) => {
    await writeAll(far, [...PREAMBLE, 0, 1, 7, 0, 0, 0, 1, 9]);
    const slots = createSlots(4);
    assert.equal(await socket.receive(slots), 1);
    assert.deepEqual([...slots[0]!.packet.toBytes()], [7]);
    assert.equal(await socket.receive(slots), 0);
    assert.equal(drops.get(DropReason.BAD_FRAMING), 1);
  });
});

Deno.test("TcpSocket counts a datagram that a slot cannot hold", async () => {
  await withAccepted(async ({ socket, drops, far }) => {
    await writeAll(far, [...PREAMBLE, 0, 100, ...new Array<number>(100).fill(1), 0, 1, 9]);
    const [slot] = createSlots(1, 64);
    assert.equal(await socket.receive([slot!]), 1);
    assert.deepEqual([...slot!.packet.toBytes()], [9]);
    assert.equal(drops.get(DropReason.TOO_LARGE), 1);
    assert.equal(socket.receivedDatagrams, 2);
  });
});

Deno.test("connectTcp says that nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(
    connectTcp({ remote: { hostname: "127.0.0.1", port }, drops: new DropCounters() }),
    new RegExp(`^Error: Cannot connect to 127\\.0\\.0\\.1:${port} over TCP: ECONNREFUSED`),
  );
});

Deno.test("connectTcp gives up when its signal fires", async () => {
  const abort = new AbortController();
  const reason = new Error("stopped");
  abort.abort(reason);
  const remote = { hostname: "127.0.0.1", port: 9 };
  await assert.rejects(
    connectTcp({ remote, drops: new DropCounters(), signal: abort.signal }),
    (error) => error === reason,
  );
});

Deno.test("connectTcpViaProxy asks for the target by name and leaves a stream of frames", async () => {
  await using server = Socks5Server.listen({ udp: "refuse" });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [socket, far] = await Promise.all([
    connectTcpViaProxy({
      proxy: { host: server.address.hostname, port: server.address.port },
      target: { host: "localhost", port },
      drops: new DropCounters(),
    }),
    listener.accept(),
  ]);
  assert.deepEqual(server.requests, [{ command: 1, host: "localhost", port }]);
  assert.equal(socket.label, `tcp via socks5 127.0.0.1:${server.address.port}`);
  assert.deepEqual(socket.remote, { hostname: "localhost", port });
  assert.equal(socket.send(packetOf(4), socket.remote), 0);
  assert.deepEqual(await readExactly(far, 11), [...PREAMBLE, 0, 1, 4]);
  await writeAll(far, [0, 2, 6, 7]);
  const [slot] = createSlots(1);
  assert.equal(await socket.receive([slot!]), 1);
  assert.deepEqual([...slot!.packet.toBytes()], [6, 7]);
  assert.deepEqual(slot!.source, socket.remote);
  socket.close();
  far.close();
});

Deno.test("connectTcpViaProxy says what the proxy refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using server = Socks5Server.listen();
  const proxy = { host: server.address.hostname, port: server.address.port };
  await assert.rejects(
    connectTcpViaProxy({ proxy, target: { host: "127.0.0.1", port }, drops: new DropCounters() }),
    (error) =>
      error instanceof SocksError && error.reply === 5 && error.request === "CONNECT" &&
      /refused CONNECT: reply 5: .*is the master running there/.test(error.message),
  );
});
