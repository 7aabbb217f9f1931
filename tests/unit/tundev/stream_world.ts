/**
 * Two stream transports under a virtual clock, joined by emulated links over which each packet
 * takes its way at random, as the original's scheduler spreads them.
 *
 * @module
 */

import { StreamTransport } from "../../../src/tundev/stream_transport.ts";
import type { StreamChannel } from "../../../src/tundev/stream_channel.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { LinkEmulator } from "../../support/link_emulator.ts";
import type { LinkProfile } from "../../support/link_profile.ts";
import { mulberry32 } from "../../support/rng.ts";

/** What bindlink's link header, UDP and IPv4 add to a tunnel packet, bytes. */
const OVERHEAD_BYTES = 32;

/** Which link a packet takes. */
export type Spreading = "by capacity" | "alike" | "by what arrived";

/** What a world is made of. */
export interface StreamWorldOptions {
  readonly seed: number;
  /** The same in both directions. */
  readonly links: readonly LinkProfile[];
  readonly spreading?: Spreading;
  readonly mtuBytes?: number;
  /** Called on the right end for each stream the left one opens; null: it takes none. */
  readonly onStream?: ((stream: StreamChannel) => void) | null;
}

/** One direction: links, and the weights by which packets take them. */
class Path {
  readonly links: LinkEmulator<Packet>[];
  readonly #weights: number[];
  readonly #arrived: number[];
  readonly #rng: () => number;
  readonly #spreading: Spreading;
  readonly #free: Packet[] = [];
  readonly #mtuBytes: number;
  #reweighMs = 0;

  constructor(options: StreamWorldOptions, rng: () => number, seed: number) {
    this.#rng = rng;
    this.#spreading = options.spreading ?? "by capacity";
    this.#mtuBytes = options.mtuBytes ?? 1400;
    this.links = options.links.map((profile, i) =>
      new LinkEmulator<Packet>({
        profile,
        rng: mulberry32(seed + i),
        release: (packet) => this.#free.push(packet),
      })
    );
    this.#weights = options.links.map((p) => this.#spreading === "by capacity" ? p.rateBps : 1);
    this.#arrived = options.links.map(() => 0);
  }

  send(src: Packet, now: number): void {
    let draw = this.#rng() * this.#weights.reduce((sum, w) => sum + w, 0);
    let i = 0;
    while (i < this.links.length - 1 && draw >= this.#weights[i]!) draw -= this.#weights[i++]!;
    const copy = this.#free.pop() ?? new Packet(this.#mtuBytes);
    copy.copyFrom(src);
    if (this.links[i]!.send(copy, copy.length + OVERHEAD_BYTES, now) < 0) this.#free.push(copy);
  }

  poll(now: number, deliver: (packet: Packet) => void): void {
    this.links.forEach((link, i) =>
      link.poll(now, (packet) => {
        this.#arrived[i]! += packet.length;
        deliver(packet);
      })
    );
    if (this.#spreading !== "by what arrived" || now < this.#reweighMs) return;
    // The original's way, its window of 5 s made a fading sum, told once a second.
    this.#reweighMs = now + 1000;
    const floor = Math.max(...this.#arrived) / 32;
    this.#arrived.forEach((bytes, i) => {
      this.#weights[i] = Math.max(1, floor, bytes);
      this.#arrived[i] = bytes * 0.8;
    });
  }

  nextTimeout(): number {
    return Math.min(...this.links.map((link) => link.nextTimeout()));
  }
}

/** The world. Left opens streams, right takes them. */
export class StreamWorld {
  now = 1000;
  readonly left: StreamTransport;
  right: StreamTransport;
  readonly toRight: Path;
  readonly toLeft: Path;
  /** Negative results of handlePacket, by number. */
  readonly drops = new Map<number, number>();
  readonly #packet: Packet;
  readonly #options: StreamWorldOptions;
  #restarts = 0;

  constructor(options: StreamWorldOptions) {
    this.#options = options;
    const { seed } = options;
    this.toRight = new Path(options, mulberry32(seed + 1), seed + 100);
    this.toLeft = new Path(options, mulberry32(seed + 2), seed + 200);
    const mtuBytes = options.mtuBytes ?? 1400;
    this.#packet = new Packet(mtuBytes);
    this.left = new StreamTransport({ mtuBytes, rng: mulberry32(seed + 3), onStream: null });
    this.right = this.#makeRight();
  }

  /** The right end's machine was restarted: a new transport, nothing of the old one. */
  restartRight(): void {
    this.#restarts++;
    this.right = this.#makeRight();
  }

  /** Opens a stream, or dies of the test's mistake. */
  open(): StreamChannel {
    const stream = this.left.openStream(this.now);
    if (stream === null) throw new Error("Invariant: too many streams");
    return stream;
  }

