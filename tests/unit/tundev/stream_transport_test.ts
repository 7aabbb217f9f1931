import assert from "node:assert/strict";
import fc from "fast-check";
import { ResetReason, type StreamChannel } from "../../../src/tundev/stream_channel.ts";
import { MAX_WINDOW_BYTES } from "../../../src/tundev/stream_receive_half.ts";
import { MAX_UNSENT_BYTES } from "../../../src/tundev/stream_send_half.ts";
import { MAX_STREAMS } from "../../../src/tundev/stream_table.ts";
import { StreamTransport } from "../../../src/tundev/stream_transport.ts";
import { linkProfile } from "../../support/link_profile.ts";
import { type PatternReader, readPattern, StreamWorld, writePattern } from "./stream_world.ts";

const CLEAN = [linkProfile({ rateBps: 20e6, delayMs: 20 })];

/** A world whose right end reads every stream; the readers, in the order of the streams' arrival. */
function readingWorld(
  links = CLEAN,
  seed = 1,
  mtuBytes = 1400,
): { world: StreamWorld; readers: PatternReader[] } {
  const readers: PatternReader[] = [];
  const onStream = (stream: StreamChannel): void => {
    readers.push(readPattern(stream, () => world.now));
  };
  const world: StreamWorld = new StreamWorld({ seed, links, mtuBytes, onStream });
  return { world, readers };
}

/** Notes resets of a stream. */
function watchResets(stream: StreamChannel): number[] {
  const reasons: number[] = [];
  stream.handler = {
    handleReadable(): void {},
    handleWritable(): void {},
    handleReset: (reason): void => void reasons.push(reason),
  };
  return reasons;
}

