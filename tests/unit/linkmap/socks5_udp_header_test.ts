import assert from "node:assert/strict";
import fc from "fast-check";
import { readAddress } from "../../../src/linkmap/socks5_address.ts";
import {
  craftUdpHeader,
  prependUdpHeader,
  stripUdpHeader,
} from "../../../src/linkmap/socks5_udp_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../../src/wire/packet.ts";

Deno.test("craftUdpHeader is 10 bytes for IPv4, 22 for IPv6, 7 and the name for a name", () => {
  assert.deepEqual(
    [...craftUdpHeader({ host: "192.0.2.1", port: 4000 })],
    [0, 0, 0, 1, 192, 0, 2, 1, 15, 160],
  );
  assert.equal(craftUdpHeader({ host: "2001:db8::1", port: 1 }).length, 22);
  assert.equal(craftUdpHeader({ host: "a".repeat(255), port: 1 }).length, 262);
});

Deno.test("the longest header fits before a packet with a link header", () => {
  const packet = filled(Uint8Array.of(1));
  packet.start -= 16;
  const header = craftUdpHeader({ host: "a".repeat(255), port: 1 });
  assert.equal(prependUdpHeader(packet, header), 0);
});

Deno.test("prependUdpHeader refuses when headroom is too short, and changes nothing", () => {
  const packet = filled(Uint8Array.of(1));
  packet.start = 5;
  const before = packet.bytes.slice();
  const header = craftUdpHeader({ host: "192.0.2.1", port: 1 });
  assert.equal(prependUdpHeader(packet, header), DropReason.TOO_LARGE);
  assert.equal(packet.start, 5);
  assert.deepEqual(packet.bytes, before);
});

Deno.test("stripUdpHeader undoes prependUdpHeader for any target and data", () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom("a", "master.example"));
  const port = fc.integer({ min: 0, max: 65_535 });
  fc.assert(fc.property(host, port, fc.uint8Array({ maxLength: 100 }), (host, port, data) => {
    const packet = filled(data);
    assert.equal(prependUdpHeader(packet, craftUdpHeader({ host, port })), 0);
    assert.equal(readAddress(packet.toBytes(), 3)?.port, port);
    assert.equal(stripUdpHeader(packet), 0);
    assert.equal(packet.start, HEADROOM_BYTES);
    assert.deepEqual(packet.toBytes(), data);
  }));
});

Deno.test("stripUdpHeader drops fragments", () => {
  for (const frag of [1, 0x7f, 0x80, 0xff]) {
    assert.equal(
      stripUdpHeader(filled(Uint8Array.of(0, 0, frag, 1, 1, 2, 3, 4, 0, 80, 9))),
      DropReason.SOCKS_FRAGMENT,
    );
  }
});

Deno.test("stripUdpHeader drops a header cut anywhere, and leaves the packet as it was", () => {
  for (const host of ["192.0.2.1", "2001:db8::1", "master.example"]) {
    const header = craftUdpHeader({ host, port: 80 });
    for (let length = 0; length < header.length; length++) {
      const packet = filled(header.subarray(0, length));
      assert.equal(stripUdpHeader(packet), DropReason.BAD_SOCKS_HEADER, `${host} cut at ${length}`);
      assert.equal(packet.start, HEADROOM_BYTES);
      assert.equal(packet.length, length);
    }
    assert.equal(stripUdpHeader(filled(header)), 0);
  }
});

Deno.test("stripUdpHeader does not read what an earlier packet left behind the end", () => {
  const packet = filled(craftUdpHeader({ host: "192.0.2.1", port: 80 }));
  packet.end = packet.start + 4;
  assert.equal(stripUdpHeader(packet), DropReason.BAD_SOCKS_HEADER);
});

Deno.test("stripUdpHeader checks the reserved bytes, the type, and the length of a name", () => {
  const good = [0, 0, 0, 1, 1, 2, 3, 4, 0, 80, 9];
  const cases: readonly [number, number][] = [[0, 1], [1, 1], [3, 0], [3, 2], [3, 5], [3, 255]];
  for (const [at, value] of cases) {
    const bytes = Uint8Array.from(good);
    bytes[at] = value;
    assert.equal(stripUdpHeader(filled(bytes)), DropReason.BAD_SOCKS_HEADER, `${at}: ${value}`);
  }
  const emptyName = Uint8Array.of(0, 0, 0, 3, 0, 0, 80, 9, 9, 9);
  assert.equal(stripUdpHeader(filled(emptyName)), DropReason.BAD_SOCKS_HEADER);
});

function filled(bytes: Uint8Array): Packet {
  const packet = new Packet(1_500);
  packet.fill(bytes);
  return packet;
}
