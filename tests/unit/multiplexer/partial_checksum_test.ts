// A packet whose checksum is left to the receiver's kernel arrives as such, on whatever way.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Receiver } from "../../../src/multiplexer/receiver.ts";
import { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { DataFlag, prependDataHeader } from "../../../src/wire/data_header.ts";
import { InnerKind } from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { completeChecksum } from "../../../src/wire/partial_checksum.ts";
import { craftIp, transportChecksum } from "../../support/craft_ip.ts";
import { FakeLinkPort } from "../../support/fake_link_port.ts";
import { JoinedMultiplexers } from "../../support/joined_multiplexers.ts";
import { markOf, pureAck, SenderRig, tcpPacket, udpPacket } from "./sender_rig.ts";

/** Sends packets, every second one partial if `isPartial` says so, a ms apart. */
function sendAll(
  joined: JoinedMultiplexers,
  pkts: number,
  isPartial: (mark: number) => boolean,
): void {
  let mark = 0;
  joined.run(pkts, () => {
    const packet = tcpPacket(1, mark);
    packet.isPartial = isPartial(mark++);
    assert.equal(joined.send(joined.slave, packet), packet.length);
  });
  joined.run(1_000);
}

/** That all arrived, whole and as what they were sent. */
function assertArrived(
  joined: JoinedMultiplexers,
  pkts: number,
  isPartial: (mark: number) => boolean,
): void {
  const { delivered, deliveredPartial } = joined.master;
  assert.deepEqual(delivered.map(markOf), Array.from({ length: pkts }, (_, mark) => mark));
  for (const [mark, bytes] of delivered.entries()) {
    assert.deepEqual(bytes, tcpPacket(1, mark).toBytes());
    assert.equal(deliveredPartial[mark], isPartial(mark), `packet ${mark}`);
  }
}

Deno.test("a packet that is sent partial arrives partial with the same bytes, and an ordinary one does not", () => {
  const joined = new JoinedMultiplexers([{}]);
  joined.run(500);
  const isPartial = (mark: number): boolean => mark % 3 === 0;
  sendAll(joined, 50, isPartial);
  assertArrived(joined, 50, isPartial);
});

Deno.test("packets stay partial when they are lost and resent", () => {
  const joined = new JoinedMultiplexers([{}]);
  joined.run(500);
  let data = 0;
  let lost = 0;
  joined.isLost = ({ kind, from }) => {
    if (from !== joined.slave || kind !== InnerKind.DATA || data++ % 5 !== 2 || data > 200) {
      return false;
    }
    lost++;
    return true;
  };
  const isPartial = (mark: number): boolean => mark % 2 === 0;
  sendAll(joined, 150, isPartial);
  assert(lost > 20, `only ${lost} lost`);
  assertArrived(joined, 150, isPartial);
});

Deno.test("packets stay partial when they overtake each other and are put in order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 2, maxLength: 30 }),
      fc.nat(),
      (partial, seed) => {
        const delivered: [mark: number, isPartial: boolean][] = [];
        const link = new MultiplexerLink(new FakeLinkPort(1, { isInitiator: false }));
        link.isAlive = true;
        const receiver = new Receiver(new PacketPool(), [link], (packet) => {
          delivered.push([markOf(packet.toBytes()), packet.isPartial]);
          return 0;
        }, () => Infinity);
        // The first one tells where the numbers begin; the others come in any order, in one slot as from a socket.
        const order = partial.map((_, mark) => mark);
        const key = (mark: number): number =>
          mark === 0 ? -1 : Math.imul(mark + seed, 0x9e3779b1) >>> 8;
        order.sort((a, b) => key(a) - key(b));
        const slot = new Packet(2_048);
        for (const [seqNo, mark] of order.entries()) {
          slot.fill(tcpPacket(1, mark).toBytes());
          prependDataHeader(slot, partial[mark] ? DataFlag.PARTIAL_CHECKSUM : 0, 1, 0, mark);
          receiver.handleData(link, seqNo, slot, slot.length + 32, 5_000);
        }
        assert.deepEqual(delivered, partial.map((isPartial, mark) => [mark, isPartial]));
      },
    ),
  );
});

Deno.test("Sender says of each packet, on the wire, whether it is partial, beside what else it says", () => {
  const { REALTIME, PARTIAL_CHECKSUM } = DataFlag;
  const rig = new SenderRig();
  rig.add();
  const packets: [Packet, number][] = [
    [tcpPacket(1), 0],
    [udpPacket(1, 100), REALTIME],
    [pureAck(2), 0],
  ];
  for (const isPartial of [true, false]) {
    for (const [packet, flags] of packets) {
      packet.isPartial = isPartial;
      rig.send(packet);
      assert.equal(packet.isPartial, isPartial, "left as it was");
      rig.pass(20);
      const { flags: sent } = rig.ports[0]!.sentData().at(-1)!;
      assert.equal(sent, flags | (isPartial ? PARTIAL_CHECKSUM : 0));
    }
  }
});

Deno.test("a SYN that is fitted to the path and has no checksum yet gets a right one at the other end", () => {
  const mss = [2, 4, 1_460 >> 8, 1_460 & 0xff];
  const syn = [
    0x9c,
    0x40,
    0,
    80,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    6 << 4,
    2,
    1,
    0,
    0xde,
    0xad,
    0,
    0,
    ...mss,
  ];
  const link = new MultiplexerLink(new FakeLinkPort(1, { isInitiator: false }));
  link.isAlive = true;
  const delivered: Uint8Array[] = [];
  const receiver = new Receiver(new PacketPool(), [link], (packet) => {
    assert.equal(packet.isPartial, true);
    assert.equal(completeChecksum(packet), 0);
    return delivered.push(packet.toBytes().slice());
  }, () => 1_228);
  const packet = craftIp({ protocol: 6, payload: syn });
  prependDataHeader(packet, DataFlag.PARTIAL_CHECKSUM, 0, 0, 0);
  receiver.handleData(link, 0, packet, 100, 5_000);
  assert.equal(new DataView(delivered[0]!.buffer).getUint16(42), 1_188);
  assert.equal(transportChecksum(delivered[0]!), 0);
});
