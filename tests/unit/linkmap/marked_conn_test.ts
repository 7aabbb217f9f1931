import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { MarkedConn } from "../../../src/linkmap/marked_conn.ts";
import { Reactor } from "../../../src/reactor.ts";
import { reactorsSettled } from "../../../src/wait_loop.ts";
import { countOpenFds } from "../../support/open_fds.ts";

const HOST = "127.0.0.1";
const ignore = Deno.build.os !== "linux" || Deno.uid() !== 0; // a mark needs CAP_NET_ADMIN

function dial(port: number, signal = new AbortController().signal): Promise<MarkedConn> {
  return MarkedConn.dial({ hostname: HOST, port }, signal, { mark: 0x62, reactor: new Reactor() });
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name,
    ignore,
    fn: async () => {
      await fn();
      await reactorsSettled();
    },
  });
}

test("MarkedConn carries bytes both ways, waits for them, and tells the end", async () => {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const [conn, peer] = await Promise.all([dial(listener.addr.port), listener.accept()]);
  using _peer = peer;
  assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: HOST, port: listener.addr.port });
  assert.deepEqual(conn.localAddr, { ...peer.remoteAddr });
  conn.setNoDelay(true);
  conn.setKeepAlive(true);
  const buffer = new Uint8Array(4);
  assert.equal(await conn.write(Uint8Array.of(1, 2, 3)), 3);
  assert.equal(await peer.read(buffer), 3);
  const reading = conn.read(buffer);
  await peer.write(Uint8Array.of(4, 5, 6, 7, 8, 9));
  assert.equal(await reading, 4);
  assert.deepEqual([...buffer], [4, 5, 6, 7]);
  assert.equal(await conn.read(buffer), 2);
  await peer.closeWrite();
  assert.equal(await conn.read(buffer), null);
  conn.close();
});

test("MarkedConn.write takes what there is room for, and the rest when the other end has read", async () => {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const [conn, peer] = await Promise.all([dial(listener.addr.port), listener.accept()]);
  using _peer = peer;
  const totalBytes = 20_000_000;
  const bytes = new Uint8Array(100_000).map((_, i) => i * 7);
  const writing = (async () => {
    for (let sent = 0; sent < totalBytes;) {
      const at = sent % bytes.length;
      sent += await conn.write(bytes.subarray(at, Math.min(bytes.length, at + totalBytes - sent)));
    }
  })();
  const buffer = new Uint8Array(65_536);
  for (let got = 0; got < totalBytes;) {
    const count = await peer.read(buffer);
    assert.ok(count !== null);
    for (let i = 0; i < count; i += 997) {
      assert.equal(buffer[i], bytes[(got + i) % bytes.length], `byte ${got + i}`);
    }
    got += count;
  }
  await writing;
  conn.close();
});

test("MarkedConn ends a pending read when it is closed, and leaves nothing open", async () => {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const before = countOpenFds();
  const [conn, peer] = await Promise.all([dial(listener.addr.port), listener.accept()]);
  const reading = conn.read(new Uint8Array(1));
  conn.close();
  conn.close();
  await assert.rejects(reading, Deno.errors.BadResource);
  await assert.rejects(conn.write(new Uint8Array(1)), Deno.errors.BadResource);
  peer.close();
  await reactorsSettled();
  assert.equal(countOpenFds(), before);
});

test("MarkedConn.dial says with Deno's error that nobody listens, and gives up when its signal fires", async () => {
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = listener.addr;
  listener.close();
  const before = countOpenFds();
  await assert.rejects(dial(port), Deno.errors.ConnectionRefused);
  const abort = new AbortController();
  abort.abort(new Error("enough"));
  await assert.rejects(dial(port, abort.signal), /enough/);
  assert.equal(countOpenFds(), before);
});
