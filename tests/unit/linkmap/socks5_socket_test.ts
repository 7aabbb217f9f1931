/**
 * Socks5Socket against servers that behave and servers that do not. Every misbehaviour must end
 * within a bounded time, in a clear error, with nothing left open (the sanitizers see to that, and
 * the server's own view of its connections).
 */

import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import type { HostPort, NetAddress } from "../../../src/net_address.ts";
import { Socks5Socket } from "../../../src/linkmap/socks5_socket.ts";
import { SocksError } from "../../../src/linkmap/socks_error.ts";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { createSlots } from "../../support/datagram_rigs.ts";
import { type HostileBehaviour, HostileSocks5Server } from "../../support/hostile_socks5_server.ts";
import { Socks5Server, type Socks5ServerOptions } from "../../support/socks5_server.ts";
import { craftRelayed, craftReply } from "../../support/socks5_wire.ts";

const CREDENTIALS = { username: "user", password: "hunter2-secret" };
const TARGET: HostPort = { host: "192.0.2.9", port: 4000 };

/** Long enough for any answer on loopback, short enough to wait for it to pass. */
const SHORT_MS = 150;

/** Within this every failure must have come. */
const BOUND_MS = 3_000;

Deno.test("Socks5Socket.open says that a TCP-only proxy does not do UDP", async () => {
  const error = await refusal({ udp: "refuse" });
  assert.equal(error.reply, 7);
  assert.equal(error.isCommandNotSupported, true);
  assert.match(
    error.message,
    /^SOCKS5 proxy 127\.0\.0\.1:\d+ refused UDP ASSOCIATE: reply 7: .*TCP/,
  );
});

Deno.test("Socks5Socket.open says its real address to a proxy that wants it", async () => {
  await using server = Socks5Server.listen({ udp: "strict" });
  using far = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = far.localAddress;
  using socket = await open(server.address, { target: { host: hostname, port } });
  assert.deepEqual(server.requests.map((r) => r.port === 0), [true, false]);
  assert.equal(server.requests[1]?.host, "127.0.0.1");
  socket.send(packetOf(1, 2, 3), socket.target);
  const [slot] = createSlots(1);
  assert.equal(await far.receive([slot!]), 1);
});

Deno.test("Socks5Socket.open does not ask twice when the command is not supported", async () => {
  await using server = Socks5Server.listen({ udp: "refuse" });
  await assert.rejects(open(server.address), SocksError);
  assert.equal(server.requests.length, 1);
});

Deno.test("Socks5Socket.open logs in with user name and password", async () => {
  await using server = Socks5Server.listen({ credentials: CREDENTIALS });
  using socket = await open(server.address, { credentials: CREDENTIALS });
  assert.equal(socket.failure, null);
});

Deno.test("Socks5Socket.open says that the password is wrong, without saying the password", async () => {
  const error = await refusal({ credentials: CREDENTIALS }, {
    credentials: { username: "user", password: "wrong-secret" },
  });
  assert.match(error.message, /refused user name and password; check both/);
  assert.doesNotMatch(`${error.message} ${error.stack}`, /secret/);
});

Deno.test("Socks5Socket.open says that the proxy wants a password", async () => {
  const error = await refusal({ credentials: CREDENTIALS });
  assert.match(error.message, /give it a user name and password/);
});

Deno.test("Socks5Socket.open refuses credentials that can't be sent before it connects", async () => {
  await using server = HostileSocks5Server.listen({});
  const credentials = { username: "user", password: "s".repeat(256) };
  await assert.rejects(
    open(server.address, { credentials }),
    (error: Error) => error instanceof UsageError && !error.message.includes("sss"),
  );
  assert.equal(server.connections, 0);
});

Deno.test("Socks5Socket.open refuses a target that is no host name before it connects", async () => {
  await using server = HostileSocks5Server.listen({});
  for (const host of ["", "two words", "a".repeat(256)]) {
    await assert.rejects(open(server.address, { target: { host, port: 1 } }), UsageError);
  }
  assert.equal(server.connections, 0);
});

