import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import type { InitiatedHandler, ListenedHandler } from "../../../src/linkmap/datagram_handler.ts";
import type { DatagramSocket } from "../../../src/linkmap/datagram_socket.ts";
import { Link } from "../../../src/linkmap/link.ts";
import { LinkMap } from "../../../src/linkmap/link_map.ts";
import type { LinkOpener } from "../../../src/linkmap/link_opener.ts";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import { formatAddress, type NetAddress } from "../../../src/net_address.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { FAKE_PEER, FakeLinkPeer, fakeLinkSpec, settle } from "../../support/fake_link_peer.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

/** A link map with a clock that the test moves, and a handler that writes down what it is told. */
class End implements AsyncDisposable, InitiatedHandler, ListenedHandler {
  now = 0;
  heardMs = Number.NEGATIVE_INFINITY;
  intervalMs = 1_000;
  /** What the handler returns. */
  verdict = 0;
  readonly told: string[] = [];
  readonly drops = new DropCounters();
  readonly logger = new RecordingLogger();
  readonly linkMap: LinkMap;

  constructor(open: LinkOpener) {
    this.linkMap = new LinkMap({
      open,
      bindUdp: UdpSocket.bind,
      drops: this.drops,
      logger: this.logger,
      clock: () => this.now,
      rng: () => 0.5,
    });
  }

  open(linkId: number): Link {
    const spec = fakeLinkSpec(linkId);
    const link = new Link({ ...spec, isInitiator: true });
    this.linkMap.keepOpen(link, spec, this);
    return link;
  }

  handleInitiated(link: Link, packet: Packet, now: number): number {
    this.told.push(`link ${link.id} brought ${packet.toBytes()} at ${now}`);
    return this.verdict;
  }

  handleListened(_: DatagramSocket, source: NetAddress, packet: Packet, now: number): number {
    this.told.push(`${formatAddress(source)} sent ${packet.toBytes()} at ${now}`);
    return this.verdict;
  }

  handleLinkOpen(link: Link, now: number): void {
    this.told.push(`link ${link.id} open at ${now}`);
  }

  handleLinkClosed(link: Link, now: number): void {
    this.told.push(`link ${link.id} closed at ${now}: ${link.reason}`);
  }

  handleSocketClosed(socket: DatagramSocket, now: number): void {
    this.told.push(`${socket.label} closed at ${now}`);
  }

  lastHeardMs(): number {
    return this.heardMs;
  }

  askIntervalMs(): number {
    return this.intervalMs;
  }

  isAuthentic(): boolean {
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.linkMap.close();
  }
}

Deno.test("LinkMap.keepOpen says that a link is being opened", async () => {
  using peer = new FakeLinkPeer();
  await using end = new End(peer.open);
  const link = end.open(7);
  assert.deepEqual([link.socket, link.reason], [null, "opening"]);
});

Deno.test("LinkMap.keepOpen opens the link towards its peer and says so", async () => {
  using peer = new FakeLinkPeer();
  await using end = new End(peer.open);
  end.now = 5;
  const link = end.open(7);
  await settle(() => end.told.length > 0);
  assert.deepEqual(end.told, ["link 7 open at 5"]);
  assert.equal(link.remote, formatAddress(FAKE_PEER));
  const packet = new Packet();
  packet.fill(Uint8Array.of(1, 2));
  assert.equal(link.transmit(packet), 2);
  assert.deepEqual([...(await peer.next()).bytes], [1, 2]);
});

Deno.test("LinkMap hands on what a link brings, with the time", async () => {
  using peer = new FakeLinkPeer();
  await using end = new End(peer.open);
  end.open(1);
  end.open(2);
  await settle(() => end.told.length === 2);
  end.told.length = 0;
  end.now = 30;
  peer.send(Uint8Array.of(9), peer.opened[1]!.localAddress);
  await settle(() => end.told.length === 1);
  peer.send(Uint8Array.of(8), peer.opened[0]!.localAddress);
  await settle(() => end.told.length === 2);
  assert.deepEqual(end.told, ["link 2 brought 9 at 30", "link 1 brought 8 at 30"]);
  assert.equal(end.drops.total(), 0);
});

Deno.test("LinkMap counts what its handler drops", async () => {
  using peer = new FakeLinkPeer();
  await using end = new End(peer.open);
  end.open(1);
  await settle(() => end.told.length === 1);
  end.verdict = DropReason.NOT_AUTHENTIC;
  peer.send(Uint8Array.of(9), peer.opened[0]!.localAddress);
  await settle(() => end.drops.total() === 1);
  assert.equal(end.drops.get(DropReason.NOT_AUTHENTIC), 1);
});

