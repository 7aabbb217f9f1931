// What a master assigns, put into every tundev that carries IP: the one in memory, and a real tun device,
// with and without vnet headers.
import assert from "node:assert/strict";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { Packet } from "../../src/wire/packet.ts";
import { awaitCondition } from "../support/await_condition.ts";
import {
  collectPayloads,
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

  test("takes and gives larger packets once it was configured with a larger MTU", async (fixture) => {
    const { tundev, addresses } = fixture;
    assert.deepEqual(tundev.configure({ addresses, mtuBytes: 3000 }), []);
    assert.equal(tundev.mtuBytes, 3000);
    const packet = new Packet(4000);
    packet.fill(fixture.craftInbound(pattern(3001 - UDP4_HEADER_BYTES)));
    assert.equal(tundev.send(packet), DropReason.TOO_LARGE);
    assert.equal(tundev.verify(packet), DropReason.TOO_LARGE);
    packet.fill(fixture.craftInbound(pattern(3000 - UDP4_HEADER_BYTES)));
    assert.equal(tundev.send(packet), 0);
    assert.deepEqual(await fixture.nextDelivered(), pattern(3000 - UDP4_HEADER_BYTES));
    const seen = collectPayloads(fixture, 1);
    await fixture.inject(pattern(3000 - UDP4_HEADER_BYTES));
    assert.deepEqual(await seen, [pattern(3000 - UDP4_HEADER_BYTES)]);
  });

  test("refuses what is larger than the MTU it was lowered to", (fixture) => {
    const { tundev, addresses } = fixture;
    assert.deepEqual(tundev.configure({ addresses, mtuBytes: 1000 }), []);
    const packet = new Packet(2000);
    packet.fill(fixture.craftInbound(pattern(1001 - UDP4_HEADER_BYTES)));
    assert.equal(tundev.send(packet), DropReason.TOO_LARGE);
    packet.fill(fixture.craftInbound(pattern(1000 - UDP4_HEADER_BYTES)));
    assert.equal(tundev.send(packet), 0);
    return Promise.resolve();
  });

  test("gives a larger MTU's packets whole when a callback configured it", async (fixture) => {
    const { tundev, addresses } = fixture;
    const sizes = [1, 3000 - UDP4_HEADER_BYTES];
    const payloads: Uint8Array[] = [];
    const running = tundev.run((packet) => {
      const payload = udp4Payload(packet.toBytes());
      if (payload === null) return;
      tundev.configure({ addresses, mtuBytes: 3000 });
      payloads.push(payload.slice());
      if (payloads.length === sizes.length) tundev.close();
    });
    await fixture.inject(pattern(sizes[0]!));
    await awaitCondition("the MTU to be raised", () => tundev.mtuBytes === 3000, { intervalMs: 1 });
    await fixture.inject(pattern(sizes[1]!));
    await running;
    assert.deepEqual(payloads, sizes.map(pattern));
  });

  test("keeps its MTU when an assigned one is of no use, and says so once", (fixture) => {
    const { tundev, addresses } = fixture;
    const problems = tundev.configure({ addresses, mtuBytes: 70_000 });
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /^Cannot use MTU 70000, which the master assigned: 1400 stays$/);
    assert.deepEqual(tundev.configure({ addresses, mtuBytes: 70_000 }), []);
    assert.equal(tundev.mtuBytes, MTU_BYTES);
    return Promise.resolve();
  });

  test("is not configured any more once it is closed", (fixture) => {
    const { tundev, addresses } = fixture;
    tundev.close();
    assert.deepEqual(tundev.configure({ addresses, mtuBytes: 1000 }), []);
    assert.equal(fixture.exists(), false);
    return Promise.resolve();
  });
}

for (const kind of TUNDEV_KINDS) suite(kind);
