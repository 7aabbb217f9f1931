/**
 * Asks a gateway whether it is a SOCKS5 proxy that relays UDP, by the interface that leads to it.
 *
 * Only who grants an association without a password counts: a proxy that does TCP only is worse than the way without it, and a port may
 * be anybody's.
 *
 * @module
 */

import { BoundTcp } from "../../ffi/bound_tcp.ts";
import { abortableSleep } from "../abortable_sleep.ts";
import {
  craftGreeting,
  craftRequest,
  parseMethodReply,
  parseReply,
  type ParseStep,
  SocksCommand,
  SocksMethod,
} from "../linkmap/socks5_message.ts";
import { SocksReply } from "../linkmap/socks_error.ts";

/** Ports that apps offer a proxy on: SOCKS's own (IANA), and the next one, where that is taken. Not 9050, Tor's: it relays no UDP. */
export const SOCKS_PORTS: readonly number[] = [1080, 1081];

/** All of one port's talk, in ms: a gateway is a hop away, on a phone that may have to wake. */
const TIMEOUT_MS = 1_500;

/** How often an answer is looked for, in ms: this happens once a minute and is no hurry. */
const LOOK_MS = 15;

/** Everybody's address: we do not know yet from where we will send (RFC 1928 §7). */
const ANYWHERE = { host: "0.0.0.0", port: 0 };

/** Whom to ask. */
export interface SocksProbeOptions {
  readonly device: string;
  /** Of what is sent; not given: none. */
  readonly mark?: number | undefined;
  /** The gateway, an IPv4 literal. */
  readonly host: string;
  readonly signal: AbortSignal;
  readonly ports?: readonly number[];
  /** Resolves when packets to that port get out; not given: they do. */
  readonly open?: (port: number) => Promise<void>;
}

/** @returns the first port of {@link SOCKS_PORTS} on which a proxy answers, or null. Never rejects. */
export async function findSocksPort(options: SocksProbeOptions): Promise<number | null> {
  const { ports = SOCKS_PORTS } = options;
  const answers = await Promise.all(ports.map((port) => isProxy(port, options)));
  return ports.find((_, i) => answers[i]) ?? null;
}

async function isProxy(port: number, options: SocksProbeOptions): Promise<boolean> {
  try {
    await options.open?.(port);
    const { device, mark } = options;
    using conn = new BoundTcp({ device, mark }, options.host, port);
    return await talk(conn, options.signal);
  } catch {
    return false; // refused, unreachable, or no interface any more: no proxy
  }
}

async function talk(conn: BoundTcp, signal: AbortSignal): Promise<boolean> {
  const untilMs = performance.now() + TIMEOUT_MS;
  const wait = async (): Promise<boolean> => {
    await abortableSleep(LOOK_MS, signal);
    return !signal.aborted && performance.now() < untilMs;
  };
  while (!conn.connect()) if (!await wait()) return false;
  const answer = async <T>(parse: (bytes: Uint8Array) => ParseStep<T>): Promise<T | null> => {
    let got = new Uint8Array();
    for (;;) {
      const step = parse(got);
      if (step.kind === "done") return step.value;
      if (step.kind === "bad") return null;
      const more = conn.receive();
      if (more?.length === 0) return null;
      if (more !== null) got = new Uint8Array([...got, ...more]);
      else if (!await wait()) return null;
    }
  };
  const offered = [SocksMethod.NONE];
  conn.send(craftGreeting(offered));
  const method = await answer((bytes) => parseMethodReply(bytes, offered));
  if (method !== SocksMethod.NONE) return false;
  conn.send(craftRequest(SocksCommand.UDP_ASSOCIATE, ANYWHERE));
  const reply = await answer(parseReply);
  return reply?.code === SocksReply.SUCCEEDED;
}
