import assert from "node:assert/strict";
import { LinkType, parsePcap, udpIn } from "../../support/pcap_file.ts";
import { craftUdp4 } from "../../support/udp4_packet.ts";

/** As tcpdump writes it. */
function pcap(linkType: number, ...frames: readonly Uint8Array[]): Uint8Array {
  const bytes = [...u32(0xa1b2c3d4), 2, 0, 4, 0, ...u32(0), ...u32(0), ...u32(262_144)];
  bytes.push(...u32(linkType));
  for (const frame of frames) {
    bytes.push(...u32(1), ...u32(2), ...u32(frame.length), ...u32(frame.length), ...frame);
  }
  return Uint8Array.from(bytes);
}

function u32(value: number): number[] {
  return [value & 0xff, value >>> 8 & 0xff, value >>> 16 & 0xff, value >>> 24];
}

const PAYLOAD = Uint8Array.of(1, 2, 3);

Deno.test("parsePcap gives all frames, and of a growing file all that are whole", () => {
  const file = pcap(LinkType.RAW, Uint8Array.of(7, 8), Uint8Array.of(9));
  const { linkType, frames } = parsePcap(file);
  assert.equal(linkType, LinkType.RAW);
  assert.deepEqual(frames.map((frame) => [...frame]), [[7, 8], [9]]);
  for (let cut = 24; cut < file.length; cut++) {
    const expected = cut < 24 + 16 + 2 ? 0 : 1;
    assert.equal(parsePcap(file.subarray(0, cut)).frames.length, expected, `${cut} bytes`);
  }
  assert.deepEqual(parsePcap(file.subarray(0, 10)).frames, []);
});

Deno.test("parsePcap refuses another kind of file", () => {
  assert.throws(() => parsePcap(new Uint8Array(40)), /Not a pcap file/);
});

Deno.test("udpIn finds a datagram over IPv4, without the padding of its frame", () => {
  const udp = { src: [10, 1, 1, 1], srcPort: 5, dst: [10, 1, 1, 2], dstPort: 4000 };
  const packet = craftUdp4({ ...udp, payload: PAYLOAD });
  const expected = {
    source: { hostname: "10.1.1.1", port: 5 },
    destination: { hostname: "10.1.1.2", port: 4000 },
    payload: PAYLOAD,
  };
  assert.deepEqual(udpIn(packet, LinkType.RAW), expected);
  const frame = new Uint8Array(60);
  frame.set(packet, 14);
  assert.deepEqual(udpIn(frame, LinkType.ETHERNET), expected);
});

Deno.test("udpIn finds a datagram over IPv6", () => {
  const packet = new Uint8Array(40 + 8 + 3);
  packet[0] = 0x60;
  packet[6] = 17;
  packet.set([0xfd, 0x01], 8);
  packet[23] = 1;
  packet.set([0xfd, 0x02], 24);
  packet[39] = 2;
  packet.set([0, 5, 0x0f, 0xa0, 0, 11, 0, 0, ...PAYLOAD], 40);
  assert.deepEqual(udpIn(packet, LinkType.RAW), {
    source: { hostname: "fd01::1", port: 5 },
    destination: { hostname: "fd02::2", port: 4000 },
    payload: PAYLOAD,
  });
});

Deno.test("udpIn finds nothing in other packets, fragments and scraps", () => {
  const packet = craftUdp4({ payload: PAYLOAD });
  const changed = (at: number, value: number): Uint8Array => {
    const copy = packet.slice();
    copy[at] = value;
    return copy;
  };
  for (const frame of [changed(9, 6), changed(6, 0x20), changed(7, 1), changed(0, 0x55)]) {
    assert.equal(udpIn(frame, LinkType.RAW), null);
  }
  for (let cut = 0; cut < 28; cut++) {
    assert.equal(udpIn(packet.subarray(0, cut), LinkType.RAW), null);
  }
});
