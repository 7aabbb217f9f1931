import assert from "node:assert/strict";
import { Multiplexer } from "../../../src/multiplexer/multiplexer.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { dispatchInner } from "../../../src/tunnel/inner_dispatch.ts";
import { prependDataHeader } from "../../../src/wire/data_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { encodeNotice, InnerKind } from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { Ping, PingFlag } from "../../../src/wire/ping.ts";
import { FakeLinkPort } from "../../support/fake_link_port.ts";
import { sessionPair } from "../../support/session_pair.ts";

/** A multiplexer with link 1, and what came through. */
class Rig {
  readonly delivered: number[][] = [];
  readonly notices: number[] = [];
  readonly port = new FakeLinkPort(1, { isInitiator: false });
  readonly multiplexer = new Multiplexer({
    rng: () => 0.5,
    pool: new PacketPool(),
    groupSeqNos: new Uint32Array(256),
    deliver: (packet) => {
      this.delivered.push([...packet.toBytes()]);
      return 0;
    },
  });
  readonly #sessions = sessionPair();
  readonly #datagram = new Packet(2_560);

  constructor() {
    this.multiplexer.addLink(this.port, 0);
  }

  /** Seals, opens and hands on. */
  handle(message: Packet, now = 0): number {
    const { initiator, responder } = this.#sessions;
    assert.equal(initiator.seal(message, 1, this.#datagram), 0);
    assert.equal(responder.open(this.#datagram, 1), 0);
    const notice = (code: number): void => void this.notices.push(code);
    return dispatchInner(this.multiplexer, 1, responder, this.#datagram, now, notice);
  }
}

function packetOf(bytes: readonly number[]): Packet {
  const packet = new Packet(2_560);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

Deno.test("dispatchInner delivers what follows the data header, and counts its datagram", () => {
  const rig = new Rig();
  const packet = packetOf([0x45, 1, 2]);
  prependDataHeader(packet, 0, 0, 0, 0);
  assert.equal(rig.handle(packet), 0);
  assert.deepEqual(rig.delivered, [[0x45, 1, 2]]);
  const { received } = rig.multiplexer.getLink(1)!;
  assert.equal(received.newestSeqNo, 0);
  assert.equal(rig.multiplexer.getLink(1)!.receivedTally.total(0), 3 + 12 + 32 + 28);
  assert.equal(rig.handle(packetOf([1, 0, 0, 0, 0])), DropReason.TRUNCATED);
  assert.equal(rig.delivered.length, 1);
});

Deno.test("dispatchInner gives the multiplexer its messages, under the numbers of their datagrams", () => {
  const rig = new Rig();
  const ping = new Ping();
  ping.flags = PingFlag.WANTS_ANSWER;
  const message = packetOf([]);
  ping.encode(message);
  assert.equal(rig.handle(message, 12), 0);
  assert.equal(rig.multiplexer.getLink(1)!.lastHeardMs, 12);
  assert.equal(rig.port.sentOf(InnerKind.PING).length, 1);
  assert.equal(rig.handle(message, 13), 0);
  assert.equal(rig.multiplexer.getLink(1)!.received.newestSeqNo, 1);
  assert.equal(rig.handle(packetOf([InnerKind.FEEDBACK, 0, 0])), DropReason.BAD_CONTROL);
});

Deno.test("dispatchInner hands on notices, those of a later version too", () => {
  const rig = new Rig();
  for (const code of [1, 200]) {
    const packet = packetOf([]);
    encodeNotice(code, packet);
    assert.equal(rig.handle(packet), 0);
  }
  assert.deepEqual(rig.notices, [1, 200]);
  assert.equal(rig.handle(packetOf([InnerKind.NOTICE, 1])), DropReason.TRUNCATED);
  assert.equal(rig.notices.length, 2);
});

Deno.test("dispatchInner drops an empty message and kinds that nobody knows", () => {
  const rig = new Rig();
  assert.equal(rig.handle(packetOf([])), DropReason.UNKNOWN_KIND);
  for (const kind of [0, 2, 255]) {
    const message = [kind, ...new Array<number>(40).fill(0)];
    assert.equal(rig.handle(packetOf(message)), DropReason.UNKNOWN_KIND);
  }
});
