import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { LocalAddress } from "../../../ffi/local_address.ts";
import type { DatagramSlot, DatagramSocket } from "../../../src/linkmap/datagram_socket.ts";
import type { BoundUdpSocket } from "../../../src/linkmap/udp_port.ts";
import { WildcardSocket } from "../../../src/linkmap/wildcard_socket.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { createSlots } from "../../support/datagram_rigs.ts";

const PEER = { hostname: "192.0.2.9", port: 7 };

/** As the kernel tells it: the address to answer from, and the one in the header. */
function told(answering: readonly number[], asked: readonly number[] = answering): LocalAddress {
  const bytes = Uint8Array.of(2, 0, 0, 0, ...answering, ...asked);
  return LocalAddress.fromIpv4(new DataView(bytes.buffer), 0);
}

/** Bound to the wildcard: brings what it is told to, and says where answers left from. */
class FakeUdp implements BoundUdpSocket {
  readonly localAddress = { hostname: "0.0.0.0", port: 4321 };
  readonly label = "udp 0.0.0.0:4321";
  readonly transport = "udp";
  failure: Error | null = null;
  lastSendError: Error | null = null;
  readonly sentFrom: (string | undefined)[] = [];
  /** One batch for each receive. */
  readonly incoming: (LocalAddress | null)[][] = [];
  isClosed = false;

  send(): number {
    this.sentFrom.push(undefined);
    return 0;
  }

  sendFrom(_packet: unknown, _dst: unknown, local: LocalAddress | null): number {
    this.sentFrom.push(local?.hostname);
    return 0;
  }

  receive(slots: readonly DatagramSlot[]): Promise<number> {
    const batch = this.incoming.shift() ?? [];
    batch.forEach((local, i) => {
      slots[i]!.packet.fill(Uint8Array.of(i));
      slots[i]!.source = PEER;
      slots[i]!.local = local;
    });
    return Promise.resolve(batch.length);
  }

  close(): void {
    this.isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function open(onUnknown: (socket: WildcardSocket) => void = () => {}): {
  udp: FakeUdp;
  drops: DropCounters;
  socket: WildcardSocket;
} {
  const udp = new FakeUdp();
  const drops = new DropCounters();
  const socket: WildcardSocket = WildcardSocket.open({
    hostname: "0.0.0.0",
    port: 4321,
    drops,
    bindUdp: (options) => {
      assert.equal(options.tellsLocal, true);
      return udp;
    },
    onUnknown: () => onUnknown(socket),
  });
  return { udp, drops, socket };
}

const A = [10, 0, 0, 1];
const B = [10, 0, 0, 2];

Deno.test("WildcardSocket hands out each datagram with the socket of its address, which answers from there", async () => {
  const { udp, socket } = open();
  const [a, b] = [socket.serve("10.0.0.1"), socket.serve("10.0.0.2")];
  udp.incoming.push([told(A), told(B), told(B), told(A)]);
  const slots = createSlots(4);
  assert.equal(await socket.receive(slots), 4);
  assert.deepEqual(slots.map(({ via }) => via), [a, b, b, a]);
  for (const { via, packet, source } of slots) via!.send(packet, source);
  assert.deepEqual(udp.sentFrom, ["10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.1"]);
  assert.deepEqual([a.label, a.localAddress.port], ["udp 10.0.0.1:4321", 4321]);
});

Deno.test("WildcardSocket drops what is for everybody or for an address that is not served, and closes the gaps", async () => {
  const { udp, drops, socket } = open();
  const a = socket.serve("10.0.0.1");
  udp.incoming.push([told(A, [10, 0, 0, 255])]);
  udp.incoming.push([told(B), told(A), told(B), told(A)]);
  const slots = createSlots(4);
  assert.equal(await socket.receive(slots), 2);
  assert.deepEqual(slots.slice(0, 2).map(({ via, packet }) => [via, ...packet.toBytes()]), [
    [a, 1],
    [a, 3],
  ]);
  assert.equal(drops.get(DropReason.NOT_LISTENED), 3);
});

Deno.test("WildcardSocket asks for an address that it does not know, and keeps the datagram when it is served then", async () => {
  const served: DatagramSocket[] = [];
  const { udp, drops, socket } = open((it) => served.push(it.serve("10.0.0.2")));
  udp.incoming.push([told(B)]);
  const slots = createSlots(1);
  assert.equal(await socket.receive(slots), 1);
  assert.equal(slots[0]!.via, served[0]);
  assert.equal(drops.total(), 0);
});

Deno.test("WildcardSocket serves an address anew that was away", async () => {
  const { udp, socket } = open((it) => it.serve("10.0.0.1"));
  const old = socket.serve("10.0.0.1");
  udp.incoming.push([told(A)], [told(A)]);
  const slots = createSlots(1);
  await socket.receive(slots);
  assert.equal(slots[0]!.via, old);
  old.close();
  await old.ended;
  assert.equal(old.send(new Packet(), PEER), DropReason.CLOSED);
  await socket.receive(slots);
  assert.notEqual(slots[0]!.via, old);
  assert.equal(slots[0]!.via!.send(new Packet(), PEER), 0);
});

Deno.test("WildcardSocket answers itself where the kernel does not say what was asked", async () => {
  const { udp, socket } = open();
  socket.serve("10.0.0.1");
  udp.incoming.push([null]);
  const slots = createSlots(1);
  assert.equal(await socket.receive(slots), 1);
  assert.equal(slots[0]!.via, null);
  socket.send(slots[0]!.packet, PEER);
  assert.deepEqual(udp.sentFrom, [undefined]);
});

Deno.test("WildcardSocket ends with its socket, and those of the addresses with it, with the reason", async () => {
  const { udp, socket } = open();
  const a = socket.serve("10.0.0.1");
  udp.failure = new Error("EIO");
  assert.equal(await socket.receive(createSlots(1)), 0);
  assert.equal(await a.receive(), 0);
  assert.equal(a.failure, udp.failure);
  assert.deepEqual([udp.isClosed, a.isClosed, socket.isClosed], [true, true, true]);
  assert.equal(socket.serve("10.0.0.2").isClosed, true);
});
