/**
 * The stand-in for a tun on machines without one: carries TCP connections instead of IP packets.
 *
 * ```
 * program -> listener | StreamTransport ~ tunnel ~ StreamTransport | Deno.connect -> service
 *            listen-tcp end                        connect-tcp end
 * ```
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import { closeQuietly } from "../close_quietly.ts";
import type { TundevSpec } from "../daemon_options.ts";
import { formatHostPort, type HostPort } from "../net_address.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { Packet } from "../wire/packet.ts";
import { checkAssignedMtu } from "./assigned_mtu.ts";
import { ResetReason, type StreamChannel } from "./stream_channel.ts";
import { checkStreamPacket } from "./stream_frames.ts";
import { StreamTransport } from "./stream_transport.ts";
import { TcpCarrier, type TcpCarrierHost } from "./tcp_carrier.ts";
import { dialTcp } from "./tcp_dialer.ts";
import { TcpEventLimiter } from "./tcp_event_limiter.ts";
import {
  eventOfPeerGone,
  eventOfReset,
  reasonOf,
  type TcpTundevEvent,
  type TcpTundevEventHook,
} from "./tcp_tundev_event.ts";
import type { Tundev, TundevSettings } from "./tundev.ts";

/** Pause while no connection can be taken (too many; no file descriptor left), ms. */
const ACCEPT_PAUSE_MS = 100;

/** Packets handed to the tunnel in one go, before the event loop gets its turn. */
const PUMP_PKTS = 256;

/**
 * Makes the end that connects to a service, once for each stream the other end opens.
 * @throws RangeError when the packets are too small.
 */
export function openConnectTcp(
  spec: Extract<TundevSpec, { kind: "connect-tcp" }>,
  onEvent?: TcpTundevEventHook,
): TcpTundev {
  return new TcpTundev(spec.mtuBytes, { target: spec.target }, onEvent);
}

/**
 * Makes the end that listens; the port is open when this returns, connections wait until `run`.
 * @throws Error when the address can't be listened on, RangeError when the packets are too small.
 */
export function openListenTcp(
  spec: Extract<TundevSpec, { kind: "listen-tcp" }>,
  onEvent?: TcpTundevEventHook,
): TcpTundev {
  const { host, port } = spec.listen;
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname: host, port });
  } catch (cause) {
    throw new Error(`Cannot listen on tcp ${formatHostPort(host, port)}: ${reasonOf(cause)}`, {
      cause,
    });
  }
  try {
    return new TcpTundev(spec.mtuBytes, { listener }, onEvent);
  } catch (error) {
    listener.close();
    throw error;
  }
}

/** A tundev that is the end of TCP connections. Made by {@link openConnectTcp}, {@link openListenTcp}. */
export class TcpTundev implements Tundev {
  readonly name: string;

  readonly #transport: StreamTransport;
  readonly #listener: Deno.TcpListener | null;
  readonly #onEvent: TcpTundevEventHook;
  readonly #eventLimiter = new TcpEventLimiter();
  readonly #carriers = new Map<TcpCarrier, Promise<void>>();
  readonly #host: TcpCarrierHost;
  readonly #closing = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  #packet: Packet;
  #mtuBytes: number;
  #assignedMtuBytes = 0;
  #callback: ((packet: Packet) => void) | null = null;
  #isPumpDue = false;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #timerMs = Infinity;
  #isClosed = false;

