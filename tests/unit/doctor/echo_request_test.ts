import assert from "node:assert/strict";
import { craftEchoRequest, innerPathOf, readEchoReply } from "../../../src/doctor/echo_request.ts";
import { stripDataHeader } from "../../../src/wire/data_header.ts";
import { addWords, checksumOf } from "../../../src/wire/inet_checksum.ts";
import { checkExactIpPacket } from "../../../src/wire/ip_packet.ts";
import { Packet } from "../../../src/wire/packet.ts";

const PATH = innerPathOf([
  { address: "fd00::2", prefixBits: 64 },
  { address: "10.10.10.77", prefixBits: 24 },
])!;

Deno.test("the master has the first address of the slave's IPv4 network", () => {
  assert.deepEqual([...PATH.source], [10, 10, 10, 77]);
  assert.deepEqual([...PATH.destination], [10, 10, 10, 1]);
  const wide = innerPathOf([{ address: "200.1.2.3", prefixBits: 8 }])!;
  assert.deepEqual([...wide.destination], [200, 0, 0, 1]);
  assert.equal(innerPathOf([{ address: "fd00::2", prefixBits: 64 }]), null);
});

Deno.test("a request is a sound IP packet of the size that was asked for, with a right checksum", () => {
  const packet = new Packet();
  craftEchoRequest(packet, PATH, { id: 0xbeef, number: 7, packetBytes: 1_340, now: 5 });
  assert.equal(stripDataHeader(packet), 0);
  assert.equal(checkExactIpPacket(packet), 0);
  assert.equal(packet.length, 1_340);
  assert.equal(checksumOf(addWords(packet, packet.start + 20, packet.end, 0)), 0);
});

Deno.test("a reply is known by its id, and a request is none", () => {
  const packet = new Packet();
  craftEchoRequest(packet, PATH, { id: 0xbeef, number: 7, packetBytes: 64, now: 5 });
  stripDataHeader(packet);
  assert.equal(readEchoReply(packet, 0xbeef), -1);
  packet.bytes[packet.start + 20] = 0;
  assert.equal(readEchoReply(packet, 0xbeef), 7);
  assert.equal(readEchoReply(packet, 0xbee0), -1);
  packet.end = packet.start + 27;
  assert.equal(readEchoReply(packet, 0xbeef), -1);
});
