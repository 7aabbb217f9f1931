import assert from "node:assert/strict";
import fc from "fast-check";
import { craftTooBig } from "../../../src/wire/icmp_too_big.ts";
import { checkExactIpPacket, checkIpPacket } from "../../../src/wire/ip_packet.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { checksum, craftIp, type IpParts, transportChecksum } from "../../support/craft_ip.ts";
import { fromHex } from "../../support/hex.ts";

const DF = 0x4000;

/** A packet of so many bytes, counted up behind the header. */
function large(parts: IpParts, lengthBytes = 1_400): Packet {
  const headerBytes = parts.version === 6 ? 40 + (parts.extensions?.length ?? 0) : 20;
  const payload = Array.from({ length: lengthBytes - headerBytes }, (_, i) => i & 0xff);
  payload.splice(0, parts.payload?.length ?? 0, ...(parts.payload ?? []));
  return craftIp({ fragment: DF, ...parts, payload });
}

function answerTo(about: Packet, mtuBytes = 1_300): Packet | null {
  const out = new Packet(1_536);
  out.bytes.fill(0xee); // Of an earlier use.
  return craftTooBig(about, mtuBytes, out) ? out : null;
}

Deno.test("craftTooBig answers an IPv4 packet by the known fragmentation needed", () => {
  const about = large({ id: 0x1234, protocol: 17 });
  const answer = answerTo(about)!;
  // From the packet's destination to its source; MTU 1300 = 0x514; then the packet's header and what follows.
  const header = fromHex("45c00240" + "00004000" + "40014bc6" + "c6336402" + "c0000201");
  assert.deepEqual(answer.toBytes().subarray(0, 20), header);
  const icmp = answer.toBytes().subarray(20);
  assert.deepEqual([...icmp.subarray(0, 2), ...icmp.subarray(4, 8)], [3, 4, 0, 0, 0x05, 0x14]);
  assert.equal(checksum(icmp), 0);
  assert.deepEqual(icmp.subarray(8), about.toBytes().subarray(0, 548));
  assert.equal(answer.length, 576);
  assert.equal(checkExactIpPacket(answer), 0);
});

Deno.test("craftTooBig answers an IPv6 packet by the known packet too big", () => {
  const about = large({ version: 6 });
  const answer = answerTo(about)!;
  const header = fromHex(
    "6000000004d83a40" + "20010db8000100000000000000000002" + "20010db8000000000000000000000001",
  );
  assert.deepEqual(answer.toBytes().subarray(0, 40), header);
  const icmp = answer.toBytes().subarray(40);
  assert.deepEqual([...icmp.subarray(0, 2), ...icmp.subarray(4, 8)], [2, 0, 0, 0, 0x05, 0x14]);
  assert.equal(transportChecksum(answer.toBytes()), 0);
  assert.deepEqual(icmp.subarray(8), about.toBytes().subarray(0, 1_232));
  assert.equal(answer.length, 1_280);
});

Deno.test("craftTooBig quotes a short packet whole, and no padding behind it", () => {
  const about = large({}, 101);
  about.end += 9;
  const answer = answerTo(about, 100)!;
  assert.equal(answer.length, 28 + 101);
  assert.equal(checksum(answer.toBytes().subarray(20)), 0);
  assert.deepEqual(answer.toBytes().subarray(28), about.toBytes().subarray(0, 101));
});

Deno.test("craftTooBig answers nothing that fits, nor IPv4 that may be fragmented", () => {
  assert.equal(answerTo(large({}, 1_300)), null);
  assert.notEqual(answerTo(large({}, 1_301)), null);
  assert.equal(answerTo(large({ version: 6 }, 1_300)), null);
  assert.equal(answerTo(large({ fragment: 0 })), null);
});

Deno.test("craftTooBig tells no smaller MTU than there may be", () => {
  assert.equal(answerTo(large({}), 50)!.view.getUint16(320 + 26), 68);
  assert.equal(answerTo(large({ version: 6 }), 1_000)!.view.getUint32(320 + 44), 1_280);
  assert.equal(answerTo(large({ version: 6 }, 1_280), 1_000), null);
});