  /** Lets time pass until `isDone`, or until `limitMs` from now. @returns whether it was done. */
  run(limitMs: number, isDone: () => boolean = () => false): boolean {
    const end = this.now + limitMs;
    this.#pump();
    while (!isDone()) {
      const next = Math.min(
        this.toRight.nextTimeout(),
        this.toLeft.nextTimeout(),
        this.left.nextTimeout(),
        this.right.nextTimeout(),
      );
      if (next > end) {
        this.now = end;
        return false;
      }
      this.now = Math.max(this.now, next);
      this.toRight.poll(this.now, (packet) => this.#handle(this.right, packet));
      this.toLeft.poll(this.now, (packet) => this.#handle(this.left, packet));
      this.#pump();
    }
    return true;
  }

  /** Cuts or mends all links, both ways. */
  setUp(isUp: boolean): void {
    for (const path of [this.toRight, this.toLeft]) {
      for (const link of path.links) link.setUp(isUp, this.now);
    }
  }

  #handle(end: StreamTransport, packet: Packet): void {
    const result = end.handlePacket(packet, this.now);
    if (result < 0) this.drops.set(result, (this.drops.get(result) ?? 0) + 1);
  }

  #pump(): void {
    this.#pumpEnd(this.left, this.toRight);
    this.#pumpEnd(this.right, this.toLeft);
  }

  #pumpEnd(end: StreamTransport, path: Path): void {
    end.handleTimeout(this.now);
    while (end.craftPacket(this.now, this.#packet) > 0) path.send(this.#packet, this.now);
  }

  #makeRight(): StreamTransport {
    return new StreamTransport({
      mtuBytes: this.#options.mtuBytes ?? 1400,
      rng: mulberry32(this.#options.seed + 4 + 10 * this.#restarts),
      onStream: this.#options.onStream ?? null,
    });
  }
}

/** The byte a test stream carries at an offset: no short period, so that shifted data shows. */
export function patternByte(offset: number): number {
  return (Math.imul(offset, 0x9e3779b1) >>> 24) ^ (offset >>> 16 & 0xff);
}

/** Writes the pattern up to `totalBytes` as the stream takes it, then finishes it. */
export class PatternWriter {
  writtenBytes = 0;
  readonly #chunk = new Uint8Array(16_384);

  constructor(readonly stream: StreamChannel, readonly totalBytes: number) {
    this.pump();
  }

  /** Call again upon handleWritable. */
  pump(): void {
    while (this.writtenBytes < this.totalBytes) {
      const room = this.stream.writableBytes;
      const length = Math.min(room, this.#chunk.length, this.totalBytes - this.writtenBytes);
      if (length === 0) return;
      for (let i = 0; i < length; i++) this.#chunk[i] = patternByte(this.writtenBytes + i);
      this.writtenBytes += this.stream.write(this.#chunk.subarray(0, length));
    }
    this.stream.finish();
  }
}

/** Reads a stream and compares it with the pattern. */
export class PatternReader {
  readBytes = 0;
  isAtEnd = false;
  /** First offset at which a byte was wrong; -1 for none. */
  wrongAt = -1;
  resetReason = 0;
  lastReadMs = 0;
  longestStallMs = 0;

  constructor(readonly stream: StreamChannel, readonly clock: () => number) {
    this.lastReadMs = clock();
  }

  /** Call upon handleReadable. */
  pump(): void {
    for (let view = this.stream.view(); view.length > 0; view = this.stream.view()) {
      for (let i = 0; i < view.length && this.wrongAt < 0; i++) {
        if (view[i] !== patternByte(this.readBytes + i)) this.wrongAt = this.readBytes + i;
      }
      this.readBytes += view.length;
      this.stream.consume(view.length, this.clock());
      this.longestStallMs = Math.max(this.longestStallMs, this.clock() - this.lastReadMs);
      this.lastReadMs = this.clock();
    }
    this.isAtEnd ||= this.stream.isAtEnd;
  }
}

/** Lets a writer feed a stream. */
export function writePattern(stream: StreamChannel, totalBytes: number): PatternWriter {
  const writer = new PatternWriter(stream, totalBytes);
  stream.handler = {
    handleReadable(): void {},
    handleWritable: () => writer.pump(),
    handleReset(): void {},
  };
  return writer;
}

/** Lets a reader empty a stream. */
export function readPattern(stream: StreamChannel, clock: () => number): PatternReader {
  const reader = new PatternReader(stream, clock);
  stream.handler = {
    handleReadable: () => reader.pump(),
    handleWritable(): void {},
    handleReset(reason): void {
      reader.resetReason = reason;
    },
  };
  return reader;
}
