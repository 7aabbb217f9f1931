import assert from "node:assert/strict";
import fc from "fast-check";
import type { ControlPacket } from "../../../src/wire/control_packet.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { decodeLegacyControl, encodeLegacyControl } from "../../../src/wire/legacy_control.ts";
import { HEADROOM_BYTES, Packet } from "../../../src/wire/packet.ts";
import { GO_VECTORS, ORIGINAL_VECTORS } from "../../support/control_vectors.ts";
import { Mutator } from "../../support/mutate.ts";

/** Decodes; undefined when it is refused. */
function decode(bytes: Uint8Array): ControlPacket | undefined {
  const packet = new Packet();
  packet.fill(bytes);
  const control = emptyControl();
  const result = decodeLegacyControl(packet, control);
  if (result === 0) return control;
  assert.equal(result, DropReason.BAD_CONTROL);
  return undefined;
}

function encode(control: ControlPacket): Uint8Array {
  const packet = new Packet();
  assert.equal(encodeLegacyControl(control, packet), packet.length);
  return packet.toBytes();
}

function emptyControl(): ControlPacket {
  return { seqNo: 0, received: new Map() };
}

const controls: fc.Arbitrary<ControlPacket> = fc.record({
  seqNo: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -200, max: 70_000 })),
  received: fc.array(
    fc.tuple(fc.integer({ min: 1, max: 255 }), fc.oneof(fc.maxSafeNat(), fc.nat(300))),
    { maxLength: 300 },
  ).map((entries) => new Map(entries)),
}, { noNullPrototype: true });

for (const { name, control, bytes } of ORIGINAL_VECTORS) {
  Deno.test(`decodeLegacyControl reads the original's packet: ${name}`, () => {
    assert.deepEqual(decode(bytes), control);
  });
}

for (const { name, control, isExact, bytes } of ORIGINAL_VECTORS) {
  if (!isExact || control.received.size > 1) continue; // Go's map order is random
  Deno.test(`encodeLegacyControl writes the original's bytes: ${name}`, () => {
    assert.deepEqual([...encode(control)], [...bytes]);
  });
}

Deno.test("encodeLegacyControl writes as many bytes as the original for several entries", () => {
  const several = ORIGINAL_VECTORS.filter(({ control }) => control.received.size > 1);
  assert.ok(several.length > 0);
  for (const { control, bytes } of several) assert.equal(encode(control).length, bytes.length);
});

for (const { name, control, isAccepted, bytes } of GO_VECTORS) {
  Deno.test(`decodeLegacyControl ${isAccepted ? "reads" : "refuses"} as Go does: ${name}`, () => {
    assert.deepEqual(decode(bytes), isAccepted ? control : undefined);
  });
}

Deno.test("decodeLegacyControl gives what encodeLegacyControl wrote", () => {
  fc.assert(fc.property(controls, (control) => {
    assert.deepEqual(decode(encode(control)), control);
  }));
});

Deno.test("encodeLegacyControl fits 255 entries of the largest numbers into a slot of 3,750 bytes", () => {
  const received = new Map<number, number>();
  for (let id = 1; id <= 255; id++) received.set(id, Number.MAX_SAFE_INTEGER);
  const control = { seqNo: Number.MIN_SAFE_INTEGER, received };
  const packet = new Packet(3_750);
  assert.ok(encodeLegacyControl(control, packet) <= 3_750);
  const decoded = emptyControl();
  assert.equal(decodeLegacyControl(packet, decoded), 0);
  assert.deepEqual(decoded, control);
});

Deno.test("encodeLegacyControl refuses a slot that could be too small and writes nothing", () => {
  const packet = new Packet(100);
  assert.throws(() => encodeLegacyControl(emptyControl(), packet), RangeError);
  assert.ok(packet.bytes.every((byte) => byte === 0));
});

Deno.test("encodeLegacyControl refuses more entries than there are link ids", () => {
  const received = new Map(Array.from({ length: 256 }, (_, id) => [id, 1] as const));
  assert.throws(
    () => encodeLegacyControl({ seqNo: 1, received }, new Packet()),
    /^Error: Invariant/,
  );
});

Deno.test("encodeLegacyControl replaces what the packet held", () => {
  const packet = new Packet();
  packet.fill(new Uint8Array(60_000).fill(0xff));
  packet.start -= 4;
  encodeLegacyControl(emptyControl(), packet);
  assert.equal(packet.start, HEADROOM_BYTES);
  assert.deepEqual([...packet.toBytes()], [...encode(emptyControl())]);
});

Deno.test("decodeLegacyControl leaves nothing of an earlier packet in the result", () => {
  const packet = new Packet();
  encodeLegacyControl(emptyControl(), packet);
  const control = { seqNo: 9, received: new Map([[3, 4]]) };
  assert.equal(decodeLegacyControl(packet, control), 0);
  assert.deepEqual(control, emptyControl());
});

Deno.test("decodeLegacyControl leaves the packet as it was and reads it wherever it starts", () => {
  const packet = new Packet();
  encodeLegacyControl({ seqNo: 5, received: new Map([[1, 2]]) }, packet);
  packet.bytes.copyWithin(7, packet.start, packet.end);
  packet.end = 7 + packet.length;
  packet.start = 7;
  const before = [...packet.toBytes()];
  const control = emptyControl();
  assert.equal(decodeLegacyControl(packet, control), 0);
  assert.deepEqual(control, { seqNo: 5, received: new Map([[1, 2]]) });
  assert.deepEqual([...packet.toBytes()], before);
  assert.equal(packet.start, 7);
});

Deno.test("decodeLegacyControl refuses every truncation", () => {
  for (const { name, isAccepted, bytes } of [...ORIGINAL_VECTORS, ...GO_VECTORS]) {
    if (!isAccepted) continue;
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(decode(bytes.subarray(0, length)), undefined, `${name}, ${length} bytes`);
    }
  }
});

Deno.test("decodeLegacyControl does not look behind the value, as Go does not", () => {
  const bytes = [...encode({ seqNo: 5, received: new Map() }), 0xff, 0xff, 0x01];
  assert.equal(decode(Uint8Array.from(bytes))?.seqNo, 5);
});

Deno.test("decodeLegacyControl never throws and returns 0 or BAD_CONTROL for random bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decode(bytes)));
});

Deno.test("decodeLegacyControl gives only integers and link ids in range for mutated packets", () => {
  fc.assert(fc.property(fc.nat(), (seed) => {
    const mutator = new Mutator(
      seed,
      [...ORIGINAL_VECTORS, ...GO_VECTORS].map(({ bytes }) => bytes),
    );
    const into = new Uint8Array(8_192);
    for (let i = 0; i < 20; i++) {
      const control = decode(into.subarray(0, mutator.next(into)));
      if (control === undefined) continue;
      assert.ok(Number.isSafeInteger(control.seqNo));
      for (const [linkId, receivedBytes] of control.received) {
        assert.ok(Number.isInteger(linkId) && linkId >= 1 && linkId <= 255);
        assert.ok(Number.isSafeInteger(receivedBytes) && receivedBytes >= 0);
      }
    }
  }));
});
