import assert from "node:assert/strict";
import fc from "fast-check";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { InnerKind } from "../../../src/wire/inner_message.ts";
import { LinkFlag, LinkNotice, MAX_LINK_NAME_BYTES } from "../../../src/wire/link_notice.ts";
import { Packet } from "../../../src/wire/packet.ts";

function usedPacket(bytes: Iterable<number> = []): Packet {
  const packet = new Packet(1_400);
  packet.bytes.fill(0xa5);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

function noticeOf(fields: Partial<LinkNotice>): LinkNotice {
  return Object.assign(new LinkNotice(), fields);
}

/** What comes out at the other end. */
function sent(fields: Partial<LinkNotice>): LinkNotice {
  const packet = usedPacket();
  noticeOf(fields).encode(packet);
  const notice = new LinkNotice();
  assert.equal(notice.decode(packet), 0);
  return notice;
}

Deno.test("LinkNotice.encode writes the bytes of the drawing", () => {
  const packet = usedPacket();
  const flags = LinkFlag.METERED | LinkFlag.HEARD;
  noticeOf({ flags, mode: 2, capBps: 2_500_000, name: "lte" }).encode(packet);
  // deno-fmt-ignore
  assert.deepEqual([...packet.toBytes()], [
    6, 5, 2, 3,
    0, 0, 0x09, 0xc4,
    0x6c, 0x74, 0x65,
    ...new Array(21).fill(0),
  ]);
});

Deno.test("LinkNotice.decode gives what encode wrote", () => {
  const notices = fc.record({
    flags: fc.nat(255),
    mode: fc.nat(255),
    capBps: fc.oneof(
      fc.constant(Infinity),
      fc.integer({ min: 1, max: 0xffff_ffff }).map((kbps) => 1_000 * kbps),
    ),
    name: fc.string({ maxLength: 60 }),
    pricePerGb: fc.option(fc.integer({ min: 0, max: 1_000_000_000 }).map((milli) => milli / 1_000)),
  }, { noNullPrototype: true });
  fc.assert(
    fc.property(notices, (fields) => {
      const hasPrice = (fields.flags & LinkFlag.PRICED) !== 0;
      const pricePerGb = hasPrice ? fields.pricePerGb : null;
      assert.deepEqual({ ...sent(fields) }, { ...fields, pricePerGb });
    }),
  );
});

Deno.test("LinkNotice takes a cap below 1 kbit/s for one of 1 kbit/s, not for none", () => {
  assert.equal(sent({ capBps: 3 }).capBps, 1_000);
  assert.equal(sent({ capBps: 1e30 }).capBps, 0xffff_ffff * 1_000);
});

Deno.test("LinkNotice cuts a name that is too long", () => {
  const { name } = sent({ name: "é".repeat(100) });
  assert.equal(name, "é".repeat(MAX_LINK_NAME_BYTES / 2));
});

Deno.test("LinkNotice.decode leaves out of a name what cannot be printed", () => {
  assert.equal(sent({ name: "a\nb\u001b[31m\u202ec" }).name, "ab[31mc");
});

Deno.test("LinkNotice.decode refuses a price that ends behind the message", () => {
  const name = new Array(24).fill(0x61);
  const bytes = [InnerKind.LINK, LinkFlag.PRICED, 0, 24, 0, 0, 0, 0, ...name];
  assert.equal(new LinkNotice().decode(usedPacket(bytes)), DropReason.BAD_CONTROL);
  assert.equal(new LinkNotice().decode(usedPacket([...bytes, 0, 0, 0, 1])), 0);
});

Deno.test("LinkNotice.decode refuses a name that is too long or ends behind the message", () => {
  for (const nameBytes of [25, 65, 255]) {
    const bytes = [InnerKind.LINK, 0, 0, nameBytes, ...new Array(28).fill(0x61)];
    assert.equal(
      new LinkNotice().decode(usedPacket(bytes)),
      DropReason.BAD_CONTROL,
      `${nameBytes}`,
    );
  }
});

Deno.test("LinkNotice.decode never throws, and leaves the notice as it was when it refuses", () => {
  const anyBytes = fc.uint8Array({ maxLength: 120, size: "max" });
  const startedAsLink = anyBytes.map((bytes) => Uint8Array.of(InnerKind.LINK, ...bytes));
  fc.assert(
    fc.property(fc.oneof(anyBytes, startedAsLink), (bytes) => {
      const notice = noticeOf({ mode: 77, name: "before" });
      const result = notice.decode(usedPacket(bytes));
      if (result === 0) assert.equal(notice.mode, bytes[2]);
      else {
        assert.equal(result, DropReason.BAD_CONTROL);
        assert.deepEqual([notice.mode, notice.name], [77, "before"]);
      }
    }),
  );
});
