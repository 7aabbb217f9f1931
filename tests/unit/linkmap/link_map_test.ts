import assert from "node:assert/strict";
import { LinkMap } from "../../../src/linkmap/link_map.ts";
import type { LinkOpener } from "../../../src/linkmap/link_opener.ts";
import type { LinkSpec } from "../../../src/linkmap/link_spec.ts";
import type { NetAddress } from "../../../src/net_address.ts";
import { Multiplexer } from "../../../src/multiplexer/multiplexer.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { checkIpPacket } from "../../../src/wire/ip_packet.ts";
import { encodeLegacyControl } from "../../../src/wire/legacy_control.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { FakeDatagramSocket, FakeNetwork } from "../../support/fake_datagram_socket.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

const MASTER = { hostname: "192.0.2.100", port: 4321 };

/** One end with a link map, a clock that the test moves, and what came out of the tunnel. */
class End implements AsyncDisposable {
  now = 0;
  readonly drops = new DropCounters();
  readonly logger = new RecordingLogger();
  readonly delivered: Uint8Array[] = [];
  readonly multiplexer: Multiplexer;
  readonly linkMap: LinkMap;

  constructor(open: LinkOpener = neverOpen) {
    this.multiplexer = new Multiplexer({
      rng: () => 0.5,
      deliver: (packet) => {
        const verdict = checkIpPacket(packet);
        if (verdict === 0) this.delivered.push(packet.toBytes().slice());
        return verdict;
      },
    });
    this.linkMap = new LinkMap({
      multiplexer: this.multiplexer,
      open,
      drops: this.drops,
      verifyData: checkIpPacket,
      logger: this.logger,
      clock: () => this.now,
      rng: () => 0.5,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.linkMap.close();
  }
}

/** The far side of a slave's links: bare sockets that the test reads and writes. */
class FakePeer implements Disposable {
  readonly network = new FakeNetwork();
  readonly socket = this.network.bind(MASTER);
  /** Sockets that were opened for links, in order. */
  readonly opened: FakeDatagramSocket[] = [];
  #nextPort = 1_000;

  /** Opens links on the fake network. */
  readonly open: LinkOpener = () => {
    const socket = this.network.bind({ hostname: "192.0.2.1", port: this.#nextPort++ });
    this.opened.push(socket);
    return Promise.resolve({ socket, remote: MASTER, alternatives: 0 });
  };

  send(bytes: Uint8Array, dst: NetAddress): void {
    const packet = new Packet();
    packet.fill(bytes);
    assert.equal(this.socket.send(packet, dst), 0);
  }

  /** The next datagram for the master. */
  async next(): Promise<{ bytes: Uint8Array; source: NetAddress }> {
    const slot = { packet: new Packet(), source: MASTER as NetAddress };
    assert.equal(await this.socket.receive([slot]), 1);
    return { bytes: slot.packet.toBytes().slice(), source: slot.source };
  }

  [Symbol.dispose](): void {
    this.socket.close();
    for (const socket of this.opened) socket.close();
  }
}

const neverOpen: LinkOpener = () => Promise.reject(new Error("not in this test"));

function spec(id: number): LinkSpec {
  return { id, name: `phone${id}`, target: { host: "master", port: 4321 }, proxy: null };
}

function controlDatagram(linkId: number, seqNo: number): Uint8Array {
  const packet = new Packet(4_096);
  encodeLegacyControl({ seqNo, received: new Map() }, packet);
  return Uint8Array.of(0x42, 0x4c, 0x43, linkId, ...packet.toBytes());
}

/** A minimal IPv4 packet that differs by `mark`. */
function ipPacket(mark: number): Uint8Array {
  const bytes = new Uint8Array(20);
  bytes.set([0x45, 0, 0, 20, 0, mark]);
  return bytes;
}

function dataDatagram(linkId: number, payload: Uint8Array): Uint8Array {
  return Uint8Array.of(0x42, 0x4c, 0x44, linkId, ...payload);
}

/** Lets what was sent arrive: fake sockets need a few turns of the microtask queue. */
async function settle(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (condition()) return;
    await Promise.resolve();
  }
  assert(condition(), "did not happen");
}

Deno.test("LinkMap.initiateLink opens the link and greets the peer at once", async () => {
  using peer = new FakePeer();
  await using end = new End(peer.open);
  end.linkMap.initiateLink(spec(7));
  const { bytes } = await peer.next();
  assert.deepEqual([...bytes.subarray(0, 4)], [0x42, 0x4c, 0x43, 7]);
  assert.equal(end.linkMap.snapshot(0)[0]!.state, "probing");
});

Deno.test("LinkMap carries packets both ways once the peer was heard", async () => {
  using peer = new FakePeer();
  await using end = new End(peer.open);
  end.linkMap.initiateLink(spec(1));
  const { source } = await peer.next();
  peer.send(controlDatagram(1, 1), source);
  peer.send(dataDatagram(1, ipPacket(9)), source);
  await settle(() => end.delivered.length === 1);
  assert.deepEqual(end.delivered[0], ipPacket(9));
  assert.equal(end.linkMap.snapshot(0)[0]!.state, "up");

  await peer.next(); // the answer to being heard
  const packet = new Packet();
  packet.fill(ipPacket(5));
  assert.equal(end.multiplexer.send(packet, 0), 24);
  assert.deepEqual((await peer.next()).bytes, dataDatagram(1, ipPacket(5)));
});

Deno.test("LinkMap drops what is not for the link, each by its reason", async () => {
  using peer = new FakePeer();
  await using end = new End(peer.open);
  end.linkMap.initiateLink(spec(1));
  const { source } = await peer.next();
  using stranger = peer.network.bind({ hostname: "192.0.2.66", port: 1 });
  const foreign = new Packet();
  foreign.fill(controlDatagram(1, 1));
  stranger.send(foreign, source);
  peer.send(Uint8Array.of(0x42, 0x4c), source);
  peer.send(Uint8Array.of(1, 2, 3, 4, 5), source);
  peer.send(Uint8Array.of(0x42, 0x4c, 0x58, 1, 5), source);
  peer.send(dataDatagram(0, ipPacket(1)), source);
  peer.send(dataDatagram(2, ipPacket(1)), source);
  peer.send(dataDatagram(1, Uint8Array.of(0xff)), source);
  peer.send(dataDatagram(1, new Uint8Array(0)), source);
  peer.send(Uint8Array.of(0x42, 0x4c, 0x43, 1, 9, 9), source);
  await settle(() => end.drops.total() === 9);
  const counts = Object.fromEntries(end.drops.entries());
  assert.deepEqual(counts, {
    wrong_source: 1,
    truncated: 1,
    bad_magic: 1,
    unknown_type: 1,
    bad_link_id: 1,
    link_id_mismatch: 1,
    not_ip: 1,
    empty: 1,
    bad_control: 1,
  });
  assert.equal(end.delivered.length, 0);
  assert.equal(end.linkMap.snapshot(0)[0]!.state, "probing", "garbage is no sign of life");
});

Deno.test("LinkMap does not count the copies of a control packet on other links as drops", async () => {
  using peer = new FakePeer();
  await using end = new End(peer.open);
  end.linkMap.initiateLink(spec(1));
  end.linkMap.initiateLink(spec(2));
  const sources = [(await peer.next()).source, (await peer.next()).source];
  peer.send(controlDatagram(1, 5), sources[0]!);
  peer.send(controlDatagram(2, 5), sources[1]!);
  await settle(() => end.multiplexer.links.every((link) => link.isAlive));
  assert.equal(end.drops.total(), 0);
  peer.send(controlDatagram(2, 4), sources[1]!);
  await settle(() => end.drops.get(DropReason.STALE_CONTROL) === 1);
});

Deno.test("LinkMap opens a link anew after its socket failed, with the same id", async () => {
  using peer = new FakePeer();
  await using end = new End(peer.open);
  end.linkMap.initiateLink(spec(4));
  const first = await peer.next();
  peer.send(controlDatagram(4, 1), first.source);
  await settle(() => end.multiplexer.getLink(4)!.isAlive);
  peer.opened[0]!.fail(new Error("control connection closed"));
  await settle(() => !end.multiplexer.getLink(4)!.isAlive);
  const down = end.linkMap.snapshot(0)[0]!;
  assert.deepEqual([down.state, down.reason], ["connecting", "control connection closed"]);

  await peer.next(); // the answer to being heard, before the failure
  const second = await peer.next(); // after a real wait of half a second
  assert.notDeepEqual(second.source, first.source);
  assert.equal(second.bytes[3], 4);
  assert.equal(end.linkMap.snapshot(0)[0]!.reconnects, 1);
});

Deno.test("LinkMap tells the same failure once and goes on trying", async () => {
  let attempts = 0;
  await using end = new End(() => {
    attempts++;
    return Promise.reject(new Error("proxy away"));
  });
  end.linkMap.initiateLink(spec(1));
  const deadline = performance.now() + 5_000;
  while (attempts < 3 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert(attempts >= 3, `${attempts} attempts`);
  assert.equal(end.logger.count("warn Link down"), 1);
  assert.equal(end.linkMap.snapshot(0)[0]!.reason, "proxy away");
});

Deno.test("LinkMap gives up a socket over which nothing came for ten seconds", async () => {
  using peer = new FakePeer();
  await using end = new End(peer.open);
  end.linkMap.initiateLink(spec(1));
  await peer.next();
  end.now = 9_999;
  end.linkMap.handleTimeout(end.now);
  assert.equal(end.linkMap.snapshot(end.now)[0]!.state, "probing");
  end.now = 11_000;
  end.linkMap.handleTimeout(end.now);
  await settle(() => end.linkMap.snapshot(end.now)[0]!.state === "connecting");
  assert.match(end.linkMap.snapshot(end.now)[0]!.reason, /Nothing heard from 192\.0\.2\.100:4321/);
});

Deno.test("LinkMap.close ends a link that is waiting for its next attempt", async () => {
  const end = new End(() => Promise.reject(new Error("proxy away")));
  end.linkMap.initiateLink(spec(1));
  await settle(() => end.logger.count("warn Link down") === 1);
  await end.linkMap.close();
});