Deno.test("LinkMap hands on nothing from an address that the link does not lead to", async () => {
  using peer = new FakeLinkPeer();
  await using end = new End(peer.open);
  end.open(1);
  await settle(() => end.told.length === 1);
  using stranger = peer.network.bind({ hostname: "192.0.2.66", port: 1 });
  const packet = new Packet();
  packet.fill(Uint8Array.of(1));
  stranger.send(packet, peer.opened[0]!.localAddress);
  await settle(() => end.drops.total() === 1);
  assert.equal(end.drops.get(DropReason.WRONG_SOURCE), 1);
  assert.equal(end.told.length, 1);
});

Deno.test("LinkMap opens a link anew after its socket failed, with the same id", async () => {
  using peer = new FakeLinkPeer();
  await using end = new End(peer.open);
  const link = end.open(4);
  await settle(() => end.told.length === 1);
  peer.opened[0]!.fail(new Error("control connection closed"));
  await settle(() => end.told.length === 2);
  assert.deepEqual([link.socket, link.reason], [null, "control connection closed"]);
  // After a real wait of half a second.
  await awaitCondition("open again", () => end.told.length === 3, { intervalMs: 10 });
  assert.deepEqual(end.told, [
    "link 4 open at 0",
    "link 4 closed at 0: control connection closed",
    "link 4 open at 0",
  ]);
  assert.equal(link.socket, peer.opened[1]);
  assert.equal(link.reconnects, 1);
});

Deno.test("LinkMap tells the same failure once and goes on trying", async () => {
  let attempts = 0;
  await using end = new End(() => {
    attempts++;
    return Promise.reject(new Error("proxy away"));
  });
  const link = end.open(1);
  await awaitCondition("three attempts", () => attempts >= 3, { intervalMs: 10 });
  assert.equal(end.logger.count("warn Link down"), 1);
  assert.equal(link.reason, "proxy away");
});

Deno.test("LinkMap gives up a socket over which nothing came for ten seconds", async () => {
  using peer = new FakeLinkPeer();
  await using end = new End(peer.open);
  const link = end.open(1);
  await settle(() => end.told.length === 1);
  end.now = 9_999;
  end.linkMap.handleTimeout(end.now);
  assert.equal(link.socket, peer.opened[0]);
  assert.equal(end.linkMap.nextTimeout(), 10_999, "links are looked at once a second");
  end.now = 11_000;
  end.linkMap.handleTimeout(end.now);
  await settle(() => link.socket === null);
  assert.match(link.reason, /Nothing heard from 192\.0\.2\.100:4321/);
});

Deno.test("LinkMap keeps a socket whose link the handler has heard", async () => {
  using peer = new FakeLinkPeer();
  await using end = new End(peer.open);
  const link = end.open(1);
  await settle(() => end.told.length === 1);
  end.heardMs = 5_000;
  end.now = 14_000;
  end.linkMap.handleTimeout(end.now);
  for (let i = 0; i < 100; i++) await Promise.resolve();
  assert.equal(link.socket, peer.opened[0]);
});

Deno.test("LinkMap waits longer for a link that is asked rarely, once it was heard", async () => {
  using peer = new FakeLinkPeer();
  await using end = new End(peer.open);
  end.intervalMs = 20_000;
  const link = end.open(1);
  await settle(() => end.told.length === 1);
  end.heardMs = 5_000;
  end.now = 54_000;
  end.linkMap.handleTimeout(end.now);
  await settle(() => true);
  assert.equal(link.socket, peer.opened[0]);
  end.now = 55_000;
  end.linkMap.handleTimeout(end.now);
  await settle(() => link.socket === null);
});

Deno.test("LinkMap.close ends a link that is waiting for its next attempt", async () => {
  const end = new End(() => Promise.reject(new Error("proxy away")));
  end.open(1);
  await settle(() => end.logger.count("warn Link down") === 1);
  assert.equal(end.linkMap.isClosing, false);
  await end.linkMap.close();
  assert.equal(end.linkMap.isClosing, true);
});

Deno.test("LinkMap.startListener hands on what anyone sends, and tells when a socket is gone", async () => {
  await using end = new End(() => Promise.reject(new Error("a master opens nothing")));
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  const listen = { host: "127.0.0.1", port: freePort() };
  const terms = { excludedInterface: "none", allowsTcp: false };
  await end.linkMap.startListener(listen, terms, end);
  assert.deepEqual(end.linkMap.listenAddresses, [`127.0.0.1:${listen.port}`]);
  end.now = 3;
  const packet = new Packet();
  packet.fill(Uint8Array.of(7));
  socket.send(packet, { hostname: "127.0.0.1", port: listen.port });
  await awaitCondition("arrival", () => end.told.length === 1, { intervalMs: 1 });
  assert.deepEqual(end.told, [`${formatAddress(socket.localAddress)} sent 7 at 3`]);
  end.now = 4;
  await end.linkMap.close();
  assert.deepEqual(end.told.slice(1), [`udp 127.0.0.1:${listen.port} closed at 4`]);
  assert.deepEqual(end.linkMap.listenAddresses, []);
});

/** A port that was free a moment ago. */
function freePort(): number {
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  return socket.localAddress.port;
}
