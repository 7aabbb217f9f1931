/**
 * A SOCKS5 server that does what no SOCKS5 server should: for tests of the client.
 *
 * @module
 */

import type { NetAddress } from "../../src/net_address.ts";
import { craftReply } from "./socks5_wire.ts";

/** What the server does where an answer is due: send these bytes, go, or say nothing for ever. */
export type HostileAnswer = Uint8Array | "close" | "silence";

/** A server's character. What is left out is done right. */
export interface HostileBehaviour {
  /** IP to listen on; 127.0.0.1 by default. */
  readonly hostname?: string;
  /** Answer to the greeting; right: `05 00`. */
  readonly methodReply?: HostileAnswer;
  /** Answer to user name and password, when `methodReply` asks for them; right: `01 00`. */
  readonly credentialsReply?: HostileAnswer;
  /** Answer to the request; right: success with the relay's address. */
  readonly reply?: HostileAnswer | ((relay: NetAddress) => Uint8Array);
  /** Sends every answer one byte at a time, each in a TCP segment of its own. */
  readonly isByteByByte?: boolean;
  /** Afterwards: stay (by default), go, or send without end. */
  readonly afterReply?: "stay" | "close" | "babble";
  /** What the relay does with a datagram of the client; by default it sends it back as it came. */
  readonly onDatagram?: (bytes: Uint8Array, voices: HostileVoices) => void;
}

/** Whom a datagram to the client can come from. */
export interface HostileVoices {
  /** From the relay's address. */
  readonly relay: (bytes: Uint8Array) => void;
  /** From another port of the same host. */
  readonly stranger: (bytes: Uint8Array) => void;
}

/** A running hostile server. */
export class HostileSocks5Server implements AsyncDisposable {
  /** Where it listens. */
  readonly address: NetAddress;
  /** Connections so far. */
  connections = 0;
  /** Connections that are open now. */
  readonly #conns = new Set<Deno.TcpConn>();
  readonly #behaviour: HostileBehaviour;
  readonly #listener: Deno.TcpListener;
  readonly #relay: Deno.DatagramConn;
  readonly #stranger: Deno.DatagramConn;
  readonly #running: Promise<unknown>;
  readonly #serving = new Set<Promise<void>>();

  private constructor(behaviour: HostileBehaviour) {
    const { hostname = "127.0.0.1" } = behaviour;
    this.#behaviour = behaviour;
    this.#listener = Deno.listen({ hostname, port: 0 });
    this.#relay = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.#stranger = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.address = { hostname, port: this.#listener.addr.port };
    this.#running = Promise.all([this.#accept(), this.#pump()]);
  }

  /** Starts a server. */
  static listen(behaviour: HostileBehaviour): HostileSocks5Server {
    return new HostileSocks5Server(behaviour);
  }

  /** Clients that have not gone. */
  get openConnections(): number {
    return this.#conns.size;
  }

  /** Resolves when every client has gone: a client that fails must not leave its connection open. */
  async idle(): Promise<void> {
    await Promise.all(this.#serving);
  }

  /** Stops and waits until nothing is left open. */
  async close(): Promise<void> {
    for (const resource of [this.#listener, this.#relay, this.#stranger, ...this.#conns]) {
      closeQuietly(resource);
    }
    await this.#running;
    await Promise.all(this.#serving);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #accept(): Promise<void> {
    await untilClosed(async () => {
      for await (const conn of this.#listener) {
        this.connections++;
        this.#conns.add(conn);
        const serving = untilClosed(() => this.#serve(conn)).finally(() => {
          closeQuietly(conn);
          this.#conns.delete(conn);
          this.#serving.delete(serving);
        });
        this.#serving.add(serving);
      }
    });
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    const { methodReply = Uint8Array.of(5, 0), credentialsReply = Uint8Array.of(1, 0) } =
      this.#behaviour;
    await readSome(conn);
    await this.#answer(conn, methodReply);
    if (methodReply instanceof Uint8Array && methodReply[1] === 2) {
      await readSome(conn);
      await this.#answer(conn, credentialsReply);
    }
    await readSome(conn);
    const relay = this.#relay.addr as Deno.NetAddr;
    const { reply = (address: NetAddress) => craftReply(0, address) } = this.#behaviour;
    await this.#answer(conn, typeof reply === "function" ? reply(relay) : reply);
    if (this.#behaviour.afterReply === "close") return;
    if (this.#behaviour.afterReply === "babble") {
      for (;;) await writeAll(conn, new Uint8Array(4_096));
    }
    for (;;) await readSome(conn);
  }

  async #answer(conn: Deno.TcpConn, answer: HostileAnswer): Promise<void> {
    if (answer === "close") throw new Deno.errors.UnexpectedEof();
    if (answer === "silence") {
      for (;;) await readSome(conn);
    }
    if (!this.#behaviour.isByteByByte) return await writeAll(conn, answer);
    conn.setNoDelay(true);
    for (const byte of answer) {
      await conn.write(Uint8Array.of(byte));
      // A turn of the event loop: the client reads what is there before the next byte comes.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  async #pump(): Promise<void> {
    const { onDatagram = (bytes, voices) => voices.relay(bytes) } = this.#behaviour;
    const buffer = new Uint8Array(65_536);
    const ignore = (): void => {};
    await untilClosed(async () => {
      for (;;) {
        const [bytes, client] = await this.#relay.receive(buffer);
        onDatagram(bytes, {
          relay: (answer) => void this.#relay.send(answer.slice(), client).catch(ignore),
          stranger: (answer) => void this.#stranger.send(answer.slice(), client).catch(ignore),
        });
      }
    });
  }
}

/** Waits for anything. @throws Deno.errors.UnexpectedEof when the client goes. */
async function readSome(conn: Deno.TcpConn): Promise<void> {
  if (await conn.read(new Uint8Array(1_024)) === null) throw new Deno.errors.UnexpectedEof();
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

/** Runs until a socket is closed by either side, which is no error. */
async function untilClosed(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const isClosed = error instanceof Deno.errors.BadResource ||
      error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.UnexpectedEof ||
      error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
    if (!isClosed) throw error;
  }
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