  constructor(
    mtuBytes: number,
    end: { readonly target: HostPort } | { readonly listener: Deno.TcpListener },
    onEvent: TcpTundevEventHook = (): void => {},
  ) {
    const target = "target" in end ? end.target : null;
    const address = "target" in end
      ? formatHostPort(end.target.host, end.target.port)
      : formatHostPort(end.listener.addr.hostname, end.listener.addr.port);
    this.#listener = "listener" in end ? end.listener : null;
    this.name = `tcp ${address}`;
    this.#mtuBytes = mtuBytes;
    this.#onEvent = onEvent;
    this.#packet = new Packet(mtuBytes);
    this.#host = { schedulePump: () => this.#schedulePump(), now: monotonicMs };
    this.#transport = new StreamTransport({
      mtuBytes,
      rng: cryptoRandom,
      onStream: target === null ? null : (stream): void => this.#connect(stream, target),
      onPeerGone: (reason): void => this.#tell(eventOfPeerGone(reason)),
    });
  }

  get mtuBytes(): number {
    return this.#mtuBytes;
  }

  /** See {@link Tundev.configure}. Addresses mean nothing here. */
  configure(settings: TundevSettings): readonly string[] {
    if (this.#isClosed || settings.mtuBytes === this.#assignedMtuBytes) return [];
    this.#assignedMtuBytes = settings.mtuBytes;
    const problems: string[] = [];
    this.#mtuBytes = checkAssignedMtu(settings.mtuBytes, this.#mtuBytes, problems);
    this.#transport.setMtu(this.#mtuBytes);
    this.#packet = new Packet(this.#mtuBytes);
    return problems;
  }

  /** The port that is listened on; 0 at the end that connects. */
  get port(): number {
    return this.#listener === null ? 0 : this.#listener.addr.port;
  }

  /** Connections carried now. */
  get connectionCount(): number {
    return this.#carriers.size;
  }

  /** Rates and delays of the stream transport, for metrics and tests. */
  get transport(): StreamTransport {
    return this.#transport;
  }

  /** See {@link Tundev.verify}. */
  verify(packet: Packet): number {
    return checkStreamPacket(packet);
  }

  send(packet: Packet): number {
    if (this.#isClosed) return DropReason.CLOSED;
    if (packet.length > this.#mtuBytes) return DropReason.TOO_LARGE;
    const result = this.#transport.handlePacket(packet, monotonicMs());
    this.#schedulePump();
    return result;
  }

  async run(callback: (packet: Packet) => void): Promise<void> {
    if (this.#callback !== null) throw new Error("Invariant: a TcpTundev runs once");
    this.#callback = callback;
    this.#schedulePump();
    const accepting = this.#listener === null ? null : this.#accept(this.#listener);
    await this.#closed.promise;
    await accepting;
    await Promise.all(this.#carriers.values());
  }

  close(): void {
    if (this.#isClosed) return;
    for (const carrier of this.#carriers.keys()) carrier.abort(ResetReason.ABORTED);
    this.#pump(); // tells the other end, if one packet in time can
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#closing.abort();
    if (this.#listener !== null) closeQuietly(this.#listener);
    this.#closed.resolve();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    while (!this.#isClosed) {
      try {
        const conn = await listener.accept();
        const stream = this.#transport.openStream(monotonicMs());
        if (stream === null) closeQuietly(conn);
        else this.#carry(stream, (carrier) => carrier.carry(conn));
        // More wait in the system's queue, their programs with them, until some of ours have ended.
        while (this.#transport.isFull && !this.#isClosed) {
          await abortableSleep(ACCEPT_PAUSE_MS, this.#closing.signal);
        }
      } catch (error) {
        if (this.#isClosed) return;
        const message = `Cannot accept on ${this.name}: ${reasonOf(error)}`;
        this.#tell({ kind: "accept-failed", message });
        await abortableSleep(ACCEPT_PAUSE_MS, this.#closing.signal);
      }
    }
  }

  #connect(stream: StreamChannel, target: HostPort): void {
    this.#carry(stream, async (carrier) => {
      let conn: Deno.TcpConn;
      try {
        conn = await dialTcp(target, this.#closing.signal);
      } catch (error) {
        if (!this.#isClosed && !carrier.isAborted) {
          this.#tell({ kind: "connect-failed", message: reasonOf(error) });
        }
        return carrier.abort(ResetReason.REFUSED);
      }
      await carrier.carry(conn);
    });
  }

  /** Keeps a carrier until its work is done; `work` never rejects. */
  #carry(stream: StreamChannel, work: (carrier: TcpCarrier) => Promise<void>): void {
    const carrier = new TcpCarrier(stream, this.#host);
    const done = work(carrier).finally(() => {
      this.#carriers.delete(carrier);
      const event = eventOfReset(this.name, carrier.resetByPeer);
      if (event !== null) this.#tell(event);
    });
    this.#carriers.set(carrier, done);
    this.#schedulePump();
  }

  #tell(event: TcpTundevEvent): void {
    const told = this.#eventLimiter.pass(event, monotonicMs());
    if (told !== null) this.#onEvent(told);
  }

  /** Pumps after the current batch of packets or reads, once for all of it. */
  #schedulePump(): void {
    if (this.#isPumpDue || this.#isClosed) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  /** Hot. Hands over what may go out now, and sets the timer for the rest. */
  #pump(): void {
    const callback = this.#callback;
    if (this.#isClosed || callback === null) return;
    const now = monotonicMs();
    this.#transport.handleTimeout(now);
    let left = PUMP_PKTS;
    while (left > 0 && this.#transport.craftPacket(now, this.#packet) > 0) {
      callback(this.#packet);
      left--;
    }
    this.#arm(left === 0 ? now : this.#transport.nextTimeout(), now);
  }

  /** Sets the timer, unless it is due before anyway: waking in vain is cheaper than setting anew. */
  #arm(dueMs: number, now: number): void {
    if (dueMs >= this.#timerMs) return;
    clearTimeout(this.#timer);
    this.#timerMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#timerMs = Infinity;
      this.#pump();
    }, Math.max(0, Math.ceil(dueMs - now)));
  }
}

function monotonicMs(): number {
  return performance.now();
}

/** Uniform in [0, 1), not to be guessed: session ids keep strangers out. */
function cryptoRandom(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
}
