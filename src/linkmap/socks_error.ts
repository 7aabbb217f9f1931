/**
 * What goes wrong between us and a SOCKS5 proxy: in words that say what to do. No message holds a
 * password.
 *
 * @module
 */

/** Reply codes of RFC 1928 §6. */
export const SocksReply = {
  SUCCEEDED: 0,
  GENERAL_FAILURE: 1,
  NOT_ALLOWED: 2,
  NETWORK_UNREACHABLE: 3,
  HOST_UNREACHABLE: 4,
  CONNECTION_REFUSED: 5,
  TTL_EXPIRED: 6,
  COMMAND_NOT_SUPPORTED: 7,
  ADDRESS_TYPE_NOT_SUPPORTED: 8,
} as const;

/** What a request asked for; words for messages. */
export type SocksRequestName = "CONNECT" | "UDP ASSOCIATE";

/**
 * What went wrong before a request: no TCP connection; no answer to what was said; an answer that is not SOCKS5's; it wants user
 * and password, and we have none; it refuses those that we have.
 */
export type SocksProblem =
  | "unreachable"
  | "silent"
  | "not-socks5"
  | "login-wanted"
  | "login-refused";

/** What is known of a failure besides its message. */
export interface SocksErrorOptions {
  readonly problem?: SocksProblem | null;
  readonly reply?: number | null;
  readonly request?: SocksRequestName | null;
  readonly cause?: unknown;
}

/**
 * A SOCKS5 proxy refused, broke the protocol, could not be reached, or went away. The link backs
 * off and tries again; nobody exits.
 */
export class SocksError extends Error {
  override readonly name = "SocksError";
  /** The proxy's reply code (RFC 1928 §6) when it refused a request; null for every other failure. */
  readonly reply: number | null;
  /**
   * The request that failed, at a proxy that had let us in: refused, or not answered (`ssh -D` hangs up
   * at UDP ASSOCIATE). Null for what went wrong before: then another request would fare no better.
   */
  readonly request: SocksRequestName | null;
  /** See {@link SocksProblem}; null for a refusal, and where nothing more is known than the message says. */
  readonly problem: SocksProblem | null;

  constructor(message: string, options: SocksErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reply = options.reply ?? null;
    this.request = options.request ?? null;
    this.problem = options.problem ?? null;
  }

  /** True when the proxy does not know the command: TCP only, when UDP ASSOCIATE was asked for. */
  get isCommandNotSupported(): boolean {
    return this.reply === SocksReply.COMMAND_NOT_SUPPORTED;
  }

  /**
   * True when the proxy says that UDP is not to be had from it at all. Reply 7: microsocks, v2ray with
   * UDP off, ss-local without `-u`, Tor. Reply 2: danted where no rule allows the command. (Not: reply 1
   * and the others, which servers give as well when they lack a socket or a route for a moment.)
   */
  get isUdpRefused(): boolean {
    return this.request === "UDP ASSOCIATE" &&
      (this.reply === SocksReply.COMMAND_NOT_SUPPORTED || this.reply === SocksReply.NOT_ALLOWED);
  }
}

/** A reply code in words, with the remedy; a code RFC 1928 does not define is named by its number. */
export function describeReply(code: number, request: SocksRequestName): string {
  if (code === SocksReply.COMMAND_NOT_SUPPORTED && request === "UDP ASSOCIATE") {
    return "reply 7: the proxy does not do UDP ASSOCIATE, only TCP; choose a proxy app that relays UDP";
  }
  return `reply ${code}: ${REPLY_TEXTS[code] ?? "a code that RFC 1928 does not define"}`;
}

const REPLY_TEXTS: readonly string[] = [
  "succeeded",
  "general failure of the proxy; look at its log",
  "not allowed by the proxy's rules; allow this client and the target there",
  "the proxy has no route to the target's network; is its own internet connection up?",
  "the proxy can't reach the target; check the target's address",
  "the target refused the connection; is the master running there?",
  "TTL expired on the way to the target",
  "the proxy does not know this command",
  "the proxy does not know this type of address; name the target by an IPv4 address",
];
