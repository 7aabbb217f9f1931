/**
 * A SOCKS5 server in the test's own process (RFC 1928, RFC 1929): UDP ASSOCIATE, CONNECT, user name
 * and password, IPv4, IPv6 and names. It also is the "phone" of `deno task demo`: an emulator can
 * stand between client and relay.
 *
 * @module
 */

import type { NetAddress } from "../../src/net_address.ts";
import { type DatagramEmulator, Socks5Relay } from "./socks5_relay.ts";
import { craftReply, ipv6Text } from "./socks5_wire.ts";

export type { DatagramEmulator } from "./socks5_relay.ts";

/** How the server is and what it refuses. */
export interface Socks5ServerOptions {
  /** IP to listen on; 127.0.0.1 by default. */
  readonly hostname?: string;
  /** Port to listen on; by default the system chooses. */
  readonly port?: number;
  /** When given, nobody gets in without them. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /**
   * Whether UDP ASSOCIATE is done; done only for a client that says its address (strict); answered by
   * reply 7 (refuse), 2 (forbid) or 1 (fail); or by hanging up, as `ssh -D` does.
   */
  readonly udp?: "relay" | "strict" | "refuse" | "forbid" | "fail" | "hangUp";
  /** Whether CONNECT is done or answered by reply 7. */
  readonly connect?: "relay" | "refuse";
  /** Local IP for the way to the targets; by default any. */
  readonly outgoingHost?: string;
  /** What UDP datagrams pass between client and relay. */
  readonly emulator?: DatagramEmulator;
}

/** What a client asked for. */
interface Request {
  readonly command: number;
  readonly host: string;
  readonly port: number;
}

/** What is said to UDP ASSOCIATE in place of doing it. */
const UDP_REFUSALS: Readonly<Record<string, Uint8Array>> = {
  refuse: craftReply(7),
  forbid: craftReply(2),
  fail: craftReply(1),
  hangUp: new Uint8Array(0),
};

/** A running server. */
export class Socks5Server implements AsyncDisposable {
  /** Where it listens. */
  readonly address: NetAddress;
  /** Requests so far, by what they asked for. */
  readonly requests: Request[] = [];
  readonly #options: Socks5ServerOptions;
  readonly #listener: Deno.TcpListener;
  readonly #conns = new Set<Deno.Conn>();
  readonly #relays = new Set<Socks5Relay>();
  readonly #serving = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;

  private constructor(options: Socks5ServerOptions) {
    const { hostname = "127.0.0.1", port = 0 } = options;
    this.#options = options;
    this.#listener = Deno.listen({ hostname, port });
    this.address = { hostname, port: this.#listener.addr.port };
    this.#accepting = this.#accept();
  }

  /** Starts a server. @throws what Deno.listen throws. */
  static listen(options: Socks5ServerOptions = {}): Socks5Server {
    return new Socks5Server(options);
  }

  /** The associations that are open now. */
  get relays(): readonly Socks5Relay[] {
    return [...this.#relays];
  }

  /** Cuts all clients off, as a proxy does that is restarted; goes on listening. */
  disconnectAll(): void {
    for (const conn of [...this.#conns]) closeQuietly(conn);
  }

  /** Stops and waits until nothing is left open. */
  async close(): Promise<void> {
    closeQuietly(this.#listener);
    this.disconnectAll();
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        this.#conns.add(conn);
        const serving = this.#serve(conn).finally(() => {
          closeQuietly(conn);
          this.#conns.delete(conn);
          this.#serving.delete(serving);
        });
        this.#serving.add(serving);
      }
    } catch (error) {
      if (!isClosedError(error)) throw error;
    }
  }

  /** Serves one client until it goes. Clients that break off are no error. */
  async #serve(conn: Deno.TcpConn): Promise<void> {
    try {
      if (!await this.#admit(conn)) return;
      const request = await readRequest(conn);
      if (request === null) return;
      this.requests.push(request);
      const { udp = "relay", connect = "relay" } = this.#options;
      if (request.command === 3) {
        const refusal = UDP_REFUSALS[udp];
        if (refusal === undefined) await this.#associate(conn, request);
        else await conn.write(refusal);
      } else if (request.command === 1 && connect === "relay") await this.#connect(conn, request);
      else await conn.write(craftReply(7));
    } catch (error) {
      if (!isClosedError(error)) throw error;
    }
  }

  async #admit(conn: Deno.Conn): Promise<boolean> {
    const { credentials } = this.#options;
    const [version, count] = await readExactly(conn, 2);
    if (version !== 5) return false;
    const methods = await readExactly(conn, count!);
    const wanted = credentials === undefined ? 0 : 2;
    if (!methods.includes(wanted)) {
      await conn.write(Uint8Array.of(5, 0xff));
      return false;
    }
    await conn.write(Uint8Array.of(5, wanted));
    if (credentials === undefined) return true;
    const username = await readText(conn, (await readExactly(conn, 2))[1]!);
    const password = await readText(conn, (await readExactly(conn, 1))[0]!);
    const isRight = username === credentials.username && password === credentials.password;
    await conn.write(Uint8Array.of(1, isRight ? 0 : 1));
    return isRight;
  }

