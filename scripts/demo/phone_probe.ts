/**
 * Measures the round trip through one phone, beside the tunnel: a SOCKS5 UDP association of its own
 * to an echo port at the server. Its datagrams queue with the tunnel's, so under load it shows what
 * any other user of that phone would feel.
 *
 * @module
 */

import { DENO_ENGINE } from "../../src/linkmap/io_engine.ts";
import type { DatagramSlot } from "../../src/linkmap/datagram_socket.ts";
import type { NetAddress } from "../../src/net_address.ts";
import { Socks5Socket } from "../../src/linkmap/socks5_socket.ts";
import { DropCounters } from "../../src/wire/drop_reason.ts";
import { Packet } from "../../src/wire/packet.ts";

/** Between two probes, and before a new attempt at an association, in ms. */
const INTERVAL_MS = 200;

/** A round trip older than this is no news any more, in ms. */
const FRESH_MS = 1_500;

/** Probes look back over this many answers: their median is shown, so that it does not flicker. */
const MEMORY = 5;

const PROBE_BYTES = 64;

/** A running probe. */
export class PhoneProbe implements AsyncDisposable {
  readonly #proxy: NetAddress;
  readonly #echo: NetAddress;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #roundTripsMs: number[] = [];
  #lastAnswerMs = Number.NEGATIVE_INFINITY;

  /** Starts it. @param echo as the phone reaches it. */
  constructor(proxy: NetAddress, echo: NetAddress) {
    this.#proxy = proxy;
    this.#echo = echo;
    this.#running = this.#run();
  }

  /** The median of the last round trips in ms, or null when none came back lately. */
  get roundTripMs(): number | null {
    if (performance.now() - this.#lastAnswerMs > FRESH_MS) return null;
    const sorted = this.#roundTripsMs.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#useAssociation();
      } catch {
        // The phone is away; the next attempt tells.
      }
      await pause(INTERVAL_MS, this.#stop.signal);
    }
  }

  /** Probes until the association or the demo ends. */
  async #useAssociation(): Promise<void> {
    const { hostname: host, port } = this.#proxy;
    using socket = await Socks5Socket.open({
      proxy: { host, port },
      target: { host: this.#echo.hostname, port: this.#echo.port },
      drops: new DropCounters(),
      bindUdp: DENO_ENGINE.bindUdp,
      signal: this.#stop.signal,
    });
    const receiving = this.#receive(socket);
    const probe = new Packet(PROBE_BYTES);
    probe.end = probe.start + PROBE_BYTES;
    while (!this.#stop.signal.aborted && socket.failure === null) {
      probe.view.setFloat64(probe.start, performance.now());
      socket.send(probe, socket.target);
      await pause(INTERVAL_MS, this.#stop.signal);
    }
    socket.close();
    await receiving;
  }

  async #receive(socket: Socks5Socket): Promise<void> {
    const slot: DatagramSlot = { packet: new Packet(2_048), source: socket.target };
    while (await socket.receive([slot]) > 0) {
      const { packet } = slot;
      if (packet.length !== PROBE_BYTES) continue;
      this.#lastAnswerMs = performance.now();
      const roundTripMs = this.#lastAnswerMs - packet.view.getFloat64(packet.start);
      this.#roundTripsMs = [...this.#roundTripsMs, roundTripMs].slice(-MEMORY);
    }
  }
}

/** Resolves after that time, or at once when the signal fires. */
function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const finish = (): void => {
    clearTimeout(timer);
    signal.removeEventListener("abort", finish);
    resolve();
  };
  const timer = setTimeout(finish, durationMs);
  signal.addEventListener("abort", finish);
  return promise;
}
