import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { CandidateRotation, UDP_RETRY_MS } from "../../../src/linkmap/candidate_rotation.ts";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import { createLinkOpener, type OpenedLink } from "../../../src/linkmap/link_opener.ts";
import type { LinkSpec } from "../../../src/linkmap/link_spec.ts";
import { SocksError } from "../../../src/linkmap/socks_error.ts";
import { DEFAULT_LINK_SETTINGS } from "../../../src/multiplexer/link_settings.ts";
import type { HostPort } from "../../../src/net_address.ts";
import { DropCounters } from "../../../src/wire/drop_reason.ts";
import { Socks5Server, type Socks5ServerOptions } from "../../support/socks5_server.ts";

const HOST = "127.0.0.1";

/** A link whose openings the test looks at, one by one. */
class Openings {
  readonly rotation: CandidateRotation;
  nowMs = 0;
  readonly #spec: LinkSpec;
  readonly #open = createLinkOpener(new DropCounters(), UdpSocket.bind);
  readonly #signal = new AbortController().signal;

  constructor(spec: Partial<LinkSpec> & { readonly targets: readonly HostPort[] }) {
    this.#spec = {
      id: 1,
      name: "phone",
      allowsTcp: true,
      proxy: null,
      settings: DEFAULT_LINK_SETTINGS,
      ...spec,
    };
    this.rotation = new CandidateRotation(this.#spec);
  }

  open(): Promise<OpenedLink> {
    return this.#open(this.#spec, this, this.#signal);
  }

  /** Opens, closes, and says what it was, e.g. `udp 127.0.0.1:4321`; as if nothing was heard. */
  async openUnheard(): Promise<string> {
    try {
      const { socket, remote, transport } = await this.open();
      assert.equal(socket.transport, transport);
      socket.close();
      this.rotation.handleFailed();
      return `${transport} ${remote.hostname}:${remote.port}`;
    } catch (error) {
      assert(error instanceof Error);
      return error.message;
    }
  }
}

/** A master's TCP port: takes every connection and says nothing. */
function listenTcp(): { readonly port: number; close(): Promise<void> } {
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  const conns: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const conn of listener) conns.push(conn);
  })();
  return {
    port: listener.addr.port,
    close: async () => {
      listener.close();
      await accepting;
      for (const conn of conns) conn.close();
    },
  };
}

/** Runs a test with a proxy and a master's TCP port behind it. */
async function withProxy(
  options: Socks5ServerOptions,
  body: (
    rig: { readonly server: Socks5Server; readonly proxy: HostPort; readonly port: number },
  ) => Promise<void>,
): Promise<void> {
  await using server = Socks5Server.listen(options);
  const master = listenTcp();
  try {
    const proxy = { host: server.address.hostname, port: server.address.port };
    await body({ server, proxy, port: master.port });
  } finally {
    await master.close();
  }
}

Deno.test("A direct link tries all addresses of all targets over UDP, twice, then over TCP", async () => {
  const master = listenTcp();
  const { port } = master;
  const targets = [{ host: HOST, port }, { host: "127.0.0.2", port: 9 }, { host: HOST, port }];
  const openings = new Openings({ targets });
  const ways: string[] = [];
  for (let i = 0; i < 5; i++) ways.push(await openings.openUnheard());
  assert.deepEqual(ways, [
    `udp ${HOST}:${port}`,
    "udp 127.0.0.2:9",
    `udp ${HOST}:${port}`,
    "udp 127.0.0.2:9",
    `tcp ${HOST}:${port}`,
  ]);
  await master.close();
});

Deno.test("A direct link goes on to the next way when nobody listens on TCP", async () => {
  const closed = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = closed.addr;
  closed.close();
  const openings = new Openings({ targets: [{ host: HOST, port }] });
  for (let i = 0; i < 2; i++) await openings.openUnheard();
  assert.match(await openings.openUnheard(), /^Cannot connect to .* over TCP: ECONNREFUSED/);
  assert.equal(await openings.openUnheard(), `udp ${HOST}:${port}`);
});

Deno.test("A direct link leaves out a target that does not resolve", async () => {
  const openings = new Openings({
    targets: [{ host: "nowhere.invalid", port: 1 }, { host: HOST, port: 9 }],
    allowsTcp: false,
  });
  const { socket, remote, alternatives } = await openings.open();
  assert.deepEqual(remote, { hostname: HOST, port: 9 });
  assert.equal(alternatives, 0);
  socket.close();
});

