import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { findSocksPort } from "../../../src/hotplug/socks_probe.ts";
import { Socks5Server } from "../../support/socks5_server.ts";

/** Which of these ports of loopback is found. */
async function find(...ports: number[]): Promise<number | null> {
  const { signal } = new AbortController();
  return await findSocksPort({ device: "lo", host: "127.0.0.1", ports, signal });
}

Deno.test("findSocksPort finds a proxy that relays UDP, and the first of two", async () => {
  await using one = Socks5Server.listen();
  await using two = Socks5Server.listen();
  using closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const none = closed.addr.port;
  closed.close();
  assert.equal(await find(none, one.address.port, two.address.port), one.address.port);
  assert.equal(await find(none), null, "refused");
});

Deno.test("findSocksPort wants neither a proxy without UDP, nor one with a password, nor something else", async () => {
  for (const options of [{ udp: "refuse" }, { udp: "hangUp" }] as const) {
    await using server = Socks5Server.listen(options);
    assert.equal(await find(server.address.port), null, JSON.stringify(options));
  }
  await using locked = Socks5Server.listen({ credentials: { username: "u", password: "p" } });
  assert.equal(await find(locked.address.port), null);
  using web = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answering = (async () => {
    using conn = await web.accept();
    await conn.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  })();
  assert.equal(await find(web.addr.port), null);
  await answering;
});

Deno.test("findSocksPort gives up a silent port after a moment, and at once when it is ended", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr;
  const startMs = performance.now();
  assert.equal(await find(port), null);
  const tookMs = performance.now() - startMs;
  assert(tookMs >= 1_400 && tookMs < 4_000, `${tookMs} ms`);
  const signal = AbortSignal.abort();
  assert.equal(
    await findSocksPort({ device: "lo", host: "127.0.0.1", ports: [port], signal }),
    null,
  );
  assert(performance.now() - startMs - tookMs < 1_000);
});

Deno.test("findSocksPort finds nothing by an interface that is not there", async () => {
  await using server = Socks5Server.listen();
  const { signal } = new AbortController();
  const ports = [server.address.port];
  assert.equal(await findSocksPort({ device: "nope0", host: "127.0.0.1", ports, signal }), null);
});
