/**
 * The messages of a SOCKS5 handshake (RFC 1928, RFC 1929): bytes only, no socket.
 *
 * TCP may cut a message anywhere. So each parser takes the bytes that came so far and says how many
 * more it needs, or gives the value, or what is wrong. Asked for exactly the missing bytes, a
 * reader never reads beyond a message: what follows belongs to the stream (CONNECT).
 *
 * @module
 */

import {
  AddressType,
  craftAddress,
  MAX_ADDRESS_BYTES,
  readAddress,
  type Socks5Address,
} from "./socks5_address.ts";
import type { HostPort } from "../net_address.ts";
import { SocksReply } from "./socks_error.ts";

/** VER of every RFC 1928 message. */
const SOCKS_VERSION = 5;

/** VER of the user name/password sub-negotiation (RFC 1929 §2). */
const CREDENTIALS_VERSION = 1;

/** Authentication methods (RFC 1928 §3). */
export const SocksMethod = { NONE: 0, CREDENTIALS: 2, NONE_ACCEPTABLE: 0xff } as const;

/** Commands (RFC 1928 §4). */
export const SocksCommand = { CONNECT: 1, UDP_ASSOCIATE: 3 } as const;

/** One of {@link SocksCommand}'s values. */
export type SocksCommand = typeof SocksCommand[keyof typeof SocksCommand];

/** Longest user name or password, in bytes of UTF-8 (RFC 1929 §2). */
export const MAX_CREDENTIAL_BYTES = 255;

/** Longest reply a proxy can send: VER REP RSV and the longest address. */
export const MAX_REPLY_BYTES = 3 + MAX_ADDRESS_BYTES;

/** What a parser made of the bytes so far. `needBytes` is at least 1 and never beyond the message. */
export type ParseStep<T> =
  | { readonly kind: "need"; readonly needBytes: number }
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "bad"; readonly reason: string };

/** The answer to a request. */
export interface Socks5Reply {
  /** REP, see SocksReply; 0 is success. */
  readonly code: number;
  /** BND.ADDR and BND.PORT; null when the request was refused (then nothing follows that matters). */
  readonly bound: Socks5Address | null;
}

/** The greeting: which methods we could use, the preferred one first. */
export function craftGreeting(methods: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(SOCKS_VERSION, methods.length, ...methods);
}

/**
 * User name and password (RFC 1929 §2).
 * @throws RangeError when either is not 1..255 bytes of UTF-8; the message does not quote it.
 */
export function craftCredentials(username: string, password: string): Uint8Array<ArrayBuffer> {
  const name = credentialBytes(username, "user name");
  const secret = credentialBytes(password, "password");
  const bytes = new Uint8Array(3 + name.length + secret.length);
  bytes[0] = CREDENTIALS_VERSION;
  bytes[1] = name.length;
  bytes.set(name, 2);
  bytes[2 + name.length] = secret.length;
  bytes.set(secret, 3 + name.length);
  return bytes;
}

/** A request (RFC 1928 §4): for UDP ASSOCIATE, `destination` is where our datagrams will come from. */
export function craftRequest(
  command: SocksCommand,
  destination: HostPort,
): Uint8Array<ArrayBuffer> {
  const address = craftAddress(destination);
  const bytes = new Uint8Array(3 + address.length);
  bytes[0] = SOCKS_VERSION;
  bytes[1] = command;
  bytes.set(address, 3);
  return bytes;
}

/** The answer to the greeting: the method the proxy chose, one that was offered. */
export function parseMethodReply(
  bytes: Uint8Array,
  offered: readonly number[],
): ParseStep<number> {
  const method = bytes[1];
  if (bytes.length > 0 && bytes[0] !== SOCKS_VERSION) return badVersion(bytes[0]!);
  if (method === undefined) return need(2 - bytes.length);
  if (method !== SocksMethod.NONE_ACCEPTABLE && !offered.includes(method)) {
    return bad(`it chose authentication method ${method}, which was not offered`);
  }
  return done(method);
}

/**
 * The answer to user name and password: whether they were accepted. VER should be 1; 5 is taken as
 * well, since servers that confuse the two are in use.
 */
export function parseCredentialsReply(bytes: Uint8Array): ParseStep<boolean> {
  const version = bytes[0];
  const status = bytes[1];
  if (version !== undefined && version !== CREDENTIALS_VERSION && version !== SOCKS_VERSION) {
    return bad(`its answer to the password has version ${version}, not 1`);
  }
  if (status === undefined) return need(2 - bytes.length);
  return done(status === 0);
}

/**
 * The answer to a request. A refusal is whole after two bytes: some servers close without sending
 * the address that follows, and it means nothing then.
 */
export function parseReply(bytes: Uint8Array): ParseStep<Socks5Reply> {
  if (bytes.length > 0 && bytes[0] !== SOCKS_VERSION) return badVersion(bytes[0]!);
  if (bytes.length < 2) return need(2 - bytes.length);
  if (bytes[1] !== SocksReply.SUCCEEDED) return done({ code: bytes[1]!, bound: null });
  if (bytes.length > 2 && bytes[2] !== 0) {
    return bad(`its reply has ${bytes[2]} in the reserved byte`);
  }
  // ATYP and, of a name, its length: five bytes are there in every reply.
  if (bytes.length < 5) return need(5 - bytes.length);
  const totalBytes = replyBytes(bytes[3]!, bytes[4]!);
  if (totalBytes === 0) {
    return bad(`its reply has an address of unknown type ${bytes[3]} or without content`);
  }
  if (bytes.length < totalBytes) return need(totalBytes - bytes.length);
  const bound = readAddress(bytes, 3);
  if (bound === null) return bad("its reply has a host name with characters no host name has");
  return done({ code: SocksReply.SUCCEEDED, bound });
}

function replyBytes(type: number, firstAddressByte: number): number {
  if (type === AddressType.IPV4) return 4 + 4 + 2;
  if (type === AddressType.IPV6) return 4 + 16 + 2;
  if (type === AddressType.DOMAIN && firstAddressByte > 0) return 4 + 1 + firstAddressByte + 2;
  return 0;
}

function credentialBytes(text: string, what: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0 || bytes.length > MAX_CREDENTIAL_BYTES) {
    throw new RangeError(`Cannot use SOCKS5 ${what}: ${bytes.length} bytes, must be 1 to 255`);
  }
  return bytes;
}

function need(needBytes: number): { kind: "need"; needBytes: number } {
  return { kind: "need", needBytes };
}

function done<T>(value: T): { kind: "done"; value: T } {
  return { kind: "done", value };
}

function bad(reason: string): { kind: "bad"; reason: string } {
  return { kind: "bad", reason };
}

function badVersion(version: number): { kind: "bad"; reason: string } {
  if (version === 0x48) return bad("it answered like a web server; is this a SOCKS5 port?");
  if (version === 0 || version === 4) return bad("it answered as SOCKS4; SOCKS5 is needed");
  return bad(`it answered with version ${version}, not 5; is this a SOCKS5 port?`);
}
