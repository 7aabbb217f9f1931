/**
 * What was found out about one link, before it is judged. Types only. Pure.
 *
 * @module
 */

import type { Refusal, Welcome } from "../peer/handshake_payload.ts";

/** All that was found out about a link without sending more than handshakes. */
export interface LinkFacts {
  readonly name: string;
  /** What it goes through, in words: `SOCKS5 proxy 192.168.43.1:1080`, `interface usb0`, `no proxy`. */
  readonly via: string;
  /** Its interface, or null: it is bound to none. */
  readonly device: DeviceFacts | null;
  /** Why a name of it does not resolve; empty when all do. */
  readonly nameFault: string;
  /** Its proxy, or null: it has none. */
  readonly proxy: ProxyFacts | null;
  readonly udp: WayFacts;
  readonly tcp: WayFacts;
  /** Whether the user lets it use TCP. */
  readonly allowsTcp: boolean;
}

/** A network interface. */
export interface DeviceFacts {
  readonly name: string;
  readonly isThere: boolean;
  readonly hasAddress: boolean;
  /** Answers may be dropped for coming in by another interface than the preferred one: what to type; null: no. */
  readonly reversePathRemedy: string | null;
}

/** How far one gets with a proxy. */
export type ProxyState =
  | "ready"
  | "refused"
  | "no-route"
  | "timeout"
  | "unreachable"
  | "silent"
  | "not-socks5"
  | "login-wanted"
  | "login-refused"
  | "other";

/** A SOCKS5 proxy. */
export interface ProxyFacts {
  readonly address: string;
  readonly state: ProxyState;
  /** The failure in words; empty when it is ready. */
  readonly detail: string;
}

/** How far one gets to the master one way, over UDP or TCP. */
export type WayFacts =
  | { readonly outcome: "not-tried" }
  /** A proxy says that it does not do that. */
  | { readonly outcome: "declined"; readonly detail: string }
  /** No socket, or no connection. */
  | { readonly outcome: "cannot-open"; readonly endpoint: string; readonly failure: OpenFailure }
  /** It is open, and the master answers nothing. */
  | { readonly outcome: "silent"; readonly endpoint: string; readonly sendFault: string }
  | AnsweredWay;

/** The master has answered with its own key. */
export interface AnsweredWay {
  readonly outcome: "answered";
  readonly endpoint: string;
  /** From the question to the answer, ms. */
  readonly roundTripMs: number;
  readonly answer: Welcome | Refusal;
  /** The newest handshake that the master remembers is so much later than our clock, ms; 0: it is not. */
  readonly clockBehindMs: number;
}

/** Why a way could not be opened. */
export interface OpenFailure {
  readonly kind: "refused" | "no-route" | "timeout" | "other";
  readonly detail: string;
}
