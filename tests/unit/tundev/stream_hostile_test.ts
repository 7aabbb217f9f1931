import assert from "node:assert/strict";
import type { StreamChannel } from "../../../src/tundev/stream_channel.ts";
import { FrameKind, STREAM_MAGIC } from "../../../src/tundev/stream_frames.ts";
import { checkTunPacket } from "../../../src/tundev/packet_check.ts";
import { StreamTransport } from "../../../src/tundev/stream_transport.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { mulberry32, testSeed } from "../../support/rng.ts";

const MTU_BYTES = 1400;

/** Two ends in the middle of something, joined by hand. */
class Pair {
  now = 1000;
  readonly streams: StreamChannel[] = [];
  readonly left: StreamTransport;
  readonly right: StreamTransport;
  readonly packet = new Packet(MTU_BYTES);

  constructor(rng: () => number) {
    this.left = new StreamTransport({ mtuBytes: MTU_BYTES, rng, onStream: null });
    const onStream = (stream: StreamChannel): void => void this.streams.push(stream);
    this.right = new StreamTransport({ mtuBytes: MTU_BYTES, rng, onStream });
  }

  /** Passes on what goes out now; `touch` may change a packet before it arrives. */
  turn(touch: (packet: Packet) => void = (): void => {}): void {
    this.now += 5;
    for (const [from, to] of [[this.left, this.right], [this.right, this.left]] as const) {
      from.handleTimeout(this.now);
      while (from.craftPacket(this.now, this.packet) > 0) {
        touch(this.packet);
        to.handlePacket(this.packet, this.now);
      }
    }
  }
}

function handle(end: StreamTransport, bytes: Uint8Array, now = 1000): number {
  const packet = new Packet(MTU_BYTES);
  packet.fill(bytes);
  return end.handlePacket(packet, now);
}

Deno.test("StreamTransport counts an IP packet as NOT_STREAM", () => {
  const { left } = new Pair(mulberry32(1));
  assert.equal(handle(left, Uint8Array.of(0x45, ...new Uint8Array(39))), DropReason.NOT_STREAM);
  assert.equal(handle(left, Uint8Array.of(0x60, ...new Uint8Array(39))), DropReason.NOT_STREAM);
  assert.equal(handle(left, new Uint8Array(0)), DropReason.EMPTY);
  assert.equal(handle(left, Uint8Array.of(STREAM_MAGIC, 0)), DropReason.TRUNCATED);
});

Deno.test("A tun counts a stream packet as NOT_IP", () => {
  const pair = new Pair(mulberry32(1));
  pair.left.openStream(pair.now);
  assert.ok(pair.left.craftPacket(pair.now, pair.packet) > 0);
  assert.equal(checkTunPacket(pair.packet, 1500), DropReason.NOT_IP);
});

/** A packet of a session that begins with it, with one frame. */
function helloWith(...frame: number[]): Uint8Array {
  const header = [STREAM_MAGIC, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];
  return Uint8Array.from([...header, ...frame]);
}

const OWN = 0x80; // the stream was opened by the sender
const NO_OFFSET = [0, 0, 0, 0, 0, 0, 0, 0];

for (
  const [what, frame] of [
    ["an unknown kind", [99]],
    ["kind 0", [0]],
    ["a truncated DATA frame", [FrameKind.DATA | OWN, 0, 0, 0]],
    ["DATA longer than the packet", [FrameKind.DATA | OWN, 0, 0, 0, 0, ...NO_OFFSET, 0, 5, 1]],
    ["DATA beyond 2^53", [FrameKind.DATA | OWN, 0, 0, 0, 0, ...new Array(8).fill(255), 0, 1, 1]],
    ["DATA beyond the window", [
      ...[FrameKind.DATA | OWN, 0, 0, 0, 0],
      ...[0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1],
    ]],
    ["DATA for a stream this end never opened", [
      FrameKind.DATA,
      0,
      0,
      0,
      0,
      ...NO_OFFSET,
      0,
      1,
      1,
    ]],
    ["a truncated ACK", [FrameKind.ACK, 0]],
    ["an ACK of what was never sent", [
      ...[FrameKind.ACK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      ...[0, 0, 0, 0, 0, 5, 1, 1],
    ]],
    ["an ACK without runs", [FrameKind.ACK, ...new Array(17).fill(0)]],
    ["a truncated WINDOW", [FrameKind.WINDOW | OWN, 0, 0, 0, 0, 1]],
    ["a truncated RESET", [FrameKind.RESET | OWN, 0, 0, 0, 0]],
    ["a truncated OPEN", [FrameKind.OPEN | OWN, 0, 0, 0]],
  ] as const
) {
  Deno.test(`StreamTransport refuses ${what} and does not acknowledge it`, () => {
    const { right } = new Pair(mulberry32(1));
    assert.equal(handle(right, helloWith(...frame)), DropReason.BAD_STREAM);
    right.handleTimeout(2000);
    const answer = new Packet(MTU_BYTES);
    assert.equal(right.craftPacket(2000, answer), 0);
  });
}

Deno.test("StreamTransport never throws, and keeps its bounds, on mutated and random packets", () => {
  const seed = testSeed();
  const rng = mulberry32(seed);
  const below = (n: number): number => Math.floor(rng() * n);
  try {
    for (let round = 0; round < 60; round++) {
      const pair = new Pair(rng);
      const stream = pair.left.openStream(pair.now);
      stream?.write(new Uint8Array(100_000));
      for (let turn = 0; turn < 40; turn++) {
        pair.turn((packet) => {
          if (rng() < 0.5) return;
          // Behind the session ids mostly: the deep ends are there.
          const from = rng() < 0.8 ? Math.min(10, packet.length) : 0;
          for (let i = below(6); i >= 0 && packet.length > from; i--) {
            packet.bytes[packet.start + from + below(packet.length - from)] = below(256);
          }
          if (rng() < 0.2) packet.end = packet.start + below(packet.length + 1);
          if (rng() < 0.1) {
            for (let i = 18; i < packet.length; i++) packet.bytes[packet.start + i] = below(256);
          }
        });
        for (const served of pair.streams) {
          served.consume(served.view().length, pair.now);
          assert.ok(served.receiveHalf.bufferBytes <= 4 * 1024 * 1024);
        }
        assert.ok(pair.right.streamCount <= 512 && pair.left.streamCount <= 512);
      }
    }
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  }
});

Deno.test("StreamTransport bounds what a peer can make it remember", () => {
  const { right, streams } = new Pair(mulberry32(1));
  // 200,000 packets with gaps in everything: packet numbers, stream ids, offsets.
  const packet = new Packet(MTU_BYTES);
  for (let i = 0; i < 200_000; i++) {
    packet.fill(helloWith(FrameKind.DATA | OWN, 0, 0, 0, 0, ...NO_OFFSET, 0, 1, 1));
    packet.view.setUint32(packet.start + 12, 1 + 2 * i); // packet number
    const frame = packet.start + 18;
    packet.view.setUint32(frame + 1, i < 100_000 ? 2 * i : 0); // stream id
    packet.view.setUint32(frame + 9, i < 100_000 ? 1 : (2 * i) % 200_000); // offset
    right.handlePacket(packet, 1000);
  }
  assert.ok(right.streamCount <= 512);
  const buffered = streams.reduce((sum, stream) => sum + stream.receiveHalf.bufferBytes, 0);
  assert.ok(buffered < 4 * 1024 * 1024, `${buffered} bytes buffered`);
  assert.ok(right.craftPacket(2000, packet) > 0, "an ACK");
  assert.ok(packet.length <= MTU_BYTES);
});
