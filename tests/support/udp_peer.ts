/**
 * A UDP socket for tests that keeps what it receives until it is asked for.
 *
 * @module
 */

import type { NetAddress } from "../../src/net_address.ts";

/** A datagram that arrived. */
export interface ReceivedDatagram {
  readonly bytes: Uint8Array;
  readonly source: NetAddress;
  /** performance.now() upon arrival. */
  readonly atMs: number;
}

/** A socket on loopback, or on another local address. */
export class UdpPeer implements AsyncDisposable {
  readonly #socket: Deno.DatagramConn;
  readonly #arrived: ReceivedDatagram[] = [];
  readonly #loop: Promise<void>;
  #waiter: (() => void) | null = null;
  #isClosed = false;

  /** Opens the socket on a free port. */
  constructor(hostname: string = "127.0.0.1") {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.#loop = this.#receive();
  }

  get address(): NetAddress {
    const { hostname, port } = this.#socket.addr as Deno.NetAddr;
    return { hostname, port };
  }

  /** Datagrams that arrived and were not taken yet. */
  get pending(): number {
    return this.#arrived.length;
  }

  async send(bytes: Uint8Array, to: NetAddress): Promise<void> {
    await this.#socket.send(bytes, { transport: "udp", ...to });
  }

  /** The next datagram; waits for it. @throws Error when none comes for `timeoutMs`. */
  async next(timeoutMs: number = 5_000): Promise<ReceivedDatagram> {
    const first = this.#arrived.shift() ?? await this.#wait(timeoutMs);
    if (first === undefined) throw new Error(`No datagram within ${timeoutMs} ms`);
    return first;
  }

  /** Closes the socket and ends its loop. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#socket.close();
    await this.#loop;
  }

  async #wait(timeoutMs: number): Promise<ReceivedDatagram | undefined> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#waiter = resolve;
    await promise;
    clearTimeout(timer);
    this.#waiter = null;
    return this.#arrived.shift();
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      while (!this.#isClosed) {
        const [bytes, from] = await this.#socket.receive(buffer);
        const { hostname, port } = from as Deno.NetAddr;
        const source = { hostname, port };
        this.#arrived.push({ bytes: bytes.slice(), source, atMs: performance.now() });
        this.#waiter?.();
      }
    } catch (error) {
      if (!this.#isClosed) throw error;
    }
  }
}
