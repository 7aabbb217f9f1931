/**
 * Which TCP connections may stay: strangers can open as many as they like. Pure.
 *
 * A connection is a stranger's until it brought an authenticated packet. There are 64 of those at
 * once, each for 10 s; beyond that the oldest goes, of the address that has most of them: since TCP
 * proves addresses, whoever floods from a few pushes out only their own.
 *
 * @module
 */

import type { NetAddress } from "../net_address.ts";

/** Connections without an authenticated packet, at once. */
export const MAX_STRANGERS = 64;

/** Connections in all: 255 links of a slave, four times over. Each can hold some 400 KB when busy. */
export const MAX_CONNECTIONS = 1_024;

/** How long a connection may take until its first authenticated packet. A handshake takes two round trips. */
export const STRANGER_TIMEOUT_MS = 10_000;

/**
 * An authenticated connection over which nothing came for this long is closed: its other end is gone
 * without a word. A slave sends every second, and gives a silent connection up after ten.
 */
export const SILENT_TIMEOUT_MS = 120_000;

/** What is known of a connection. */
export interface AdmittedConnection {
  readonly remote: NetAddress;
  /** Datagrams received so far. */
  readonly receivedDatagrams: number;
  close(): void;
}

/** What is noted of a connection. */
interface Entry {
  isStranger: boolean;
  /** `receivedDatagrams` when it last was another one, and when that was. */
  datagrams: number;
  sinceMs: number;
}

/** The connections of a master, on all of its addresses. Times are monotonic ms. */
export class TcpAdmission<Connection extends AdmittedConnection> {
  readonly #isAuthentic: (connection: Connection) => boolean;
  /** In the order they came. */
  readonly #entries = new Map<Connection, Entry>();

  /** @param isAuthentic whether a connection has brought an authenticated packet; asked until it has. */
  constructor(isAuthentic: (connection: Connection) => boolean) {
    this.#isAuthentic = isAuthentic;
  }

  /** Connections now. */
  get size(): number {
    return this.#entries.size;
  }

  /** A new connection. Closes older ones to make room. @returns false when there is none: then it is not taken. */
  admit(connection: Connection, now: number): boolean {
    const strangers = this.#strangers();
    const isFull = this.#entries.size >= MAX_CONNECTIONS;
    if (isFull || strangers.length >= MAX_STRANGERS) {
      const victim = oldestOfBusiest(strangers);
      if (victim === null) return false;
      this.#entries.delete(victim);
      victim.close();
    }
    this.#entries.set(connection, { isStranger: true, datagrams: 0, sinceMs: now });
    return true;
  }

  /** A connection is over. Unknown ones are none of our business. */
  remove(connection: Connection): void {
    this.#entries.delete(connection);
  }

  /** Called about once a second: closes connections that took too long. */
  handleTimeout(now: number): void {
    for (const [connection, entry] of this.#entries) {
      this.#refresh(connection, entry);
      if (!entry.isStranger && entry.datagrams !== connection.receivedDatagrams) {
        entry.datagrams = connection.receivedDatagrams;
        entry.sinceMs = now;
      }
      const limitMs = entry.isStranger ? STRANGER_TIMEOUT_MS : SILENT_TIMEOUT_MS;
      if (now - entry.sinceMs < limitMs) continue;
      this.#entries.delete(connection);
      connection.close();
    }
  }

  #strangers(): Connection[] {
    const strangers: Connection[] = [];
    for (const [connection, entry] of this.#entries) {
      this.#refresh(connection, entry);
      if (entry.isStranger) strangers.push(connection);
    }
    return strangers;
  }

  #refresh(connection: Connection, entry: Entry): void {
    if (entry.isStranger && this.#isAuthentic(connection)) entry.isStranger = false;
  }
}

/** @param connections oldest first. @returns null when there are none. */
function oldestOfBusiest<Connection extends AdmittedConnection>(
  connections: readonly Connection[],
): Connection | null {
  const counts = new Map<string, number>();
  for (const { remote } of connections) {
    counts.set(remote.hostname, (counts.get(remote.hostname) ?? 0) + 1);
  }
  const most = Math.max(...counts.values());
  return connections.find(({ remote }) => counts.get(remote.hostname) === most) ?? null;
}
