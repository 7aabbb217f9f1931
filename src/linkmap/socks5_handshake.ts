/**
 * The TCP side of a SOCKS5 proxy: connect, authenticate, request (RFC 1928 §3, §4; RFC 1929).
 *
 * UDP ASSOCIATE needs it now; CONNECT, over which datagrams go framed when a proxy does TCP only,
 * asks the same way with another command and keeps `conn` as its stream: replies are read to their
 * last byte and no further.
 *
 * @module
 */

import { closeQuietly } from "../close_quietly.ts";
import { UsageError } from "../usage_error.ts";
import { withDeadline } from "./deadline.ts";
import type { ProxySpec } from "./link_spec.ts";
import type { HostPort, NetAddress } from "../net_address.ts";
import type { Socks5Address } from "./socks5_address.ts";
import {
  connectProxy,
  DEFAULT_STEP_TIMEOUT_MS,
  describeError,
  describeProxy,
  type Socks5ConnectOptions,
} from "./socks5_connect.ts";
import {
  craftCredentials,
  craftGreeting,
  craftRequest,
  MAX_REPLY_BYTES,
  parseCredentialsReply,
  parseMethodReply,
  parseReply,
  type ParseStep,
  type Socks5Reply,
  SocksCommand,
  SocksMethod,
} from "./socks5_message.ts";
import type { StreamConn } from "./stream_conn.ts";
import { describeReply, SocksError, SocksReply, type SocksRequestName } from "./socks_error.ts";

/** A connection to a proxy that has let us in. Close it, or take `conn` over. */
export class Socks5Handshake implements Disposable {
  readonly conn: StreamConn;
  readonly #options: Socks5ConnectOptions;
  /** User name and password as a message; null when there are none. Never logged. */
  readonly #login: Uint8Array | null;

  private constructor(
    conn: StreamConn,
    login: Uint8Array | null,
    options: Socks5ConnectOptions,
  ) {
    this.conn = conn;
    this.#login = login;
    this.#options = options;
  }

  /**
   * Connects to the proxy, at each of its addresses in turn, and authenticates.
   * @throws SocksError when the proxy can't be reached, does not answer in time, breaks the
   * protocol, or refuses user and password; UsageError when these can't be sent. Nothing is left open.
   */
  static async open(options: Socks5ConnectOptions): Promise<Socks5Handshake> {
    const login = craftLogin(options.proxy);
    const handshake = new Socks5Handshake(await connectProxy(options), login, options);
    try {
      await handshake.#authenticate();
      return handshake;
    } catch (error) {
      handshake.close();
      throw error;
    }
  }

  /** The proxy's address, as connected. */
  get proxyAddress(): NetAddress {
    const { hostname, port } = this.conn.remoteAddr;
    return { hostname, port };
  }

  /** Our address towards the proxy. */
  get localAddress(): NetAddress {
    const { hostname, port } = this.conn.localAddr;
    return { hostname, port };
  }

  /**
   * Sends the one request a connection takes.
   * @returns BND.ADDR and BND.PORT.
   * @throws SocksError with `request` set, and with `reply` when the proxy refuses. The caller closes.
   */
  async request(command: SocksCommand, destination: HostPort): Promise<Socks5Address> {
    const name = command === SocksCommand.CONNECT ? "CONNECT" : "UDP ASSOCIATE";
    const reply = await this.#ask(name, craftRequest(command, destination));
    if (reply.code === SocksReply.SUCCEEDED && reply.bound !== null) return reply.bound;
    throw new SocksError(
      `SOCKS5 proxy ${describeProxy(this.#options.proxy)} refused ${name}: ` +
        describeReply(reply.code, name),
      { reply: reply.code, request: name },
    );
  }

  /** Closes the connection. Idempotent. */
  close(): void {
    closeQuietly(this.conn);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #ask(name: SocksRequestName, message: Uint8Array): Promise<Socks5Reply> {
    try {
      return await this.#exchange(name, message, parseReply);
    } catch (error) {
      if (!(error instanceof SocksError)) throw error;
      const { message, cause, problem } = error;
      throw new SocksError(message, { request: name, cause, problem });
    }
  }

  async #authenticate(): Promise<void> {
    const { proxy } = this.#options;
    const login = this.#login;
    const offered = login === null
      ? [SocksMethod.NONE]
      : [SocksMethod.NONE, SocksMethod.CREDENTIALS];
    const method = await this.#exchange(
      "the greeting",
      craftGreeting(offered),
      (bytes) => parseMethodReply(bytes, offered),
    );
    if (method === SocksMethod.NONE) return;
    if (method === SocksMethod.NONE_ACCEPTABLE || login === null) {
      throw new SocksError(
        `SOCKS5 proxy ${describeProxy(proxy)} accepts none of our authentication methods; ` +
          (login === null
            ? "give it a user name and password (socks5://USER:PASSWORD@HOST:PORT)"
            : "it wants another one than user name and password"),
        { problem: login === null ? "login-wanted" : null },
      );
    }
    if (await this.#exchange("the password", login, parseCredentialsReply)) return;
    throw new SocksError(
      `SOCKS5 proxy ${describeProxy(proxy)} refused user name and password; check both`,
      { problem: "login-refused" },
    );
  }

  /** Sends a message and reads the whole answer, however TCP cuts it, and nothing beyond it. */
  async #exchange<T>(
    step: string,
    message: Uint8Array,
    parse: (bytes: Uint8Array) => ParseStep<T>,
  ): Promise<T> {
    const { proxy, signal, timeoutMs = DEFAULT_STEP_TIMEOUT_MS } = this.#options;
    const onTimeout = (): Error =>
      new SocksError(
        `SOCKS5 proxy ${describeProxy(proxy)} did not answer ${step} within ${timeoutMs} ms`,
        { problem: "silent" },
      );
    return await withDeadline({ timeoutMs, signal, onTimeout }, async (abort) => {
      abort.addEventListener("abort", () => this.close(), { once: true });
      try {
        await writeAll(this.conn, message);
        return await this.#readAnswer(step, parse);
      } catch (cause) {
        if (cause instanceof SocksError) throw cause;
        throw new SocksError(
          `SOCKS5 proxy ${describeProxy(proxy)} broke the connection at ${step}: ${
            describeError(cause)
          }`,
          { cause },
        );
      }
    });
  }

  async #readAnswer<T>(step: string, parse: (bytes: Uint8Array) => ParseStep<T>): Promise<T> {
    const proxy = describeProxy(this.#options.proxy);
    const buffer = new Uint8Array(MAX_REPLY_BYTES);
    let readBytes = 0;
    for (;;) {
      const parsed = parse(buffer.subarray(0, readBytes));
      if (parsed.kind === "done") return parsed.value;
      if (parsed.kind === "bad") {
        throw new SocksError(
          `SOCKS5 proxy ${proxy} broke the protocol: ${parsed.reason}`,
          { problem: "not-socks5" },
        );
      }
      const count = await this.conn.read(
        buffer.subarray(readBytes, readBytes + parsed.needBytes),
      );
      if (count === null) {
        throw new SocksError(`SOCKS5 proxy ${proxy} closed the connection at ${step}`);
      }
      readBytes += count;
    }
  }
}

/** Before anything is opened: what can't be sent is the user's mistake. */
function craftLogin({ credentials }: ProxySpec): Uint8Array | null {
  if (credentials === undefined) return null;
  try {
    return craftCredentials(credentials.username, credentials.password);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
}

async function writeAll(conn: StreamConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
