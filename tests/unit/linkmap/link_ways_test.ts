import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { CandidateRotation } from "../../../src/linkmap/candidate_rotation.ts";
import { createLinkOpener, type OpenedLink } from "../../../src/linkmap/link_opener.ts";
import type { LinkSpec } from "../../../src/linkmap/link_spec.ts";
import type { LinkWays } from "../../../src/linkmap/link_ways.ts";
import { resolveHost } from "../../../src/linkmap/resolve.ts";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import { DEFAULT_LINK_SETTINGS } from "../../../src/multiplexer/link_settings.ts";
import { DropCounters } from "../../../src/wire/drop_reason.ts";
import { Socks5Server } from "../../support/socks5_server.ts";

const HOST = "127.0.0.1";

/** Writes down what links tell; refuses a protocol when it is told to. */
class RecordingWays implements LinkWays {
  readonly told: string[] = [];
  readonly resolved: string[] = [];
  refused: string | null = null;
  ended = 0;

  readonly resolve: LinkWays["resolve"] = (target, options) => {
    this.resolved.push(target.host);
    return resolveHost(target, options);
  };

  readonly lease: LinkWays["lease"] = () => ({
    add: ({ hostname, port }, transport) => {
      if (transport === this.refused) return Promise.reject(new Error("No way"));
      this.told.push(`${transport} ${hostname}:${port}`);
      return Promise.resolve();
    },
    [Symbol.dispose]: () => void this.ended++,
  });
}

function open(ways: LinkWays, spec: Pick<LinkSpec, "proxy" | "targets">): Promise<OpenedLink> {
  const link = { id: 1, name: "phone", allowsTcp: true, settings: DEFAULT_LINK_SETTINGS, ...spec };
  const opener = createLinkOpener(new DropCounters(), UdpSocket.bind, false, ways);
  const attempt = { rotation: new CandidateRotation(link), nowMs: 0 };
  return opener(link, attempt, new AbortController().signal);
}

Deno.test("A direct link tells its target, until it is disposed of", async () => {
  const ways = new RecordingWays();
  const { socket, lease } = await open(ways, { proxy: null, targets: [{ host: HOST, port: 9 }] });
  assert.deepEqual(ways.told, [`udp ${HOST}:9`]);
  assert.deepEqual(ways.resolved, [HOST]);
  assert.equal(ways.ended, 0);
  socket.close();
  lease?.[Symbol.dispose]();
  assert.equal(ways.ended, 1);
});

Deno.test("A link by a proxy tells the proxy and the relay that it names, not the target", async () => {
  await using server = Socks5Server.listen({});
  const { hostname, port } = server.address;
  const ways = new RecordingWays();
  const targets = [{ host: "192.0.2.1", port: 9 }];
  const { socket } = await open(ways, { proxy: { host: hostname, port }, targets });
  assert.equal(ways.told[0], `tcp ${hostname}:${port}`);
  assert.match(ways.told[1]!, /^udp 127\.0\.0\.1:\d+$/);
  assert.equal(ways.told.length, 2);
  assert.deepEqual(ways.resolved, [hostname]);
  socket.close();
});

Deno.test("A link whose way is refused is not opened, and its lease ends", async () => {
  await using server = Socks5Server.listen({});
  const { hostname, port } = server.address;
  const targets = [{ host: HOST, port: 9 }];
  for (const refused of ["tcp", "udp"]) {
    const ways = new RecordingWays();
    ways.refused = refused;
    await assert.rejects(open(ways, { proxy: { host: hostname, port }, targets }), /No way/);
    assert.equal(ways.ended, 1);
  }
});
