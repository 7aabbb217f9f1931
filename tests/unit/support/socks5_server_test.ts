/** The in-process SOCKS5 server, spoken to byte by byte: it must not share the client's mistakes. */

import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import type { NetAddress } from "../../../src/net_address.ts";
import { Socks5Server, type Socks5ServerOptions } from "../../support/socks5_server.ts";
import { craftRelayed } from "../../support/socks5_wire.ts";
import { UdpPeer } from "../../support/udp_peer.ts";

Deno.test("Socks5Server relays datagrams between a client and any target", async () => {
  await using association = await associate();
  await using client = new UdpPeer();
  for (const host of ["127.0.0.1", "::1"]) {
    await using target = new UdpPeer(host);
    await client.send(craftRelayed(target.address, Uint8Array.of(1, 2)), association.relay);
    const asked = await target.next();
    assert.deepEqual([...asked.bytes], [1, 2]);
    await target.send(Uint8Array.of(3), asked.source);
    const answer = await client.next();
    assert.deepEqual(answer.bytes, craftRelayed(target.address, Uint8Array.of(3)));
    assert.deepEqual(answer.source, association.relay);
  }
});

Deno.test("Socks5Server resolves a target's name, and loses nothing meanwhile", async () => {
  await using association = await associate();
  await using client = new UdpPeer();
  await using target = new UdpPeer("::");
  const named = { hostname: "localhost", port: target.address.port };
  for (let i = 0; i < 5; i++) {
    await client.send(craftRelayed(named, Uint8Array.of(i)), association.relay);
  }
  for (let i = 0; i < 5; i++) assert.deepEqual([...(await target.next()).bytes], [i]);
});

Deno.test("Socks5Server serves only the first sender, and drops fragments and garbage", async () => {
  await using association = await associate();
  await using client = new UdpPeer();
  await using stranger = new UdpPeer();
  await using target = new UdpPeer();
  const good = (byte: number): Uint8Array => craftRelayed(target.address, Uint8Array.of(byte));
  await client.send(good(1), association.relay);
  await target.next();
  await stranger.send(good(2), association.relay);
  const fragment = good(3);
  fragment[2] = 1;
  await client.send(fragment, association.relay);
  await client.send(Uint8Array.of(0, 0, 0, 9), association.relay);
  await client.send(good(4), association.relay);
  assert.deepEqual([...(await target.next()).bytes], [4]);
  assert.equal(association.server.relays[0]?.dropped, 3);
});

Deno.test("Socks5Server hands every datagram to the emulator, which decides", async () => {
  const held: (() => void)[] = [];
  await using association = await associate({
    emulator: {
      up: (bytes, deliver) => {
        const copy = bytes.slice();
        held.push(() => deliver(copy));
      },
      down: (bytes, deliver) => {
        if (bytes.at(-1) !== 66) deliver(bytes);
      },
    },
  });
  await using client = new UdpPeer();
  await using target = new UdpPeer();
  await client.send(craftRelayed(target.address, Uint8Array.of(1)), association.relay);
  await client.send(craftRelayed(target.address, Uint8Array.of(2)), association.relay);
  while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(target.pending, 0);
  for (const release of held.reverse()) release();
  const first = await target.next();
  assert.deepEqual([...first.bytes, ...(await target.next()).bytes], [2, 1]);
  await target.send(Uint8Array.of(66), first.source);
  await target.send(Uint8Array.of(67), first.source);
  assert.equal((await client.next()).bytes.at(-1), 67);
});

Deno.test("Socks5Server ends an association with its connection", async () => {
  await using association = await associate();
  assert.equal(association.server.relays.length, 1);
  association.conn.close();
  while (association.server.relays.length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
});

Deno.test("Socks5Server connects a stream to a target, both ways to the end", async () => {
  await using server = Socks5Server.listen();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using conn = await Deno.connect(server.address);
  const { port } = listener.addr;
  await conn.write(Uint8Array.of(5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port));
  using target = await listener.accept();
  listener.close();
  const head = await read(conn, 12);
  assert.deepEqual([...head.subarray(0, 6)], [5, 0, 5, 0, 0, 1]);
  await conn.write(Uint8Array.of(1, 2, 3));
  assert.deepEqual([...await read(target, 3)], [1, 2, 3]);
  await target.write(Uint8Array.of(4, 5));
  await target.closeWrite();
  assert.deepEqual([...await read(conn, 2)], [4, 5]);
  assert.equal(await conn.read(new Uint8Array(1)), null);
});

Deno.test("Socks5Server refuses what it is told to refuse", async () => {
  const request = Uint8Array.of(5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, 0, 9);
  await using server = Socks5Server.listen({ connect: "refuse", udp: "refuse" });
  for (const command of [1, 3, 2]) {
    using conn = await Deno.connect(server.address);
    request[4] = command;
    await conn.write(request);
    assert.equal((await read(conn, 12))[3], 7);
    assert.equal(await conn.read(new Uint8Array(1)), null);
  }
});

interface OpenAssociation extends AsyncDisposable {
  readonly server: Socks5Server;
  readonly conn: Deno.TcpConn;
  readonly relay: NetAddress;
}

/** Asks for an association by hand. */
async function associate(options: Socks5ServerOptions = {}): Promise<OpenAssociation> {
  const server = Socks5Server.listen(options);
  const conn = await Deno.connect(server.address);
  await conn.write(Uint8Array.of(5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0));
  const reply = await read(conn, 12);
  assert.deepEqual([...reply.subarray(0, 10)], [5, 0, 5, 0, 0, 1, 127, 0, 0, 1]);
  const relay = { hostname: "127.0.0.1", port: reply[10]! * 256 + reply[11]! };
  return {
    server,
    conn,
    relay,
    [Symbol.asyncDispose]: async () => {
      try {
        conn.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
      await server.close();
    },
  };
}

async function read(conn: Deno.Conn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const n = await conn.read(bytes.subarray(at));
    if (n === null) throw new Error(`the connection ended after ${at} bytes`);
    at += n;
  }
  return bytes;
}