Deno.test("A direct link says that its target does not resolve, and loses no turn", async () => {
  const openings = new Openings({ targets: [{ host: "nowhere.invalid", port: 1 }] });
  await assert.rejects(openings.open(), /^Error: Cannot resolve "nowhere\.invalid:1"/);
  assert.equal(openings.rotation.hasFreshWay, false);
});

Deno.test("A link over a proxy that relays UDP goes over UDP", async () => {
  await withProxy({}, async ({ proxy, port, server }) => {
    const openings = new Openings({ proxy, targets: [{ host: HOST, port }] });
    assert.equal(await openings.openUnheard(), `udp ${HOST}:${port}`);
    assert.deepEqual(server.requests.map(({ command }) => command), [3]);
  });
});

for (const udp of ["refuse", "forbid"] as const) {
  Deno.test(`A link over a proxy that answers UDP ASSOCIATE by ${udp} goes over TCP at once, and keeps to it`, async () => {
    await withProxy({ udp }, async ({ proxy, port, server }) => {
      const openings = new Openings({ proxy, targets: [{ host: HOST, port }] });
      const { socket, remote, transport, alternatives } = await openings.open();
      assert.equal(transport, "tcp");
      assert.deepEqual(remote, { hostname: HOST, port });
      assert.equal(alternatives, 0);
      assert.equal(socket.label, `tcp via socks5 ${proxy.host}:${proxy.port}`);
      socket.close();
      const requests = server.requests.length;
      openings.nowMs = UDP_RETRY_MS - 1;
      assert.equal(await openings.openUnheard(), `tcp ${HOST}:${port}`);
      assert.deepEqual(server.requests.slice(requests).map(({ command }) => command), [1]);
      openings.nowMs = UDP_RETRY_MS;
      (await openings.open()).socket.close();
      assert(
        server.requests.slice(requests + 1).some(({ command }) => command === 3),
        "asked again",
      );
    });
  });
}

for (const udp of ["fail", "hangUp"] as const) {
  Deno.test(`A link over a proxy that answers UDP ASSOCIATE by ${udp} goes over TCP after two tries`, async () => {
    await withProxy({ udp }, async ({ proxy, port }) => {
      const openings = new Openings({ proxy, targets: [{ host: HOST, port }] });
      await assert.rejects(openings.open(), SocksError);
      await assert.rejects(openings.open(), SocksError);
      assert.equal(await openings.openUnheard(), `tcp ${HOST}:${port}`);
      assert.equal(openings.rotation.isUdpRefused(0), false);
    });
  });
}

Deno.test("A link over a proxy that relays nothing goes over TCP after two associations", async () => {
  await withProxy({}, async ({ proxy, port }) => {
    const openings = new Openings({ proxy, targets: [{ host: HOST, port }] });
    const ways: string[] = [];
    for (let i = 0; i < 3; i++) ways.push(await openings.openUnheard());
    assert.deepEqual(ways, [`udp ${HOST}:${port}`, `udp ${HOST}:${port}`, `tcp ${HOST}:${port}`]);
  });
});

Deno.test("A link that may not use TCP says that the proxy refuses UDP", async () => {
  await withProxy({ udp: "refuse" }, async ({ proxy, port, server }) => {
    const openings = new Openings({ proxy, targets: [{ host: HOST, port }], allowsTcp: false });
    for (let i = 0; i < 4; i++) await assert.rejects(openings.open(), /reply 7: .* UDP/);
    assert(server.requests.every(({ command }) => command === 3));
  });
});

Deno.test("A proxy that is away changes no turn", async () => {
  const server = Socks5Server.listen({ udp: "refuse" });
  const proxy = { host: server.address.hostname, port: server.address.port };
  await server.close();
  const openings = new Openings({ proxy, targets: [{ host: HOST, port: 9 }] });
  for (let i = 0; i < 5; i++) {
    assert.match(await openings.openUnheard(), /^Cannot reach SOCKS5 proxy/);
  }
  assert.equal(openings.rotation.next([`${HOST}:9`], 0).transport, "udp");
});

Deno.test("A proxy that refuses the password changes no turn", async () => {
  await withProxy({ credentials: { username: "u", password: "p" } }, async ({ proxy, port }) => {
    const openings = new Openings({ proxy, targets: [{ host: HOST, port }] });
    for (let i = 0; i < 3; i++) assert.match(await openings.openUnheard(), /authentication/);
    assert.equal(openings.rotation.next([`${HOST}:${port}`], 0).transport, "udp");
  });
});
