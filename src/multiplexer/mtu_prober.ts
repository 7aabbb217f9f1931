/**
 * Sends the probes of the links' MTU searches and knows their answers. Pure.
 *
 * A probe is a ping with zeros behind it that wants an answer; the answer is small and says which ping it is about by the
 * time that ping was sent. Times of probes are odd and those of other pings even, in µs, so two that are sent at once are
 * told apart. Beside each probe goes a small ping: when that is answered and the probe is not, size is the reason.
 *
 * Only where the socket forbids fragments on the way ({@link LinkPort.canProbeMtu}): else probes of any size would arrive.
 *
 * @module
 */

import { toWireUs } from "../wire/data_header.ts";
import { Packet } from "../wire/packet.ts";
import { Ping, PingFlag } from "../wire/ping.ts";
import { TRANSPORT_HEADER_BYTES } from "../wire/transport_header.ts";
import type { LinkMessages } from "./link_messages.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";
import { saidIntervalMs } from "./pinger.ts";

/** What sealing adds to a message. */
const SEAL_OVERHEAD_BYTES = TRANSPORT_HEADER_BYTES + 16;

/** An answer that takes longer than a late round trip and this does not come: the peer answers at once, but timers are late. */
const WAIT_MARGIN_MS = 50;
const MIN_WAIT_MS = 100;
const MAX_WAIT_MS = 2_000;

const US_PER_MS = 1_000;

/** A time that no other ping has: see above. @returns u32 µs */
function probeTimeUs(now: number): number {
  return (toWireUs(now) | 1) >>> 0;
}

/** Probes one peer's links. */
export class MtuProber {
  readonly #messages: LinkMessages;
  readonly #ping = new Ping();
  /** Made when it is first needed: not all ends can probe. */
  #message: Packet | null = null;

  constructor(messages: LinkMessages) {
    this.#messages = messages;
  }

  /** Sends the link's probe, if one is due. @param isIdle no data has come or gone for long */
  handleTimeout(link: MultiplexerLink, isIdle: boolean, now: number): void {
    const { mtu, port, rtt } = link;
    if (!port.canProbeMtu || !link.isAlive || now < mtu.nextTimeoutMs) return;
    const waitMs = Math.max(MIN_WAIT_MS, Math.min(MAX_WAIT_MS, rtt.lateMs + WAIT_MARGIN_MS));
    const sizeBytes = mtu.handleTimeout(waitMs, now);
    const beforeBytes = link.maxPacketBytes;
    link.updateMaxPacket();
    // What was lost was too large. Believed to be lossy, the link would be held out, and so never be seen to lose less.
    if (link.maxPacketBytes < beforeBytes) link.loss.reset();
    if (sizeBytes === 0) return;
    this.#messages.sendPing(link, isIdle, now);
    link.mtuProbeUs = probeTimeUs(now);
    port.fragmentAboveBytes = Number.POSITIVE_INFINITY;
    port.send(this.#craft(link, sizeBytes), now);
    link.updateMaxPacket();
  }

  /** A ping of ours was answered. @param echoedUs when it was sent, u32 */
  handleEcho(link: MultiplexerLink, echoedUs: number, now: number): void {
    if ((echoedUs & 1) === 0) {
      const agoMs = ((toWireUs(now) - echoedUs) | 0) / US_PER_MS;
      // The wire's µs are rounded down, by two at most.
      link.mtu.handleSmallAnswer(now - agoMs + 2 / US_PER_MS);
    } else if (echoedUs === link.mtuProbeUs) {
      link.mtuProbeUs = -1;
      link.mtu.handleAnswer(now);
    }
  }

  #craft(link: MultiplexerLink, datagramBytes: number): Packet {
    const messageBytes = datagramBytes - SEAL_OVERHEAD_BYTES;
    let message = this.#message;
    if (message === null || message.capacityBytes < messageBytes) {
      message = new Packet(messageBytes);
      this.#message = message;
    }
    const ping = this.#ping;
    ping.flags = PingFlag.WANTS_ANSWER;
    // As the ping beside it: the next one is soon only if none is answered.
    ping.intervalMs = saidIntervalMs(link, link.askIntervalMs);
    ping.sentUs = link.mtuProbeUs;
    ping.encode(message);
    message.bytes.fill(0, message.end, message.start + messageBytes);
    message.end = message.start + messageBytes;
    return message;
  }
}