Deno.test("StreamTransport delivers the exact bytes of all streams whatever the links do", () => {
  const links = fc.array(
    fc.record({
      rateBps: fc.integer({ min: 200_000, max: 50_000_000 }),
      delayMs: fc.integer({ min: 0, max: 200 }),
      jitterMs: fc.integer({ min: 0, max: 50 }),
      jitterKind: fc.constantFrom("ordered" as const, "independent" as const),
      lossFraction: fc.double({ min: 0, max: 0.3, noNaN: true }),
      duplicateFraction: fc.double({ min: 0, max: 0.3, noNaN: true }),
    }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(
      links,
      fc.nat(),
      fc.constantFrom(128, 300, 1400),
      fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 5 }),
      (profiles, seed, mtuBytes, sizes) => {
        const { world, readers } = readingWorld(profiles.map(linkProfile), seed, mtuBytes);
        for (const bytes of sizes) writePattern(world.open(), bytes);
        const isDone = (): boolean =>
          readers.length === sizes.length && readers.every((reader) => reader.isAtEnd);
        assert.ok(world.run(300_000, isDone), "not delivered within 300 s");
        assert.ok(readers.every((reader) => reader.wrongAt === -1), "wrong bytes");
        const received = readers.map((reader) => reader.readBytes).sort();
        assert.deepEqual(received, [...sizes].sort());
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("StreamTransport carries both directions of a stream at once", () => {
  let fromLeft: PatternReader | undefined;
  const world: StreamWorld = new StreamWorld({
    seed: 3,
    links: [linkProfile({ rateBps: 20e6, delayMs: 20, lossFraction: 0.02 })],
    onStream(stream): void {
      const writer = writePattern(stream, 700_000);
      const reader = fromLeft = readPattern(stream, () => world.now);
      const { handler } = stream;
      stream.handler = {
        handleReadable: () => reader.pump(),
        handleWritable: () => writer.pump(),
        handleReset: handler.handleReset,
      };
    },
  });
  const stream = world.open();
  const writer = writePattern(stream, 500_000);
  const fromRight = readPattern(stream, () => world.now);
  stream.handler = {
    handleReadable: () => fromRight.pump(),
    handleWritable: () => writer.pump(),
    handleReset(): void {},
  };
  assert.ok(world.run(60_000, () => fromRight.isAtEnd && fromLeft?.isAtEnd === true));
  assert.deepEqual([fromLeft?.readBytes, fromLeft?.wrongAt], [500_000, -1]);
  assert.deepEqual([fromRight.readBytes, fromRight.wrongAt], [700_000, -1]);
  world.run(5000);
  assert.deepEqual([world.left.streamCount, world.right.streamCount], [0, 0]);
});

Deno.test("A stream opens at the other end before anything is written", () => {
  const { world, readers } = readingWorld();
  world.open();
  assert.ok(world.run(1000, () => readers.length === 1));
});

Deno.test("A stream opens at the other end though the first word of it is lost", () => {
  const { world, readers } = readingWorld();
  world.setUp(false);
  world.open();
  world.run(500);
  world.setUp(true);
  assert.ok(world.run(1000, () => readers.length === 1));
});

Deno.test("A finished direction leaves the other one open", () => {
  let served: StreamChannel | undefined;
  const world = new StreamWorld({
    seed: 1,
    links: CLEAN,
    onStream: (stream) => void (served = stream),
  });
  const stream = world.open();
  stream.finish();
  world.run(1000);
  assert.ok(served?.isAtEnd);
  assert.equal(stream.isAtEnd, false);
  assert.equal(served.write(Uint8Array.of(1, 2, 3)), 3);
  world.run(1000);
  assert.deepEqual([...stream.view()], [1, 2, 3]);
});

Deno.test("StreamTransport resets a stream at both ends, even when the first word of it is lost", () => {
  let reasons: number[] | undefined;
  const world = new StreamWorld({
    seed: 1,
    links: CLEAN,
    onStream: (stream) => void (reasons = watchResets(stream)),
  });
  const stream = world.open();
  world.run(1000);
  world.setUp(false);
  stream.reset(ResetReason.ABORTED);
  world.run(1000);
  world.setUp(true);
  world.run(2000);
  assert.deepEqual(reasons, [ResetReason.ABORTED]);
  assert.deepEqual([world.left.streamCount, world.right.streamCount], [0, 0]);
});

Deno.test("An end that takes no streams resets them", () => {
  const world = new StreamWorld({ seed: 1, links: CLEAN, onStream: null });
  const reasons = watchResets(world.open());
  world.run(1000);
  assert.deepEqual(reasons, [ResetReason.NOT_ACCEPTED]);
  assert.deepEqual([world.left.streamCount, world.right.streamCount], [0, 0]);
});

Deno.test("A restarted peer ends the streams it knows nothing of, and takes new ones", () => {
  const { world, readers } = readingWorld();
  const stream = world.open();
  writePattern(stream, 20_000_000);
  world.run(1000);
  const reasons = watchResets(stream);
  world.restartRight();
  world.run(2000);
  assert.deepEqual(reasons, [ResetReason.PEER_RESTARTED]);
  const before = readers.length;
  writePattern(world.open(), 10_000);
  assert.ok(world.run(2000, () => readers[before]?.isAtEnd === true));
  assert.equal(readers[before]?.wrongAt, -1);
});

Deno.test("A peer restarted while nothing is sent is noticed by the keepalive", () => {
  const { world } = readingWorld();
  const reasons = watchResets(world.open());
  world.run(1000);
  world.restartRight();
  world.run(14_000);
  assert.deepEqual(reasons, []);
  world.run(3000);
  assert.deepEqual(reasons, [ResetReason.PEER_RESTARTED]);
});

Deno.test("A peer silent for two minutes is lost; after that new streams work", () => {
  const { world, readers } = readingWorld();
  const reasons = watchResets(world.open());
  world.run(1000);
  world.setUp(false);
  world.run(110_000);
  assert.deepEqual(reasons, []);
  world.run(30_000);
  assert.deepEqual(reasons, [ResetReason.PEER_LOST]);
  world.setUp(true);
  writePattern(world.open(), 1000);
  assert.ok(world.run(2000, () => readers[1]?.isAtEnd === true));
});

Deno.test("An idle stream lives on, and an idle transport without streams sends nothing", () => {
  const { world, readers } = readingWorld();
  const stream = world.open();
  world.run(600_000);
  assert.equal(world.left.streamCount, 1);
  writePattern(stream, 100);
  assert.ok(world.run(1000, () => readers[0]?.isAtEnd === true));
  readers[0]?.stream.finish();
  world.run(5000);
  stream.consume(0, world.now);
  assert.deepEqual([world.left.streamCount, world.right.streamCount], [0, 0]);
  assert.equal(world.left.nextTimeout(), Infinity);
  assert.equal(world.right.nextTimeout(), Infinity);
});

Deno.test("A reader that does not read bounds memory at both ends, and loses nothing", () => {
  let served: StreamChannel | undefined;
  const world = new StreamWorld({
    seed: 1,
    links: CLEAN,
    onStream: (stream) => void (served = stream),
  });
  const writer = writePattern(world.open(), 30_000_000);
  world.run(30_000);
  assert.ok(writer.writtenBytes <= MAX_WINDOW_BYTES + MAX_UNSENT_BYTES);
  assert.ok(served !== undefined && served.receiveHalf.bufferBytes <= MAX_WINDOW_BYTES);
  const reader = readPattern(served, () => world.now);
  reader.pump();
  assert.ok(world.run(60_000, () => reader.isAtEnd));
  assert.deepEqual([reader.readBytes, reader.wrongAt], [30_000_000, -1]);
});

Deno.test("A window whose opening was lost is opened again", () => {
  let served: StreamChannel | undefined;
  const world = new StreamWorld({
    seed: 1,
    links: CLEAN,
    onStream: (stream) => void (served = stream),
  });
  writePattern(world.open(), 10_000_000);
  world.run(5000);
  assert.ok(served !== undefined);
  // All that stands in the window is read at once, while the links are cut: one WINDOW, lost.
  world.setUp(false);
  const reader = readPattern(served, () => world.now);
  reader.pump();
  world.run(100);
  world.setUp(true);
  assert.ok(world.run(10_000, () => reader.isAtEnd));
});

Deno.test("A stream whose reader does not read does not stop the others", () => {
  const readers: PatternReader[] = [];
  const world: StreamWorld = new StreamWorld({
    seed: 1,
    links: CLEAN,
    onStream(stream): void {
      if (stream.id > 0) readers.push(readPattern(stream, () => world.now));
    },
  });
  writePattern(world.open(), 30_000_000);
  world.run(2000);
  writePattern(world.open(), 5_000_000);
  assert.ok(world.run(10_000, () => readers[0]?.isAtEnd === true));
});

Deno.test("Hundreds of streams share the links fairly", () => {
  const { world, readers } = readingWorld([linkProfile({ rateBps: 50e6, delayMs: 20 })]);
  for (let i = 0; i < 300; i++) writePattern(world.open(), 1_000_000);
  world.run(20_000);
  const bytes = readers.map((reader) => reader.readBytes);
  assert.equal(readers.length, 300);
  const mean = bytes.reduce((sum, n) => sum + n, 0) / 300;
  assert.ok(Math.min(...bytes) > mean * 0.7, `least ${Math.min(...bytes)} of mean ${mean}`);
  assert.ok(Math.max(...bytes) < mean * 1.3, `most ${Math.max(...bytes)} of mean ${mean}`);
});

Deno.test("StreamTransport opens no more streams than its limit, and more when some are over", () => {
  const { world, readers } = readingWorld();
  const streams = Array.from({ length: MAX_STREAMS }, () => world.open());
  assert.equal(world.left.openStream(world.now), null);
  assert.ok(world.left.isFull);
  assert.ok(world.run(5000, () => readers.length === MAX_STREAMS));
  streams[0]!.reset(ResetReason.ABORTED);
  world.run(2000);
  writePattern(world.open(), 10);
  assert.ok(world.run(2000, () => readers[MAX_STREAMS]?.isAtEnd === true));
});

Deno.test("StreamTransport refuses packets too small to carry anything", () => {
  const make = (): StreamTransport =>
    new StreamTransport({ mtuBytes: 127, rng: Math.random, onStream: null });
  assert.throws(make, /Cannot carry streams in packets of 127 bytes: below 128/);
});
