import assert from "node:assert/strict";
import { checkTunPacket } from "../../../src/tundev/packet_check.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { craftUdp4 } from "../../support/udp4_packet.ts";

const packet = new Packet(2000);

Deno.test("checkTunPacket takes a packet of the MTU and refuses one byte more", () => {
  packet.fill(craftUdp4({ payload: new Uint8Array(1400 - 28) }));
  assert.equal(checkTunPacket(packet, 1400), 0);
  packet.fill(craftUdp4({ payload: new Uint8Array(1401 - 28) }));
  assert.equal(checkTunPacket(packet, 1400), DropReason.TOO_LARGE);
});

Deno.test("checkTunPacket refuses an empty packet and one that is not IP", () => {
  packet.reset();
  assert.equal(checkTunPacket(packet, 1400), DropReason.EMPTY);
  for (const firstByte of [0x00, 0x35, 0x55, 0x75, 0xff]) {
    packet.fill(new Uint8Array(100).fill(firstByte));
    assert.equal(checkTunPacket(packet, 1400), DropReason.NOT_IP);
  }
});
