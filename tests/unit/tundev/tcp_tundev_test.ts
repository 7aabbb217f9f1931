import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { openConnectTcp, openListenTcp } from "../../../src/tundev/tcp_tundev.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { mulberry32, testSeed } from "../../support/rng.ts";
import { TcpPair } from "./tcp_pair.ts";

const BAD_PATH = { lossFraction: 0.03, duplicateFraction: 0.03, reorderPkts: 40 };

/** A service on loopback: handles each connection, closes it, and waits for all upon disposal. */
class Service implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #handled: Promise<void>[] = [];
  readonly #accepting: Promise<void>;

  constructor(handle: (conn: Deno.TcpConn) => Promise<void>) {
    this.#accepting = this.#accept(handle);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(handle: (conn: Deno.TcpConn) => Promise<void>): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        this.#handled.push(handle(conn).finally(() => closeQuietly(conn)));
      }
    } catch {
      // Closed.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    closeQuietly(this.#listener);
    await this.#accepting;
    await Promise.all(this.#handled);
  }
}

function closeQuietly(closer: { close(): void }): void {
  try {
    closer.close();
  } catch {
    // Closed already.
  }
}

/** Writes seeded bytes, then ends the direction. @returns their hash. */
async function writeRandom(conn: Deno.TcpConn, totalBytes: number, seed: number): Promise<string> {
  const rng = mulberry32(seed);
  const hash = createHash("sha256");
  for (let left = totalBytes; left > 0;) {
    const words = Uint32Array.from({ length: 8192 }, () => rng() * 2 ** 32);
    const bytes = new Uint8Array(words.buffer, 0, Math.min(left, 32_768));
    hash.update(bytes);
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    left -= bytes.length;
  }
  await conn.closeWrite();
  return hash.digest("hex");
}

/** Reads to the end. @returns the hash of what came. */
async function readHash(conn: Deno.TcpConn): Promise<string> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const bytes = await conn.read(buffer);
    if (bytes === null) return hash.digest("hex");
    hash.update(buffer.subarray(0, bytes));
  }
}

/** Reads until the end or an error. @returns how many bytes came. */
async function drain(conn: Deno.TcpConn): Promise<number> {
  const buffer = new Uint8Array(65_536);
  let total = 0;
  try {
    for (;;) {
      const bytes = await conn.read(buffer);
      if (bytes === null) return total;
      total += bytes;
    }
  } catch {
    return total;
  }
}

async function echo(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const bytes = await conn.read(buffer);
    if (bytes === null) return await conn.closeWrite();
    for (let at = 0; at < bytes;) at += await conn.write(buffer.subarray(at, bytes));
  }
}

Deno.test("TcpTundev carries 20 MB each way at once over a bad path, byte for byte", async () => {
  const seed = testSeed();
  const served = Promise.withResolvers<[string, string]>();
  await using service = new Service(async (conn) => {
    served.resolve(await Promise.all([writeRandom(conn, 20e6, seed), readHash(conn)]));
  });
  await using pair = new TcpPair(service.port, BAD_PATH, seed);
  const conn = await pair.connect();
  const [sent, received] = await Promise.all([writeRandom(conn, 20e6, seed + 1), readHash(conn)]);
  const [sentBack, receivedThere] = await served.promise;
  closeQuietly(conn);
  assert.equal(receivedThere, sent, `seed ${seed}`);
  assert.equal(received, sentBack, `seed ${seed}`);
});

Deno.test("TcpTundev carries 50 connections at once", async () => {
  await using service = new Service(echo);
  await using pair = new TcpPair(service.port, BAD_PATH);
  const work = Array.from({ length: 50 }, async (_, i) => {
    const conn = await pair.connect();
    const hashes = await Promise.all([writeRandom(conn, 100_000, i), readHash(conn)]);
    closeQuietly(conn);
    return hashes;
  });
  const results = await Promise.all(work);
  for (const [sent, echoed] of results) assert.equal(echoed, sent);
  assert.equal(new Set(results.map(([sent]) => sent)).size, 50);
});

Deno.test("TcpTundev passes a half-close on and lets the answer come after it", async () => {
  await using service = new Service(async (conn) => {
    const bytes = await drain(conn); // until the program has finished
    await conn.write(new TextEncoder().encode(`got ${bytes}`));
  });
  await using pair = new TcpPair(service.port);
  using conn = await pair.connect();
  await conn.write(new Uint8Array(1000));
  await conn.closeWrite();
  const answer = new Uint8Array(100);
  const length = await conn.read(answer);
  assert.equal(new TextDecoder().decode(answer.subarray(0, length ?? 0)), "got 1000");
  assert.equal(await conn.read(answer), null);
});

Deno.test("TcpTundev connects to the service before the program has said anything", async () => {
  await using service = new Service(async (conn) => void await conn.write(Uint8Array.of(42)));
  await using pair = new TcpPair(service.port);
  using conn = await pair.connect();
  const greeting = new Uint8Array(10);
  assert.equal(await conn.read(greeting), 1);
  assert.equal(greeting[0], 42);
});

Deno.test("TcpTundev closes the program's connection when the service refuses, and says so", async () => {
  const unused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = unused.addr;
  unused.close();
  await using pair = new TcpPair(port);
  using conn = await pair.connect();
  assert.equal(await drain(conn), 0);
  assert.deepEqual(pair.events.map((event) => event.kind).sort(), [
    "connect-failed",
    "refused-by-peer",
  ]);
  const [failed] = pair.events;
  assert.match(failed?.message ?? "", /^Cannot connect to 127\.0\.0\.1:\d+: .*refused/);
});