Deno.test("Socks5Socket.open says that nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(
    open({ hostname: "127.0.0.1", port }),
    (error: Error) =>
      error instanceof SocksError && /Cannot reach .*connection refused/.test(error.message),
  );
});

Deno.test("Socks5Socket.open tries all addresses of a proxy's name", async () => {
  // "localhost" is 127.0.0.1 and, where there is IPv6, ::1; the server is on one of them only.
  await using server = Socks5Server.listen({ hostname: "127.0.0.1" });
  using socket = await open({ hostname: "localhost", port: server.address.port });
  assert.equal(socket.relay.hostname, "127.0.0.1");
});

Deno.test("Socks5Socket.open reports a proxy name that does not resolve", async () => {
  await assert.rejects(open({ hostname: "no-such-proxy.invalid", port: 1080 }), /Cannot resolve/);
});

Deno.test("Socks5Socket.open ends at once when its signal fires", async () => {
  await using server = HostileSocks5Server.listen({ reply: "silence" });
  const abort = new AbortController();
  const opening = open(server.address, { signal: abort.signal, timeoutMs: 60_000 });
  // The request is on its way when the server has the connection; from there on only the signal ends it.
  while (server.openConnections === 0) await nextTurn();
  abort.abort(new Error("no longer wanted"));
  await assert.rejects(opening, /no longer wanted/);
  await server.idle();
});

Deno.test("Socks5Socket.open does nothing when its signal has fired", async () => {
  await using server = HostileSocks5Server.listen({});
  await assert.rejects(
    open(server.address, { signal: AbortSignal.abort(new Error("gone")) }),
    /gone/,
  );
  assert.equal(server.connections, 0);
});

/** What a server does wrong, and what we say of it. */
const MISBEHAVIOURS: readonly [string, HostileBehaviour, RegExp][] = [
  ["answers the greeting never", { methodReply: "silence" }, /did not answer the greeting within/],
  ["closes at the greeting", { methodReply: "close" }, /at the greeting/],
  ["answers as a web server", { methodReply: ascii("HTTP/1.1 400 Bad Request\r\n\r\n") }, /web/],
  ["answers as SOCKS4", { methodReply: Uint8Array.of(0, 91) }, /SOCKS4/],
  ["answers the greeting with garbage", { methodReply: garbage(300) }, /version 143/],
  ["sends half an answer", { methodReply: Uint8Array.of(5) }, /did not answer the greeting within/],
  ["chooses GSSAPI", { methodReply: Uint8Array.of(5, 1) }, /was not offered/],
  ["accepts no method", { methodReply: Uint8Array.of(5, 0xff) }, /none of our authentication/],
  ["answers the password never", {
    methodReply: Uint8Array.of(5, 2),
    credentialsReply: "silence",
  }, /did not answer the password within/],
  ["closes at the password", {
    methodReply: Uint8Array.of(5, 2),
    credentialsReply: "close",
  }, /at the password/],
  ["answers the password with garbage", {
    methodReply: Uint8Array.of(5, 2),
    credentialsReply: garbage(10),
  }, /version 143, not 1/],
  ["answers the request never", { reply: "silence" }, /did not answer UDP ASSOCIATE within/],
  ["closes at the request", { reply: "close" }, /at UDP ASSOCIATE/],
  ["answers the request with garbage", { reply: garbage(500) }, /version 143/],
  ["replies with the wrong version", { reply: Uint8Array.of(4, 0, 0, 1, 0) }, /SOCKS4/],
  ["sets the reserved byte", { reply: Uint8Array.of(5, 0, 9, 1, 0) }, /reserved/],
  ["replies with an unknown address type", { reply: Uint8Array.of(5, 0, 0, 2, 9) }, /type 2/],
  ["replies with an empty name", { reply: Uint8Array.of(5, 0, 0, 3, 0, 0, 1) }, /content/],
  ["replies with an unprintable name", {
    reply: craftReply(0, { hostname: "evil\u001b[2J", port: 1 }),
  }, /characters/],
  ["replies half and waits", { reply: Uint8Array.of(5, 0, 0, 1, 127) }, /did not answer UDP/],
  ["gives port 0", { reply: craftReply(0, { hostname: "127.0.0.1", port: 0 }) }, /port 0/],
  ["refuses with two bytes", { reply: Uint8Array.of(5, 7) }, /reply 7/],
  ["refuses with an unknown code", { reply: Uint8Array.of(5, 0x5b) }, /reply 91/],
  ["refuses always", { reply: craftReply(1) }, /reply 1: general failure/],
];

