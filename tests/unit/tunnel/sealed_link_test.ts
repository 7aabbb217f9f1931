import assert from "node:assert/strict";
import { DEFAULT_LINK_SETTINGS } from "../../../src/multiplexer/link_settings.ts";
import { Keyring } from "../../../src/peer/keyring.ts";
import { SEAL_OVERHEAD_BYTES } from "../../../src/peer/session.ts";
import { DEFAULT_SESSION_LIMITS } from "../../../src/peer/session_limits.ts";
import { SealedLink } from "../../../src/tunnel/sealed_link.ts";
import { SealingBuffers, SecureCodec } from "../../../src/tunnel/secure_codec.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { decodeNotice, NoticeCode } from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { FakeNetwork } from "../../support/fake_datagram_socket.ts";
import { sessionPair } from "../../support/session_pair.ts";

const LOCAL = { hostname: "192.0.2.1", port: 1 };
const REMOTE = { hostname: "192.0.2.2", port: 2 };

/** A link with a socket, the session at its other end, and what arrives there. */
class Rig implements Disposable {
  readonly #network = new FakeNetwork();
  readonly socket = this.#network.bind(LOCAL);
  readonly #peer = this.#network.bind(REMOTE);
  readonly sessions = sessionPair();
  readonly keyring = new Keyring(DEFAULT_SESSION_LIMITS, {
    onAdded: () => {},
    onDropped: () => {},
  });
  readonly link = new SealedLink({
    id: 3,
    name: "phone",
    isInitiator: true,
    settings: DEFAULT_LINK_SETTINGS,
    codec: new SecureCodec(this.keyring, new SealingBuffers()),
  });

  /** Opens what arrives next. */
  async next(): Promise<Packet> {
    const slot = { packet: new Packet(), source: LOCAL };
    assert.equal(await this.#peer.receive([slot]), 1);
    assert.equal(this.sessions.responder.open(slot.packet, 3), 0);
    return slot.packet;
  }

  [Symbol.dispose](): void {
    this.socket.close();
    this.#peer.close();
  }
}

function packetOf(...bytes: number[]): Packet {
  const packet = new Packet(100);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

Deno.test("SealedLink.send seals a message under the session in use, and tells size and number", async () => {
  using rig = new Rig();
  const { link } = rig;
  link.attach(rig.socket, REMOTE);
  rig.keyring.addInitiated(rig.sessions.initiator);
  for (const seqNo of [0, 1, 2]) {
    assert.equal(link.send(packetOf(0x45, seqNo), 0), 2 + SEAL_OVERHEAD_BYTES);
    assert.equal(link.lastSeqNo, seqNo);
    assert.deepEqual([...(await rig.next()).toBytes()], [0x45, seqNo]);
    assert.equal(rig.sessions.responder.lastOpenedSeqNo, seqNo);
  }
  assert.deepEqual([link.sentPackets, link.sentBytes], [3, 3 * (2 + SEAL_OVERHEAD_BYTES)]);
});

Deno.test("SealedLink.send sends nothing without a socket or a session", () => {
  using rig = new Rig();
  const { link } = rig;
  assert.equal(link.send(packetOf(1), 0), DropReason.CLOSED);
  assert.equal(link.sendNotice(NoticeCode.CLOSING, rig.sessions.initiator), DropReason.CLOSED);
  link.attach(rig.socket, REMOTE);
  assert.equal(link.send(packetOf(1), 0), DropReason.NO_SESSION);
  assert.deepEqual([link.sentPackets, link.lastSeqNo], [0, NaN]);
});

Deno.test("SealedLink.sendNotice uses the session that it is given", async () => {
  using rig = new Rig();
  rig.link.attach(rig.socket, REMOTE);
  assert.ok(rig.link.sendNotice(NoticeCode.REPLACED, rig.sessions.initiator) > 0);
  assert.equal(decodeNotice(await rig.next()), NoticeCode.REPLACED);
});

Deno.test("SealedLink is reliable while it goes over TCP", () => {
  using rig = new Rig();
  rig.link.attach(rig.socket, REMOTE);
  assert.equal(rig.link.isReliable, false);
  rig.socket.transport = "tcp";
  assert.equal(rig.link.isReliable, true);
});
