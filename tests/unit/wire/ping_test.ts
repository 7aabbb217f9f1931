import assert from "node:assert/strict";
import fc from "fast-check";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { InnerKind } from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { Ping, PingFlag } from "../../../src/wire/ping.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

function usedPacket(bytes: Iterable<number> = []): Packet {
  const packet = new Packet(1_400);
  packet.bytes.fill(0xa5);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

function pingOf(fields: Partial<Ping>): Ping {
  return Object.assign(new Ping(), fields);
}

Deno.test("Ping.encode writes the bytes of the drawing", () => {
  const packet = usedPacket();
  pingOf({
    flags: PingFlag.WANTS_ANSWER | PingFlag.HAS_ECHO,
    intervalMs: 25_801,
    sentUs: 0x0102_0304,
    echoedUs: 0x0506_0708,
    heldUs: 0x090a_0b0c,
    transitUs: 0xfffe_fdfc,
  }).encode(packet);
  // deno-fmt-ignore
  assert.deepEqual([...packet.toBytes()], [
    5, 3, 0x01, 0x03, // 259 x 100 ms: never less than it is
    1, 2, 3, 4,
    5, 6, 7, 8,
    9, 10, 11, 12,
    0xff, 0xfe, 0xfd, 0xfc,
    ...new Array(12).fill(0),
  ]);
});

Deno.test("Ping.decode gives what encode wrote", () => {
  const pings = fc.record({
    flags: fc.nat(255),
    intervalMs: fc.nat(65_535).map((units) => 100 * units),
    sentUs: u32,
    echoedUs: u32,
    heldUs: u32,
    transitUs: u32,
  }, { noNullPrototype: true });
  fc.assert(
    fc.property(pings, (fields) => {
      const packet = usedPacket();
      pingOf(fields).encode(packet);
      const ping = new Ping();
      assert.equal(ping.decode(packet), 0);
      assert.deepEqual({ ...ping }, fields);
    }),
  );
});

Deno.test("Ping.encode tells the longest interval there is for longer ones", () => {
  const packet = usedPacket();
  pingOf({ intervalMs: 1e9 }).encode(packet);
  const ping = new Ping();
  ping.decode(packet);
  assert.equal(ping.intervalMs, 6_553_500);
});

Deno.test("Ping.decode never throws, and leaves the ping as it was when it refuses", () => {
  const anyBytes = fc.uint8Array({ maxLength: 80 });
  const startedAsPing = anyBytes.map((bytes) => Uint8Array.of(InnerKind.PING, ...bytes));
  fc.assert(
    fc.property(fc.oneof(anyBytes, startedAsPing), (bytes) => {
      const ping = pingOf({ sentUs: 77 });
      const isPing = bytes.length >= 32 && bytes[0] === InnerKind.PING;
      assert.equal(ping.decode(usedPacket(bytes)), isPing ? 0 : DropReason.BAD_CONTROL);
      if (!isPing) assert.equal(ping.sentUs, 77);
    }),
  );
});