for (const [what, behaviour, expected] of MISBEHAVIOURS) {
  Deno.test(`Socks5Socket.open fails in time when the proxy ${what}`, async () => {
    await using server = HostileSocks5Server.listen(behaviour);
    const startMs = performance.now();
    await assert.rejects(
      open(server.address, { credentials: CREDENTIALS, timeoutMs: SHORT_MS }),
      (error: Error) => {
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /secret|\p{Cc}/u);
        return error instanceof SocksError;
      },
    );
    await server.idle(); // it has closed its side of every connection
    assert.ok(performance.now() - startMs < BOUND_MS);
  });
}

/** What a server may name as its relay, all meaning its own address. */
const BOUND_NAMES = ["0.0.0.0", "::", "10.11.12.13", "100.64.1.1", "localhost", "phone.invalid"];

for (const hostname of BOUND_NAMES) {
  Deno.test(`Socks5Socket finds the relay when BND.ADDR is ${hostname}`, async () => {
    await expectEcho({ reply: ({ port }) => craftReply(0, { hostname, port }) });
  });
}

Deno.test("Socks5Socket finds an IPv6 relay at an IPv4 proxy", async () => {
  using relay = UdpSocket.bind({ hostname: "::1", port: 0 });
  const { port } = relay.localAddress;
  await using server = HostileSocks5Server.listen({
    reply: craftReply(0, { hostname: "::1", port }),
  });
  using socket = await open(server.address);
  socket.send(packetOf(5), socket.target);
  const slots = createSlots(1);
  assert.equal(await relay.receive(slots), 1);
  relay.send(slots[0]!.packet, slots[0]!.source);
  assert.equal(await socket.receive(slots), 1);
  assert.deepEqual([...slots[0]!.packet.toBytes()], [5]);
});

Deno.test("Socks5Socket works with a proxy on IPv6", async () => {
  await expectEcho({
    hostname: "::1",
    reply: ({ port }) => craftReply(0, { hostname: "::", port }),
  });
});

Deno.test("Socks5Socket works when every answer comes byte by byte", async () => {
  await expectEcho({ isByteByByte: true, methodReply: Uint8Array.of(5, 2) });
});

Deno.test("Socks5Socket bears with a few bytes after the reply", async () => {
  await expectEcho({ reply: (relay) => Uint8Array.of(...craftReply(0, relay), ...garbage(100)) });
});

Deno.test("Socks5Socket counts and drops what is not from the relay or not in order", async () => {
  const drops = new DropCounters();
  const source = { hostname: "192.0.2.9", port: 4000 };
  await using server = HostileSocks5Server.listen({
    onDatagram: (bytes, { relay, stranger }) => {
      stranger(bytes);
      stranger(new Uint8Array(0));
      relay(new Uint8Array(0));
      relay(Uint8Array.of(0, 0, 0, 1, 1, 2, 3));
      relay(Uint8Array.of(0, 0, 1, 1, 192, 0, 2, 9, 15, 160, 7));
      relay(garbage(1_400));
      relay(craftRelayed(source, Uint8Array.of(1)));
      stranger(craftRelayed(source, Uint8Array.of(99)));
      relay(craftRelayed({ hostname: "2001:db8::9", port: 1 }, Uint8Array.of(2)));
      relay(craftRelayed({ hostname: "master.example", port: 1 }, Uint8Array.of(3)));
    },
  });
  using socket = await open(server.address, { drops });
  socket.send(packetOf(1), socket.target);
  const slots = createSlots(4);
  const got: number[] = [];
  while (got.length < 3) {
    const received = await socket.receive(slots);
    assert.ok(received > 0);
    for (const { packet, source } of slots.slice(0, received)) {
      got.push(...packet.toBytes());
      assert.deepEqual(source, socket.target);
    }
  }
  assert.deepEqual(got, [1, 2, 3]);
  assert.equal(drops.get(DropReason.SOCKS_FRAGMENT), 1);
  assert.equal(drops.get(DropReason.BAD_SOCKS_HEADER), 3);
  assert.ok(drops.get(DropReason.WRONG_SOURCE) >= 2);
});

