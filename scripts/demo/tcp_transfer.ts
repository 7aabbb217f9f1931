/**
 * The data of the demo without a tun: a TCP transfer that never ends, from a service at the server
 * to a program at the laptop, through the tunnel's TCP stand-in.
 *
 * @module
 */

import type { NetAddress } from "../../src/net_address.ts";
import type { GoodputMeter } from "./goodput_meter.ts";

const CHUNK_BYTES = 65_536;

/** Before a connection that broke is made anew, in ms. */
const RETRY_MS = 100;

/** A service that sends to whoever connects, as fast as it goes. */
export class TcpSource implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.TcpConn>();
  readonly #serving = new Set<Promise<void>>();
  readonly #accepting = this.#accept();

  /** Where it listens. */
  get address(): NetAddress {
    return { hostname: "127.0.0.1", port: this.#listener.addr.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#conns) conn.close();
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      this.#conns.add(conn);
      const serving = this.#send(conn).finally(() => {
        this.#conns.delete(conn);
        this.#serving.delete(serving);
      });
      this.#serving.add(serving);
    }
  }

  async #send(conn: Deno.TcpConn): Promise<void> {
    const chunk = new Uint8Array(CHUNK_BYTES);
    try {
      for (;;) await conn.write(chunk);
    } catch {
      closeQuietly(conn); // the other end has gone, or the demo is over
    }
  }
}

/** Connects, again and again when it has to, and counts what comes. */
export class TcpSink implements AsyncDisposable {
  readonly #address: NetAddress;
  readonly #meter: GoodputMeter;
  readonly #running: Promise<void>;
  #conn: Deno.TcpConn | null = null;
  #isClosed = false;
  #wake: () => void = () => {};

  /** Starts it. */
  constructor(address: NetAddress, meter: GoodputMeter) {
    this.#address = address;
    this.#meter = meter;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    if (this.#conn !== null) closeQuietly(this.#conn);
    await this.#running;
  }

  async #run(): Promise<void> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    while (!this.#isClosed) {
      try {
        using conn = await Deno.connect(this.#address);
        this.#conn = conn;
        await this.#receive(conn, buffer);
      } catch {
        // Not there yet, or cut off: once more.
      }
      this.#conn = null;
      await this.#pause();
    }
  }

  async #receive(conn: Deno.TcpConn, buffer: Uint8Array): Promise<void> {
    while (!this.#isClosed) {
      const count = await conn.read(buffer);
      if (count === null) return;
      this.#meter.add(count, performance.now());
    }
  }

  async #pause(): Promise<void> {
    if (this.#isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, RETRY_MS);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}

function closeQuietly(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
