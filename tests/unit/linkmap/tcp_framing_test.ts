import assert from "node:assert/strict";
import fc from "fast-check";
import {
  craftTcpPreamble,
  MIN_DATAGRAM_BYTES,
  TcpFrameReader,
  writeTcpFrame,
} from "../../../src/linkmap/tcp_framing.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { mulberry32, testSeed } from "../../support/rng.ts";

/** A frame by the drawing in the module's doc. */
function frame(payload: Uint8Array): Uint8Array {
  return Uint8Array.of(payload.length >> 8, payload.length & 255, ...payload);
}

/** Feeds bytes in pieces of the given lengths (over and over), and gives all frames. */
function read(reader: TcpFrameReader, stream: Uint8Array, pieces: readonly number[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0, i = 0; at < stream.length; i++) {
    const wantedBytes = Math.max(1, pieces[i % pieces.length]!);
    const count = Math.min(wantedBytes, stream.length - at, reader.space.length);
    assert(count > 0, "no space is left");
    reader.space.set(stream.subarray(at, at + count));
    reader.commit(count);
    at += count;
    for (;;) {
      const lengthBytes = reader.next();
      if (lengthBytes <= 0) break;
      frames.push(reader.bytes.slice(reader.frameStart, reader.frameStart + lengthBytes));
    }
  }
  return frames;
}

/** The reader's slow twin: the whole stream at once. Null when it is not ours. */
function readNaively(stream: Uint8Array, expectsPreamble: boolean): Uint8Array[] | null {
  const frames: Uint8Array[] = [];
  let rest = [...stream];
  if (expectsPreamble) {
    const preamble = [0x42, 0x4c, 0x54, 0x43, 0x50, 0, 0, 1];
    for (let i = 0; i < Math.min(8, rest.length); i++) if (rest[i] !== preamble[i]) return null;
    rest = rest.slice(8);
  }
  while (rest.length >= 2) {
    const lengthBytes = rest[0]! * 256 + rest[1]!;
    if (lengthBytes < 1 || lengthBytes > 65_507) return null;
    if (rest.length < 2 + lengthBytes) break;
    frames.push(Uint8Array.from(rest.slice(2, 2 + lengthBytes)));
    rest = rest.slice(2 + lengthBytes);
  }
  return frames;
}

Deno.test("craftTcpPreamble is the eight bytes of docs/protocol.md", () => {
  assert.deepEqual([...craftTcpPreamble()], [0x42, 0x4c, 0x54, 0x43, 0x50, 0, 0, 1]);
});

Deno.test("writeTcpFrame writes the length, big-endian, and the bytes", () => {
  const dst = new Uint8Array(1_000);
  const bytes = Uint8Array.from({ length: 400 }, (_, i) => i);
  assert.equal(writeTcpFrame(dst, 3, { bytes, start: 50, end: 350 }), 302);
  assert.deepEqual(dst.subarray(3, 305), frame(bytes.subarray(50, 350)));
  assert(dst.subarray(305).every((byte) => byte === 0));
});

Deno.test("TcpFrameReader loses no framing however TCP splits", () => {
  const payload = fc.uint8Array({ minLength: 1, maxLength: 300 });
  fc.assert(fc.property(
    fc.array(payload, { maxLength: 60 }),
    fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }),
    fc.boolean(),
    (payloads, pieces, expectsPreamble) => {
      const preamble = expectsPreamble ? craftTcpPreamble() : [];
      const stream = Uint8Array.of(...preamble, ...payloads.flatMap((it) => [...frame(it)]));
      const reader = new TcpFrameReader({ expectsPreamble });
      assert.deepEqual(read(reader, stream, pieces), payloads);
      assert.equal(reader.next(), 0);
    },
  ));
});

