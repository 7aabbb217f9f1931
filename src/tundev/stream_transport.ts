/**
 * Carries many reliable byte streams in packets that may be lost, repeated and reordered: what
 * stands between local TCP connections and the tunnel on machines without a tun.
 *
 * Pure. Three inputs drive it: a packet arrived ({@link StreamTransport.handlePacket}), the owner
 * of a stream wrote or read, time passed ({@link StreamTransport.handleTimeout}). After any of them
 * call {@link StreamTransport.craftPacket} until it has nothing, and come back at `nextTimeout()`.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import { AckLog } from "./stream_ack_log.ts";
import { ResetReason, type StreamChannel } from "./stream_channel.ts";
import { StreamCongestion } from "./stream_congestion.ts";
import { FrameReader } from "./stream_frame_reader.ts";
import { writeSessionUnknown, writeStreamFrame } from "./stream_frame_writer.ts";
import {
  checkStreamPacket,
  FLAG_SESSION_UNKNOWN,
  FrameKind,
  MIN_STREAM_MTU_BYTES,
  readU48,
  STREAM_HEADER_BYTES,
  writeHeader,
} from "./stream_frames.ts";
import { StreamLossDetector } from "./stream_loss_detector.ts";
import { SentLog } from "./stream_sent_log.ts";
import { StreamSession, Verdict } from "./stream_session.ts";
import { MAX_STREAMS, StreamTable } from "./stream_table.ts";
import type { StreamTransportOptions } from "./stream_transport_options.ts";

/** While streams are open and nothing is heard, ask for a sign of life after this, ms. */
const KEEPALIVE_MS = 15_000;

/** A peer silent for this long while streams are open is lost; they are reset, ms. */
const PEER_TIMEOUT_MS = 120_000;

/** One end. */
export class StreamTransport {
  #mtuBytes: number;
  readonly #onPeerGone: (reason: ResetReason) => void;
  readonly #session: StreamSession;
  readonly #streams = new StreamTable();
  readonly #sent = new SentLog();
  readonly #acks = new AckLog();
  readonly #congestion: StreamCongestion;
  readonly #losses: StreamLossDetector;
  readonly #reader: FrameReader;
  #needsPing = false;
  #answerTo = 0;
  #answerQuotes = 0;
  #pacedUntilMs = Infinity;
  #heardMs = 0;
  #sentMs = 0;

  /** @throws RangeError when the packets are too small to work with. */
  constructor(options: StreamTransportOptions) {
    checkMtu(options.mtuBytes);
    this.#mtuBytes = Math.min(options.mtuBytes, MAX_STREAM_MTU_BYTES);
    this.#onPeerGone = options.onPeerGone ?? ((): void => {});
    this.#session = new StreamSession(options.rng);
    this.#congestion = new StreamCongestion(this.#mtuBytes);
    this.#losses = new StreamLossDetector(this.#sent, this.#streams, this.#congestion);
    this.#reader = new FrameReader(this.#streams, this.#losses, options.onStream);
  }

  /** Largest packet that is crafted from now on. What was lost is cut anew when it is sent again. @throws RangeError */
  setMtu(mtuBytes: number): void {
    checkMtu(mtuBytes);
    this.#mtuBytes = Math.min(mtuBytes, MAX_STREAM_MTU_BYTES);
  }

  /** Streams open now. */
  get streamCount(): number {
    return this.#streams.size;
  }

  /** Whether no more streams may be opened now. */
  get isFull(): boolean {
    return this.#streams.size >= MAX_STREAMS;
  }

  /** Rates and delays, for logs and tests. */
  get congestion(): StreamCongestion {
    return this.#congestion;
  }

  /** Packets with a number sent so far in this session. */
  get sentPkts(): number {
    return this.#sent.next - 1;
  }

  /** Packets declared lost so far, rightly or not. */
  get lostPkts(): number {
    return this.#losses.lostPkts;
  }