  async #associate(conn: Deno.TcpConn, request: Request): Promise<void> {
    if (this.#options.udp === "strict" && request.port === 0) {
      await conn.write(craftReply(2));
      return;
    }
    const relay = new Socks5Relay({
      clientSideHost: conn.localAddr.hostname,
      clientHost: conn.remoteAddr.hostname,
      clientPort: request.port,
      outgoingHost: this.#options.outgoingHost ?? null,
      emulator: this.#options.emulator ?? null,
    });
    this.#relays.add(relay);
    try {
      await conn.write(craftReply(0, relay.address));
      const ignored = new Uint8Array(256);
      while (await conn.read(ignored) !== null);
    } finally {
      this.#relays.delete(relay);
      relay.close();
      await relay.ended();
    }
  }

  async #connect(conn: Deno.TcpConn, request: Request): Promise<void> {
    let target: Deno.TcpConn;
    try {
      target = await Deno.connect({ hostname: request.host, port: request.port });
    } catch (error) {
      await conn.write(craftReply(error instanceof Deno.errors.ConnectionRefused ? 5 : 4));
      return;
    }
    this.#conns.add(target);
    try {
      const { hostname, port } = target.localAddr;
      await conn.write(craftReply(0, { hostname, port }));
      await Promise.all([copy(conn, target), copy(target, conn)]);
    } finally {
      this.#conns.delete(target);
      closeQuietly(target);
    }
  }
}

/** Copies until the end of the source, then ends the destination's direction. */
async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) break;
    for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
  }
  await to.closeWrite();
}

async function readRequest(conn: Deno.Conn): Promise<Request | null> {
  const [version, command, , type] = await readExactly(conn, 4);
  if (version !== 5) return null;
  let host: string;
  if (type === 1) host = (await readExactly(conn, 4)).join(".");
  else if (type === 3) host = await readText(conn, (await readExactly(conn, 1))[0]!);
  else if (type === 4) {
    host = ipv6Text(await readExactly(conn, 16));
  } else return null;
  const port = await readExactly(conn, 2);
  return { command: command!, host, port: port[0]! * 256 + port[1]! };
}

async function readText(conn: Deno.Conn, lengthBytes: number): Promise<string> {
  return new TextDecoder().decode(await readExactly(conn, lengthBytes));
}

/** @throws Deno.errors.UnexpectedEof when the client goes before. */
async function readExactly(conn: Deno.Conn, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(count);
  for (let read = 0; read < count;) {
    const n = await conn.read(bytes.subarray(read));
    if (n === null) throw new Deno.errors.UnexpectedEof();
    read += n;
  }
  return bytes;
}

function isClosedError(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.UnexpectedEof || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.NotConnected;
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
