import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import type { NetAddress } from "../../../src/net_address.ts";
import { EmulatedPhone } from "../../support/emulated_phone.ts";
import { linkProfile } from "../../support/link_profile.ts";
import { Socks5Server } from "../../support/socks5_server.ts";
import { UdpPeer } from "../../support/udp_peer.ts";

/** RSV RSV FRAG ATYP=IPv4 127.0.0.1 port (RFC 1928 §7). */
function socksHeader(port: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff);
}

/** Asks for an association by hand. @returns the relay's address. */
async function associate(conn: Deno.TcpConn): Promise<NetAddress> {
  await conn.write(Uint8Array.of(5, 1, 0));
  const answer = new Uint8Array(10);
  await readFull(conn, answer.subarray(0, 2));
  await conn.write(Uint8Array.of(5, 3, 0, 1, 0, 0, 0, 0, 0, 0));
  await readFull(conn, answer);
  assert.deepEqual([...answer.subarray(0, 4)], [5, 0, 0, 1]);
  return { hostname: "127.0.0.1", port: answer[8]! << 8 | answer[9]! };
}

async function readFull(conn: Deno.TcpConn, into: Uint8Array): Promise<void> {
  for (let at = 0; at < into.length;) {
    const count = await conn.read(into.subarray(at));
    assert.ok(count, "the server closed the connection");
    at += count;
  }
}

Deno.test("EmulatedPhone delays what passes the SOCKS5 server, and weighs it without its header", async () => {
  using phone = new EmulatedPhone({
    up: linkProfile({ delayMs: 30 }),
    down: linkProfile({ delayMs: 20 }),
  });
  await using server = Socks5Server.listen({ emulator: phone });
  await using target = new UdpPeer();
  await using client = new UdpPeer();
  using conn = await Deno.connect(server.address);
  const relay = await associate(conn);

  const sentMs = performance.now();
  const header = socksHeader(target.address.port);
  await client.send(Uint8Array.of(...header, 1, 2, 3), relay);
  const there = await target.next();
  assert.deepEqual(there.bytes, Uint8Array.of(1, 2, 3));
  assert.ok(there.atMs - sentMs >= 30);
  assert.equal(phone.stats().up.sentBytes, 3 + 28);

  await target.send(Uint8Array.of(4, 5), there.source);
  const back = await client.next();
  assert.deepEqual(back.bytes, Uint8Array.of(...header, 4, 5));
  assert.ok(back.atMs - there.atMs >= 20);
  assert.equal(phone.stats().down.sentBytes, 2 + 28);
});

Deno.test("EmulatedPhone that is cut carries nothing while the SOCKS5 connection stays open", async () => {
  using phone = new EmulatedPhone({ up: linkProfile(), down: linkProfile() });
  await using server = Socks5Server.listen({ emulator: phone });
  await using target = new UdpPeer();
  await using client = new UdpPeer();
  using conn = await Deno.connect(server.address);
  const relay = await associate(conn);
  const header = socksHeader(target.address.port);

  phone.control({ cut: true });
  await client.send(Uint8Array.of(...header, 1), relay);
  while (phone.stats().up.refusedDownPkts === 0) {
    await new Promise((resolve) => setTimeout(resolve, 0)); // one turn of the event loop
  }
  phone.control({ cut: false });
  await client.send(Uint8Array.of(...header, 2), relay);
  assert.deepEqual((await target.next()).bytes, Uint8Array.of(2));
});