Deno.test("craftTooBig answers about no later fragment, but about a first one", () => {
  assert.equal(answerTo(large({ fragment: DF | 1 })), null);
  assert.equal(answerTo(large({ fragment: DF | 0x2001 })), null);
  assert.notEqual(answerTo(large({ fragment: DF | 0x2000 })), null);
  const fragment = (place: number): IpParts => ({
    version: 6,
    firstExtension: 44,
    extensions: [17, 0, 0, place, 0, 0, 0, 1],
  });
  assert.equal(answerTo(large(fragment(8))), null);
  assert.notEqual(answerTo(large(fragment(1))), null);
});

Deno.test("craftTooBig answers about no ICMP error, but about an echo", () => {
  for (const type of [3, 4, 5, 11, 12]) {
    assert.equal(answerTo(large({ protocol: 1, payload: [type, 0] })), null);
  }
  for (const type of [0, 8, 13]) {
    assert.notEqual(answerTo(large({ protocol: 1, payload: [type, 0] })), null);
  }
  for (const type of [1, 2, 3, 4, 127, 137]) {
    assert.equal(answerTo(large({ version: 6, protocol: 58, payload: [type, 0] })), null);
  }
  const hidden: IpParts = { firstExtension: 60, extensions: [58, 0, 1, 4, 0, 0, 0, 0] };
  assert.equal(answerTo(large({ ...hidden, version: 6, payload: [1, 0] })), null);
  for (const type of [128, 129]) {
    assert.notEqual(answerTo(large({ version: 6, protocol: 58, payload: [type, 0] })), null);
    assert.notEqual(answerTo(large({ ...hidden, version: 6, payload: [type, 0] })), null);
  }
});

Deno.test("craftTooBig answers only between single hosts' addresses", () => {
  const strange4 = [[0, 0, 0, 0], [127, 0, 0, 1], [224, 0, 0, 1], [255, 255, 255, 255], [
    240,
    0,
    0,
    1,
  ]];
  for (const address of strange4) {
    assert.equal(answerTo(large({ src: address })), null);
    assert.equal(answerTo(large({ dst: address })), null);
  }
  const zeros = new Array<number>(15).fill(0);
  for (const address of [[...zeros, 0], [...zeros, 1], [0xff, 2, ...zeros.slice(1)]]) {
    assert.equal(answerTo(large({ version: 6, src: address })), null);
    assert.equal(answerTo(large({ version: 6, dst: address })), null);
  }
  assert.notEqual(answerTo(large({ version: 6, src: [...zeros, 2] })), null);
});

Deno.test("craftTooBig makes right packets of any that passed the check, and changes nothing otherwise", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(4, 6),
      fc.uint8Array({ minLength: 69, maxLength: 1_500 }),
      fc.constantFrom(1, 6, 17, 44, 58, 60),
      (version, bytes, next) => {
        bytes[0] = version === 4 ? 0x45 : 0x60;
        bytes[version === 4 ? 9 : 6] = next;
        if (version === 4) bytes.set([DF >> 8, 0], 6);
        new DataView(bytes.buffer).setUint16(
          version === 4 ? 2 : 4,
          bytes.length - (version === 4 ? 0 : 40),
        );
        const about = new Packet(1_500);
        about.fill(bytes);
        if (checkIpPacket(about) < 0) return;
        const out = new Packet(1_280);
        if (!craftTooBig(about, 68, out)) {
          assert.equal(out.length, 0);
          return;
        }
        assert.equal(checkExactIpPacket(out), 0);
        if (version === 4) assert.equal(checksum(out.toBytes().subarray(20)), 0);
        else assert.equal(transportChecksum(out.toBytes()), 0);
        assert.deepEqual(about.toBytes(), bytes);
        assert.equal(craftTooBig(out, 68, new Packet(1_280)), false, "an error about an error");
      },
    ),
  );
});

Deno.test("craftTooBig answers nothing that is no IP packet", () => {
  // What would be one if it were IPv6: the TCP stand-in's packets begin with 0xb1.
  const about = large({ version: 6 });
  about.bytes[about.start] = 0xb1;
  assert.equal(answerTo(about), null);
});