Deno.test("Socks5Socket is down at once when the control connection ends", async () => {
  await using server = Socks5Server.listen();
  using socket = await open(server.address);
  const receiving = socket.receive(createSlots(1));
  while (server.relays.length === 0) await nextTurn();
  server.disconnectAll();
  assert.equal(await receiving, 0);
  assert.ok(socket.failure instanceof SocksError);
  assert.match(socket.failure.message, /control connection/);
  assert.equal(socket.send(packetOf(1), socket.target), DropReason.CLOSED);
});

Deno.test("Socks5Socket is down when the proxy closes right after its reply", async () => {
  await using server = HostileSocks5Server.listen({ afterReply: "close" });
  using socket = await open(server.address);
  assert.equal(await socket.receive(createSlots(1)), 0);
  assert.match(socket.failure?.message ?? "", /closed its control connection/);
});

Deno.test("Socks5Socket gives up a proxy that babbles on the control connection", async () => {
  await using server = HostileSocks5Server.listen({ afterReply: "babble" });
  using socket = await open(server.address);
  assert.equal(await socket.receive(createSlots(1)), 0);
  assert.match(socket.failure?.message ?? "", /sent data where none belongs/);
});

Deno.test("Socks5Socket.close ends the association at the proxy", async () => {
  await using server = Socks5Server.listen();
  const socket = await open(server.address);
  while (server.relays.length === 0) await nextTurn();
  socket.close();
  while (server.relays.length > 0) await nextTurn();
  assert.equal(socket.failure, null);
});

Deno.test("Socks5Socket sends an international name in its ASCII form", async () => {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  await using server = HostileSocks5Server.listen({
    onDatagram: (bytes) => resolve(bytes.slice()),
  });
  using socket = await open(server.address, { target: { host: "bücher.example", port: 80 } });
  socket.send(packetOf(), socket.target);
  const name = "xn--bcher-kva.example";
  assert.deepEqual(
    [...await promise],
    [...craftRelayed({ hostname: name, port: 80 }, new Uint8Array(0))],
  );
  assert.equal(socket.target.hostname, "bücher.example");
});

interface OpenOptions {
  readonly target?: HostPort;
  readonly credentials?: { username: string; password: string };
  readonly drops?: DropCounters;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

function open(proxy: NetAddress, options: OpenOptions = {}): Promise<Socks5Socket> {
  const { credentials, target = TARGET, drops = new DropCounters(), signal, timeoutMs } = options;
  const address = { host: proxy.hostname, port: proxy.port };
  return Socks5Socket.open({
    proxy: credentials ? { ...address, credentials } : address,
    target,
    drops,
    bindUdp: UdpSocket.bind,
    signal,
    timeoutMs,
  });
}

/** What a good server's refusal becomes. */
async function refusal(server: Socks5ServerOptions, options?: OpenOptions): Promise<SocksError> {
  await using listening = Socks5Server.listen(server);
  try {
    (await open(listening.address, options)).close();
  } catch (error) {
    if (error instanceof SocksError) return error;
    throw error;
  }
  throw new Error("open succeeded");
}

/** Opens, sends a datagram, and gets it back from the relay. */
async function expectEcho(behaviour: HostileBehaviour): Promise<void> {
  await using server = HostileSocks5Server.listen(behaviour);
  using socket = await open(server.address, { credentials: CREDENTIALS });
  assert.equal(socket.send(packetOf(1, 2, 3), socket.target), 0);
  const [slot] = createSlots(1);
  assert.equal(await socket.receive([slot!]), 1, socket.failure?.message);
  assert.deepEqual([...slot!.packet.toBytes()], [1, 2, 3]);
}

function packetOf(...bytes: number[]): Packet {
  const packet = new Packet(1_500);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

function garbage(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => 143 + 31 * i);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Lets the event loop turn once; used only inside a loop that waits for a condition. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
