// One suite for every tundev that carries IP: the one in memory, and a real tun device,
// with and without vnet headers.
import assert from "node:assert/strict";
import { Arena } from "../../ffi/arena.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../src/wire/packet.ts";
import { countOpenFds } from "../support/open_fds.ts";
import {
  collectPayloads,
  LARGEST_PAYLOAD_BYTES,
  MTU_BYTES,
  pattern,
  TUNDEV_KINDS,
  type TundevFixture,
  type TundevKind,
} from "../support/tundev_fixture.ts";
import { UDP4_HEADER_BYTES, udp4Payload } from "../support/udp4_packet.ts";

function suite(kind: TundevKind): void {
  const test = (behaviour: string, body: (fixture: TundevFixture) => Promise<void>): void =>
    Deno.test({
      name: `${kind.label} ${behaviour}`,
      ignore: kind.ignore,
      fn: async () => {
        using fixture = kind.open();
        await body(fixture);
      },
    });

  test("calls back once for each packet that enters, in order and unchanged", async (fixture) => {
    const sizes = [0, 1, 2, 100, LARGEST_PAYLOAD_BYTES];
    const seen = collectPayloads(fixture, sizes.length);
    for (const size of sizes) await fixture.inject(pattern(size));
    assert.deepEqual(await seen, sizes.map(pattern));
  });

  test("verifies a packet as send would judge it, without delivering it", async (fixture) => {
    const packet = new Packet(MTU_BYTES + 1);
    packet.fill(new Uint8Array(0));
    assert.equal(fixture.tundev.verify(packet), DropReason.EMPTY);
    packet.fill(Uint8Array.of(0xff, 1, 2));
    assert.equal(fixture.tundev.verify(packet), DropReason.NOT_IP);
    packet.fill(fixture.craftInbound(pattern(MTU_BYTES + 1 - UDP4_HEADER_BYTES)));
    assert.equal(fixture.tundev.verify(packet), DropReason.TOO_LARGE);
    packet.fill(fixture.craftInbound(pattern(1)));
    assert.equal(fixture.tundev.verify(packet), 0);
    packet.fill(fixture.craftInbound(pattern(2)));
    assert.equal(fixture.tundev.send(packet), 0);
    assert.deepEqual(await fixture.nextDelivered(), pattern(2));
  });

  test("gives callbacks a packet with its headroom free", async (fixture) => {
    const starts = new Set<number>();
    const running = fixture.tundev.run((packet) => {
      starts.add(packet.start);
      if (udp4Payload(packet.toBytes())?.length === 3) fixture.tundev.close();
    });
    await fixture.inject(pattern(3));
    await running;
    assert.deepEqual([...starts], [HEADROOM_BYTES]);
  });

  test("delivers what send takes, and leaves the packet as it was", async (fixture) => {
    const packet = new Packet(2000);
    for (const size of [1, 500, LARGEST_PAYLOAD_BYTES]) {
      const bytes = fixture.craftInbound(pattern(size));
      packet.fill(bytes);
      const { start, end } = packet;
      assert.equal(fixture.tundev.send(packet), 0);
      assert.deepEqual(await fixture.nextDelivered(), pattern(size));
      assert.deepEqual([packet.start, packet.end], [start, end]);
      assert.deepEqual(packet.toBytes(), bytes);
    }
  });

  test("sends from wherever the packet lies in its slot", async (fixture) => {
    const packet = new Packet(2000);
    const bytes = fixture.craftInbound(pattern(77));
    for (const start of [0, 13, HEADROOM_BYTES + 101]) {
      packet.start = start;
      packet.end = start + bytes.length;
      packet.bytes.set(bytes, start);
      assert.equal(fixture.tundev.send(packet), 0);
      assert.deepEqual(await fixture.nextDelivered(), pattern(77));
    }
  });

  test("refuses an empty packet, one over the MTU, and what is not IP", async (fixture) => {
    const { tundev } = fixture;
    const packet = new Packet(2000);
    packet.reset();
    assert.equal(tundev.send(packet), DropReason.EMPTY);
    packet.fill(fixture.craftInbound(new Uint8Array(LARGEST_PAYLOAD_BYTES + 1)));
    assert.equal(packet.length, MTU_BYTES + 1);
    assert.equal(tundev.send(packet), DropReason.TOO_LARGE);
    packet.fill(new Uint8Array(100));
    assert.equal(tundev.send(packet), DropReason.NOT_IP);
    packet.fill(Uint8Array.of(0x45));
    assert.equal(tundev.send(packet), DropReason.NOT_IP);
    // It still works, and none of those came through.
    packet.fill(fixture.craftInbound(pattern(9)));
    assert.equal(tundev.send(packet), 0);
    assert.deepEqual(await fixture.nextDelivered(), pattern(9));
  });

  test("answers in the callback: send within run", async (fixture) => {
    const answer = new Packet(2000);
    const running = fixture.tundev.run((packet) => {
      if (udp4Payload(packet.toBytes()) === null) return;
      answer.fill(fixture.craftInbound(pattern(5)));
      assert.equal(fixture.tundev.send(answer), 0);
    });
    await fixture.inject(pattern(4));
    assert.deepEqual(await fixture.nextDelivered(), pattern(5));
    fixture.tundev.close();
    await running;
  });

  test("resolves run when closed while it waits, and is gone then", async (fixture) => {
    const running = fixture.tundev.run(() => {});
    // A packet through and back: run has started to wait.
    const packet = new Packet(2000);
    packet.fill(fixture.craftInbound(pattern(1)));
    fixture.tundev.send(packet);
    await fixture.nextDelivered();
    assert.equal(fixture.exists(), true);
    fixture.tundev.close();
    await running;
    assert.equal(fixture.exists(), false);
  });

  test("calls back no more once closed from within the callback", async (fixture) => {
    for (let i = 0; i < 5; i++) await fixture.inject(pattern(6));
    let calls = 0;
    await fixture.tundev.run((packet) => {
      if (udp4Payload(packet.toBytes()) === null) return;
      calls++;
      fixture.tundev.close();
    });
    assert.equal(calls, 1);
  });

  test("is closed for good: send returns CLOSED, run resolves, close does nothing", async (fixture) => {
    const { tundev } = fixture;
    const packet = new Packet(2000);
    packet.fill(fixture.craftInbound(pattern(1)));
    tundev.close();
    tundev.close();
    assert.equal(tundev.send(packet), DropReason.CLOSED);
    await tundev.run(() => assert.fail("called back after close"));
    assert.equal(fixture.exists(), false);
  });

  test("rejects run with the error that the callback threw", async (fixture) => {
    const running = fixture.tundev.run(() => {
      throw new Error("from the callback");
    });
    const outcome = assert.rejects(running, /from the callback/);
    await fixture.inject(pattern(1));
    await outcome;
  });

  Deno.test({
    name: `${kind.label} opened, run and closed a hundred times leaves no descriptor, no memory`,
    ignore: kind.ignore,
    fn: async () => {
      kind.open()[Symbol.dispose]();
      const before = [countOpenFds(), Arena.liveCount];
      for (let i = 0; i < 100; i++) {
        using fixture = kind.open();
        if (i % 2 === 0) continue;
        const running = fixture.tundev.run(() => {});
        fixture.tundev.close();
        await running;
      }
      assert.deepEqual([countOpenFds(), Arena.liveCount], before);
    },
  });
}

for (const kind of TUNDEV_KINDS) suite(kind);
