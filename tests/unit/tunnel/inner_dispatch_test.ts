import assert from "node:assert/strict";
import { Multiplexer } from "../../../src/multiplexer/multiplexer.ts";
import { InnerDispatch } from "../../../src/tunnel/inner_dispatch.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { encodeNotice, encodeReport, prependDataHeader } from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { FakeLinkPort } from "../../support/fake_link_port.ts";

/** A multiplexer with link 1, and what came through. */
class Rig {
  readonly delivered: number[][] = [];
  readonly notices: number[] = [];
  readonly multiplexer = new Multiplexer({
    rng: () => 0.5,
    deliver: (packet) => {
      this.delivered.push([...packet.toBytes()]);
      return 0;
    },
  });
  readonly #dispatch = new InnerDispatch();

  constructor() {
    this.multiplexer.addLink(new FakeLinkPort(1), 0);
  }

  handle(packet: Packet, now = 0): number {
    const notice = (code: number): void => void this.notices.push(code);
    return this.#dispatch.handle(this.multiplexer, 1, packet, now, notice);
  }
}

function packetOf(bytes: readonly number[]): Packet {
  const packet = new Packet(2_560);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

function report(seqNo: number): Packet {
  const packet = packetOf([]);
  encodeReport({ seqNo, received: new Map([[1, 1_000]]) }, packet);
  return packet;
}

Deno.test("InnerDispatch.handle delivers what follows the data header", () => {
  const rig = new Rig();
  const packet = packetOf([0x45, 1, 2]);
  prependDataHeader(packet);
  assert.equal(rig.handle(packet), 0);
  assert.deepEqual(rig.delivered, [[0x45, 1, 2]]);
  assert.equal(rig.handle(packetOf([1, 0, 0, 0, 0])), DropReason.TRUNCATED);
  assert.equal(rig.delivered.length, 1);
});

Deno.test("InnerDispatch.handle gives reports to the multiplexer, and copies of one are no drops", () => {
  const rig = new Rig();
  assert.equal(rig.handle(report(5), 10), 0);
  assert.equal(rig.multiplexer.peerSeqNo, 5);
  assert.equal(rig.multiplexer.getLink(1)!.peerReceivedBytes, 1_000);
  assert.equal(rig.handle(report(5), 11), 0);
  assert.equal(rig.handle(report(4), 12), 0, "late on a slow link");
  assert.equal(rig.multiplexer.peerSeqNo, 5);
  assert.equal(rig.multiplexer.getLink(1)!.lastHeardMs, 12);
  assert.equal(rig.handle(packetOf([2, 0, 0])), DropReason.BAD_CONTROL);
});

Deno.test("InnerDispatch.handle hands on notices, those of a later version too", () => {
  const rig = new Rig();
  for (const code of [1, 200]) {
    const packet = packetOf([]);
    encodeNotice(code, packet);
    assert.equal(rig.handle(packet), 0);
  }
  assert.deepEqual(rig.notices, [1, 200]);
  assert.equal(rig.handle(packetOf([3, 1])), DropReason.TRUNCATED);
  assert.equal(rig.notices.length, 2);
});

Deno.test("InnerDispatch.handle drops nothing at all, and kinds it does not know", () => {
  const rig = new Rig();
  assert.equal(rig.handle(packetOf([])), DropReason.EMPTY);
  for (const kind of [0, 4, 255]) {
    const message = [kind, ...new Array<number>(40).fill(0)];
    assert.equal(rig.handle(packetOf(message)), DropReason.UNKNOWN_KIND);
  }
  assert.equal(rig.multiplexer.getLink(1)!.lastHeardMs, Number.NEGATIVE_INFINITY);
});
