import assert from "node:assert/strict";
import fc from "fast-check";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { completeChecksum, writePseudoChecksum } from "../../../src/wire/partial_checksum.ts";
import { VnetFlag, VnetHeader } from "../../../src/wire/vnet_header.ts";
import { craftIp, craftIpBytes, type IpParts, transportChecksum } from "../../support/craft_ip.ts";
import { slowChecksumAt, slowCompleted, slowPseudoSum } from "../../support/slow_segmenter.ts";

const TCP = 6;
const UDP = 17;

function partial(parts: IpParts): Packet {
  const packet = craftIp(parts);
  packet.isPartial = true;
  return packet;
}

const anyParts: fc.Arbitrary<IpParts> = fc.record({
  version: fc.constantFrom(4 as const, 6 as const),
  protocol: fc.constantFrom(TCP, UDP),
  payload: fc.uint8Array({ minLength: 20, maxLength: 1_500 }),
});

Deno.test("completeChecksum makes the checksum right, whatever was in its place", () => {
  fc.assert(fc.property(anyParts, (parts) => {
    const packet = partial(parts);
    assert.equal(completeChecksum(packet), 0);
    assert.equal(packet.isPartial, false);
    assert.equal(transportChecksum(packet.toBytes()), 0);
    assert.deepEqual([...packet.toBytes()], slowCompleted([...craftIpBytes(parts)]));
  }));
});

Deno.test("the largest packet of the largest words does not overflow the sum", () => {
  for (const version of [4, 6] as const) {
    const payload = new Uint8Array(65_400).fill(0xff);
    const packet = new Packet();
    const bytes = craftIpBytes({ version, protocol: TCP, payload });
    packet.fill(bytes);
    completeChecksum(packet);
    assert.equal(transportChecksum(packet.toBytes()), 0);
  }
});

Deno.test("a UDP checksum that comes to 0 is sent as 0xffff, a TCP one as 0", () => {
  for (const [protocol, checksumAt, expected] of [[UDP, 6, 0xffff], [TCP, 16, 0]] as const) {
    const payload = new Uint8Array(30);
    const first = partial({ protocol, payload });
    completeChecksum(first);
    // The complement added as one more word brings the sum to all ones.
    const rest = first.view.getUint16(first.start + 20 + checksumAt);
    payload.set([rest >> 8, rest & 0xff], 28);
    const packet = partial({ protocol, payload });
    completeChecksum(packet);
    assert.equal(packet.view.getUint16(packet.start + 20 + checksumAt), expected);
  }
});

Deno.test("writePseudoChecksum leaves the folded sum of the pseudo-header, and says where", () => {
  fc.assert(fc.property(anyParts, (parts) => {
    const packet = partial(parts);
    const header = new VnetHeader();
    assert.equal(writePseudoChecksum(packet, header), 0);
    const bytes = [...craftIpBytes(parts)];
    const at = slowChecksumAt(bytes);
    assert.equal(header.flags, VnetFlag.NEEDS_CSUM);
    assert.equal(header.checksumStart, parts.version === 6 ? 40 : 20);
    assert.equal(header.checksumStart + header.checksumOffset, at);
    assert.equal(packet.isPartial, true);
    const sum = slowPseudoSum(bytes);
    bytes.splice(at, 2, sum >> 8, sum & 0xff);
    assert.deepEqual([...packet.toBytes()], bytes);
  }));
});

Deno.test("a kernel that sums up from the checksum's start gets the right checksum", () => {
  fc.assert(fc.property(anyParts, (parts) => {
    const packet = partial(parts);
    const header = new VnetHeader();
    writePseudoChecksum(packet, header);
    let sum = 0;
    const body = packet.toBytes().subarray(header.checksumStart);
    body.forEach((byte, i) => sum += i % 2 === 0 ? byte * 256 : byte);
    const checksum = 0xffff - (sum % 0xffff || 0xffff);
    packet.view.setUint16(
      packet.start + header.checksumStart + header.checksumOffset,
      checksum === 0 && parts.protocol === UDP ? 0xffff : checksum,
    );
    const filled = [...packet.toBytes()];
    completeChecksum(packet);
    assert.deepEqual(filled, [...packet.toBytes()]);
  }));
});

Deno.test("writePseudoChecksum keeps the other fields of the header", () => {
  const header = new VnetHeader();
  Object.assign(header, { gsoType: 1, headerBytes: 40, segmentBytes: 1_000 });
  writePseudoChecksum(partial({ protocol: TCP, payload: new Uint8Array(2_000) }), header);
  assert.deepEqual([header.gsoType, header.headerBytes, header.segmentBytes], [1, 40, 1_000]);
});

Deno.test("extension headers are passed over, and bytes behind the packet do not count", () => {
  const payload = Uint8Array.from({ length: 33 }, (_, i) => i);
  const extensions = [TCP, 0, 1, 4, 0, 0, 0, 0];
  const parts = { version: 6, protocol: TCP, firstExtension: 60, extensions, payload } as const;
  const packet = partial(parts);
  packet.bytes.fill(0xee, packet.end, packet.end + 9);
  packet.end += 9;
  const header = new VnetHeader();
  assert.equal(writePseudoChecksum(packet, header), 0);
  assert.equal(header.checksumStart, 48);
  assert.equal(completeChecksum(packet), 0);
  const whole = packet.toBytes();
  assert.deepEqual([...whole.subarray(0, -9)], slowCompleted([...craftIpBytes(parts)]));
  assert.ok(whole.subarray(-9).every((it) => it === 0xee));
});

Deno.test("what has no TCP or UDP checksum is refused and stays as it was", () => {
  const payload = new Uint8Array(40).fill(7);
  const refused: IpParts[] = [
    { protocol: 1, payload },
    { protocol: 136, payload },
    { protocol: TCP, payload: payload.subarray(0, 19) },
    { protocol: UDP, payload: payload.subarray(0, 7) },
    { protocol: UDP, payload, fragment: 0x2000 },
    { protocol: UDP, payload, fragment: 0x0010 },
    { version: 6, protocol: 58, payload },
    {
      version: 6,
      protocol: UDP,
      firstExtension: 44,
      extensions: [UDP, 0, 0, 1, 0, 0, 0, 9],
      payload,
    },
  ];
  for (const parts of refused) {
    const packet = partial(parts);
    const header = new VnetHeader();
    assert.equal(writePseudoChecksum(packet, header), DropReason.NOT_IP);
    assert.equal(completeChecksum(packet), DropReason.NOT_IP);
    assert.equal(packet.isPartial, true);
    assert.deepEqual(header, new VnetHeader());
    assert.deepEqual([...packet.toBytes()], [...craftIpBytes(parts)]);
  }
  assert.equal(completeChecksum(new Packet()), DropReason.EMPTY);
});

Deno.test("random bytes throw nothing, and are done when the twin finds a place for the checksum", () => {
  const bytes = fc.uint8Array({ maxLength: 120 });
  fc.assert(fc.property(bytes, fc.nat(2), (raw, version) => {
    if (raw.length > 0 && version > 0) raw[0] = version === 1 ? 0x45 : 0x60;
    const packet = new Packet(200);
    packet.fill(raw);
    const at = slowChecksumAt([...raw]);
    assert.equal(writePseudoChecksum(packet, new VnetHeader()) === 0, at >= 0);
    assert.equal(completeChecksum(packet) === 0, at >= 0);
  }));
});