Deno.test("TcpFrameReader agrees with its naive twin on any bytes, and never throws", () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map(frame),
    fc.constant(craftTcpPreamble()),
    fc.constantFrom([0, 0], [0xff, 0xe4], [0xff, 0xe3], [0, 1]).map((it) => Uint8Array.from(it)),
  );
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      (chunks, pieces, expectsPreamble) => {
        const stream = Uint8Array.from(chunks.flatMap((it) => [...it]));
        const expected = readNaively(stream, expectsPreamble);
        const reader = new TcpFrameReader({ expectsPreamble });
        const frames = read(reader, stream, pieces);
        if (expected === null) {
          assert.equal(reader.next(), DropReason.BAD_FRAMING);
          assert.notEqual(reader.fault, "");
        } else {
          assert.deepEqual(frames, expected);
          assert.equal(reader.next(), 0);
          assert.equal(reader.fault, "");
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("TcpFrameReader takes the longest frames, in pieces of any size", () => {
  const seed = testSeed();
  const random = mulberry32(seed);
  for (const pieceBytes of [1_000, 16_383, 16_384, 16_385, 65_536, 1_000_000]) {
    const payloads = [65_507, 1, 65_506, 65_507, 2, 40_000].map((length) =>
      Uint8Array.from({ length }, () => random() * 256)
    );
    const stream = new Uint8Array(payloads.reduce((sum, it) => sum + 2 + it.length, 0));
    let at = 0;
    for (const payload of payloads) {
      stream.set([payload.length >> 8, payload.length & 255], at);
      stream.set(payload, at + 2);
      at += 2 + payload.length;
    }
    const reader = new TcpFrameReader({ expectsPreamble: false });
    const frames = read(reader, stream, [pieceBytes]);
    assert.equal(frames.length, payloads.length, `seed ${seed}`);
    frames.forEach((it, i) => assert(it.every((byte, j) => byte === payloads[i]![j])));
  }
});

Deno.test("TcpFrameReader keeps its memory within 128 KiB however much comes", () => {
  const reader = new TcpFrameReader({ expectsPreamble: false });
  const stream = new Uint8Array(300_000).fill(1); // frames of 257 bytes
  for (let i = 0; i < 5; i++) read(reader, stream, [1_000_000]);
  assert(reader.bytes.length <= 131_072, `${reader.bytes.length} bytes`);
});

Deno.test("TcpFrameReader knows a stranger by its first wrong byte", () => {
  for (const text of ["GET / HTTP/1.1\r\n", "\x16\x03\x01", "B", "BLD"]) {
    const reader = new TcpFrameReader({ expectsPreamble: true });
    const bytes = new TextEncoder().encode(text);
    reader.space.set(bytes);
    reader.commit(bytes.length);
    const expected = "BLTCP".startsWith(text) ? 0 : DropReason.BAD_FRAMING;
    assert.equal(reader.next(), expected, text);
  }
});

Deno.test("TcpFrameReader says that the framing is of another version", () => {
  const reader = new TcpFrameReader({ expectsPreamble: true });
  read(reader, Uint8Array.of(...craftTcpPreamble().subarray(0, 7), 2), [8]);
  assert.equal(reader.fault, "it speaks version 2 of the framing, not 1");
});

Deno.test("TcpFrameReader refuses lengths of 0 and above 65,507 for ever", () => {
  for (const lengthBytes of [0, 65_508, 65_535]) {
    const reader = new TcpFrameReader({ expectsPreamble: false });
    const before = frame(Uint8Array.of(7));
    const stream = Uint8Array.of(...before, lengthBytes >> 8, lengthBytes & 255, ...before);
    assert.deepEqual(read(reader, stream, [1]), [Uint8Array.of(7)]);
    assert.equal(reader.next(), DropReason.BAD_FRAMING);
    assert.equal(reader.fault, `a frame says that it is ${lengthBytes} bytes long`);
  }
});

/** A frame as short as a datagram can be, or longer. */
function datagramFrame(lengthBytes = MIN_DATAGRAM_BYTES): Uint8Array {
  return frame(Uint8Array.of(0x42, 0x4c, ...new Uint8Array(lengthBytes - 2).fill(9)));
}

Deno.test("TcpFrameReader that wants datagrams takes them however TCP splits", () => {
  for (const pieceBytes of [1, 2, 3, 4, 5, 33, 34, 35, 1_000]) {
    const reader = new TcpFrameReader({ expectsPreamble: false, wantsDatagrams: true });
    const stream = Uint8Array.of(...datagramFrame(), ...datagramFrame(300), ...datagramFrame());
    const lengths = read(reader, stream, [pieceBytes]).map(({ length }) => length);
    assert.deepEqual(lengths, [32, 300, 32], `pieces of ${pieceBytes}`);
    assert.equal(reader.next(), 0);
  }
});

Deno.test("TcpFrameReader that wants datagrams refuses at the first byte that rules one out", () => {
  const faults: [bytes: number[], fault: string | null][] = [
    [[0, 31], "a frame of 31 bytes is too short to be a bindlink datagram"],
    [[0, 1, 0x42], "a frame of 1 bytes is too short to be a bindlink datagram"],
    [[0, 32], null],
    [[0, 32, 0x42], null],
    [[0, 32, 0x43], "a frame does not begin like a bindlink datagram"],
    [[0, 32, 0x42, 0x4c], null],
    [[0, 32, 0x42, 0x4d], "a frame does not begin like a bindlink datagram"],
    [[0, 0], "a frame says that it is 0 bytes long"],
  ];
  for (const [bytes, fault] of faults) {
    const reader = new TcpFrameReader({ expectsPreamble: false, wantsDatagrams: true });
    const frames = read(reader, Uint8Array.of(...datagramFrame(), ...bytes), [1]);
    assert.equal(frames.length, 1);
    assert.equal(reader.next(), fault === null ? 0 : DropReason.BAD_FRAMING, `${bytes}`);
    assert.equal(reader.fault, fault ?? "");
  }
});
