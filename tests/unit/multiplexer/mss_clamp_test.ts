import assert from "node:assert/strict";
import { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { Receiver } from "../../../src/multiplexer/receiver.ts";
import { Scheduler } from "../../../src/multiplexer/scheduler.ts";
import { Sender } from "../../../src/multiplexer/sender.ts";
import { prependDataHeader } from "../../../src/wire/data_header.ts";
import type { Packet } from "../../../src/wire/packet.ts";
import { craftIp } from "../../support/craft_ip.ts";
import { FakeLinkPort } from "../../support/fake_link_port.ts";
import { measuredLink } from "../../support/measured_link.ts";

const USEFUL_MTU_BYTES = 1_228;
const SYN = 0x02;
const ACK = 0x10;

/** IPv4 and TCP with an MSS option of 1460, which only SYNs have. */
function segment(flags: number): Packet {
  const mss = [2, 4, 1_460 >> 8, 1_460 & 0xff];
  const tcp = [0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 6 << 4, flags, 1, 0, 0, 0, 0, 0, ...mss];
  return craftIp({ protocol: 6, payload: tcp });
}

function mssOf(packet: Uint8Array): number {
  return packet[42]! << 8 | packet[43]!;
}

Deno.test("Sender fits SYNs to the useful MTU, and nothing else", () => {
  const { link, port } = measuredLink(1);
  const sender = new Sender({
    pool: new PacketPool(),
    scheduler: new Scheduler(),
    links: [link],
    seed: 1,
    groupSeqNos: new Uint32Array(256),
    usefulMtu: () => USEFUL_MTU_BYTES,
    onTooBig: () => false,
  });
  for (const flags of [SYN, SYN | ACK, ACK]) sender.send(segment(flags), 1);
  const sent = port.sentData().map(({ packet }) => mssOf(packet));
  assert.deepEqual(sent.sort(), [USEFUL_MTU_BYTES - 40, USEFUL_MTU_BYTES - 40, 1_460]);
});

Deno.test("Receiver fits SYNs to the useful MTU, and nothing else", () => {
  const link = new MultiplexerLink(new FakeLinkPort(1));
  const delivered: number[] = [];
  const deliver = (packet: Packet): number => delivered.push(mssOf(packet.toBytes()));
  const receiver = new Receiver(new PacketPool(), [link], deliver, () => USEFUL_MTU_BYTES);
  for (const [i, flags] of [SYN, SYN | ACK, ACK].entries()) {
    const packet = segment(flags);
    prependDataHeader(packet, 0, 0, 0, 0);
    receiver.handleData(link, i, packet, 100, 1);
  }
  assert.deepEqual(delivered, [USEFUL_MTU_BYTES - 40, USEFUL_MTU_BYTES - 40, 1_460]);
});