  /** Opens a stream to the other end. @returns null when there are too many already. */
  openStream(now: number): StreamChannel | null {
    if (this.#streams.size === 0) this.#heardMs = now;
    return this.#streams.open();
  }

  /** Hot. Takes a packet from the tunnel; borrowed until return. @returns 0 or a DropReason. */
  handlePacket(packet: Packet, now: number): number {
    const refusal = checkStreamPacket(packet);
    if (refusal !== 0) return refusal;
    const { bytes, view, start } = packet;
    const flags = bytes[start + 1]!;
    const src = view.getUint32(start + 2);
    const dst = view.getUint32(start + 6);
    if (flags === FLAG_SESSION_UNKNOWN) return this.#handleUnknown(packet, dst);
    if (flags !== 0) return DropReason.BAD_STREAM;
    const verdict = this.#session.judge(src, dst);
    if (verdict === Verdict.STALE) return DropReason.STALE_STREAM;
    if (verdict === Verdict.UNKNOWN_HERE) {
      this.#answerTo = src;
      this.#answerQuotes = dst;
      return DropReason.STALE_STREAM;
    }
    if (verdict === Verdict.PEER_RESTARTED) {
      this.#restart(ResetReason.PEER_RESTARTED);
      this.#session.judge(src, dst);
    }
    if (this.#streams.size === 0) this.#heardMs = now; // a first stream's time begins now
    const result = this.#reader.read(packet, now);
    if (result < 0) return result; // not acknowledged: nothing of it may be missing
    this.#heardMs = now;
    const packetNumber = readU48(view, start + 10);
    if (packetNumber > 0) {
      const floor = packetNumber - view.getUint16(start + 16);
      this.#acks.handlePacket(packetNumber, floor, packet.length, now);
    }
    return 0;
  }

  /** Does what is due: missing packets, signs of life. */
  handleTimeout(now: number): void {
    this.#losses.handleTimeout(now, this.#heardMs);
    if (this.#losses.takePingRequest()) this.#needsPing = true;
    if (this.#streams.size === 0) return;
    if (now >= this.#heardMs + PEER_TIMEOUT_MS) this.#restart(ResetReason.PEER_LOST);
    else if (now >= this.#keepaliveMs()) this.#needsPing = true;
  }

  /** When handleTimeout and craftPacket are to be called next, ms; Infinity when there is no need. */
  nextTimeout(): number {
    if (this.#answerTo !== 0) return 0;
    let next = Math.min(this.#acks.dueMs(), this.#losses.nextTimeout(), this.#pacedUntilMs);
    if (this.#streams.size > 0) {
      next = Math.min(next, this.#heardMs + PEER_TIMEOUT_MS);
      if (!this.#needsPing) next = Math.min(next, this.#keepaliveMs());
    }
    return next;
  }

  /**
   * Hot. Writes the next packet that may go out now.
   * @param packet overwritten; holds at least `mtuBytes`.
   * @returns its bytes, or 0 when there is none now.
   */
  craftPacket(now: number, packet: Packet): number {
    packet.reset();
    this.#pacedUntilMs = Infinity;
    if (this.#answerTo !== 0) {
      writeSessionUnknown(packet, this.#session.ownId, this.#answerTo, this.#answerQuotes);
      this.#answerTo = 0;
      return packet.length;
    }
    if (this.#streams.peek() === null && !this.#needsPing) {
      this.#losses.noteLimited(this.#congestion.windowBytes);
    } else if (this.#maySend(now)) return this.#craftNumbered(now, packet);
    if (this.#acks.dueMs() > now) return 0;
    packet.end += STREAM_HEADER_BYTES;
    packet.end = this.#acks.write(packet, packet.end, packet.start + this.#mtuBytes, now);
    writeHeader(packet, 0, this.#session.ownId, this.#session.peerId, 0, 0);
    return packet.length;
  }

  #maySend(now: number): boolean {
    if (!this.#sent.hasRoom()) return false;
    if (this.#losses.probes > 0) return true;
    if (this.#sent.inFlightBytes >= this.#congestion.windowBytes) return false;
    const releaseMs = this.#congestion.releaseMs(now);
    if (releaseMs <= now) return true;
    this.#pacedUntilMs = releaseMs;
    return false;
  }

  #craftNumbered(now: number, packet: Packet): number {
    const limit = packet.start + this.#mtuBytes;
    packet.end += STREAM_HEADER_BYTES;
    if (this.#acks.wantsRide(now)) {
      // At most half the packet: a stream must get on, too.
      packet.end = this.#acks.write(packet, packet.end, packet.start + this.#mtuBytes / 2, now);
    }
    const stream = this.#streams.peek();
    let kind: number = FrameKind.PING;
    if (stream === null) packet.bytes[packet.end++] = FrameKind.PING;
    else {
      this.#streams.dequeue();
      kind = writeStreamFrame(packet, limit, stream);
    }
    this.#needsPing = false;
    const isData = kind === FrameKind.DATA && stream !== null;
    const first = isData ? stream.sendHalf.chunkOffset : 0;
    const last = isData ? stream.sendHalf.chunkEnd : 0;
    if (this.#sent.inFlightPkts === 0) this.#losses.handleFirstInFlight(now);
    const packetNumber = this.#sent.add(now, packet.length, kind, stream, first, last);
    const distance = Math.min(0xffff, packetNumber - this.#sent.floor);
    writeHeader(packet, 0, this.#session.ownId, this.#session.peerId, packetNumber, distance);
    this.#congestion.handleSent(packet.length);
    this.#losses.handleSent(now);
    this.#sentMs = now;
    if (stream !== null) {
      this.#streams.enqueue(stream);
      stream.noteWritable();
    }
    return packet.length;
  }

  #handleUnknown(packet: Packet, dst: number): number {
    if (packet.length < STREAM_HEADER_BYTES + 4) return DropReason.TRUNCATED;
    const quoted = packet.view.getUint32(packet.start + STREAM_HEADER_BYTES);
    // dst is the id under which this end spoke, quoted the one it spoke to.
    if (!this.#session.isEndedBy(dst, quoted)) return DropReason.STALE_STREAM;
    this.#restart(ResetReason.PEER_RESTARTED);
    return 0;
  }

  #restart(reason: ResetReason): void {
    const hadStreams = this.#streams.size > 0;
    this.#session.restart();
    this.#sent.reset();
    this.#acks.reset();
    this.#losses.reset();
    this.#needsPing = false;
    this.#streams.clear(reason);
    if (hadStreams) this.#onPeerGone(reason);
  }

  #keepaliveMs(): number {
    return Math.max(this.#heardMs, this.#sentMs) + KEEPALIVE_MS;
  }
}

function checkMtu(mtuBytes: number): void {
  if (mtuBytes >= MIN_STREAM_MTU_BYTES) return;
  throw new RangeError(
    `Cannot carry streams in packets of ${mtuBytes} bytes: below ${MIN_STREAM_MTU_BYTES}`,
  );
}

/** What the 16 bits of a length can say. */
const MAX_STREAM_MTU_BYTES = 65_535;