Deno.test("TcpTundev tells of many refused connections once at each end", async () => {
  const unused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = unused.addr;
  unused.close();
  await using pair = new TcpPair(port);
  for (let i = 0; i < 5; i++) {
    using conn = await pair.connect();
    assert.equal(await drain(conn), 0);
  }
  assert.deepEqual(pair.events.map((event) => event.kind).sort(), [
    "connect-failed",
    "refused-by-peer",
  ]);
});

Deno.test("TcpTundev closes the service's connection when the program's one breaks", async () => {
  const ended = Promise.withResolvers<number>();
  await using service = new Service(async (conn) => {
    // The program never reads: closing with unread bytes makes its system send a reset.
    await conn.write(new Uint8Array(1000));
    ended.resolve(await drain(conn));
  });
  await using pair = new TcpPair(service.port);
  const conn = await pair.connect();
  await conn.read(new Uint8Array(1)); // the rest lies unread
  conn.close();
  assert.equal(await ended.promise, 0);
});

Deno.test("TcpTundev stops reading from a program whose service does not read", async () => {
  const mayRead = Promise.withResolvers<void>();
  const total = 120e6;
  let receivedBytes = 0;
  await using service = new Service(async (conn) => {
    await mayRead.promise;
    receivedBytes = await drain(conn);
  });
  await using pair = new TcpPair(service.port);
  using conn = await pair.connect();
  const chunk = new Uint8Array(1e6);
  let writtenBytes = 0;
  const writing = (async (): Promise<void> => {
    while (writtenBytes < total) writtenBytes += await conn.write(chunk);
    await conn.closeWrite();
  })();
  // Stalled: a quarter of a second without a byte taken.
  for (let before = -1; before !== writtenBytes;) {
    before = writtenBytes;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const stalledAt = writtenBytes;
  // The systems' socket buffers (four of them, up to 6 MB each) and one window.
  assert.ok(stalledAt < 40e6, `took ${stalledAt} bytes`);
  mayRead.resolve();
  await writing;
  await drain(conn);
  await service[Symbol.asyncDispose]();
  assert.equal(receivedBytes, writtenBytes);
});

Deno.test("TcpTundev.close ends run, connections and dialling, and leaves nothing open", async () => {
  await using service = new Service(async (conn) => void await drain(conn));
  const pair = new TcpPair(service.port);
  using conn = await pair.connect();
  await conn.write(new Uint8Array(10));
  pair.listening.close();
  pair.listening.close();
  assert.equal(await drain(conn), 0);
  await pair[Symbol.asyncDispose]();
  assert.equal(pair.listening.connectionCount + pair.connecting.connectionCount, 0);
  assert.equal(pair.listening.send(new Packet(100)), DropReason.CLOSED);
});

Deno.test("TcpTundev.close tells the other end, which closes its connections at once", async () => {
  const ended = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  await using service = new Service(async (conn) => {
    begun.resolve();
    await drain(conn);
    ended.resolve();
  });
  await using pair = new TcpPair(service.port);
  using _conn = await pair.connect();
  await begun.promise;
  pair.listening.close();
  await ended.promise;
});

Deno.test("TcpTundev.send refuses packets that are too large, empty or not its own", () => {
  const target = { host: "127.0.0.1", port: 9 };
  using tundev = openConnectTcp({ kind: "connect-tcp", target, mtuBytes: 1000 });
  const packet = new Packet(1500);
  assert.equal(tundev.send(packet), DropReason.EMPTY);
  packet.fill(Uint8Array.of(0x45, 0));
  assert.equal(tundev.send(packet), DropReason.NOT_STREAM);
  packet.fill(new Uint8Array(1001));
  assert.equal(tundev.send(packet), DropReason.TOO_LARGE);
});

Deno.test("TcpTundev names its service or its listener", () => {
  const target = { host: "::1", port: 22 };
  using connecting = openConnectTcp({ kind: "connect-tcp", target, mtuBytes: 1400 });
  assert.equal(connecting.name, "tcp [::1]:22");
  assert.equal(connecting.mtuBytes, 1400);
  const listen = { host: "127.0.0.1", port: 0 };
  using listening = openListenTcp({ kind: "listen-tcp", listen, mtuBytes: 1400 });
  assert.equal(listening.name, `tcp 127.0.0.1:${listening.port}`);
});

Deno.test("openListenTcp says which address it cannot have", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const listen = { host: "127.0.0.1", port: taken.addr.port };
  assert.throws(
    () => openListenTcp({ kind: "listen-tcp", listen, mtuBytes: 1400 }),
    new RegExp(`^Error: Cannot listen on tcp 127\\.0\\.0\\.1:${taken.addr.port}: .*in use`),
  );
});

Deno.test("openListenTcp leaves no listener open when the packets are too small", () => {
  const listen = { host: "127.0.0.1", port: 0 };
  assert.throws(() => openListenTcp({ kind: "listen-tcp", listen, mtuBytes: 100 }), RangeError);
});

Deno.test("Two ends that both listen refuse each other's streams", async () => {
  const listen = { host: "127.0.0.1", port: 0 };
  const kinds: string[] = [];
  const left = openListenTcp({ kind: "listen-tcp", listen, mtuBytes: 1400 }, (event) => {
    kinds.push(event.kind);
  });
  const right = openListenTcp({ kind: "listen-tcp", listen, mtuBytes: 1400 });
  const runs = [left.run((p) => void right.send(p)), right.run((p) => void left.send(p))];
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: left.port });
  assert.equal(await drain(conn), 0);
  left.close();
  right.close();
  await Promise.all(runs);
  assert.deepEqual(kinds, ["refused-by-peer"]);
});
