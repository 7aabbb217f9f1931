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

/** What is noted of an authenticated connection. */
interface Activity {
  /** `receivedDatagrams` when it last was another one, and when that was. */
  datagrams: number;
  sinceMs: number;
}

/** The connections of a master, on all of its addresses. Times are monotonic ms. */
export class TcpAdmission<Connection extends AdmittedConnection> {
  readonly #isAuthentic: (connection: Connection) => boolean;
  /** Since when, in the order they came. */
  readonly #strangers = new Map<Connection, number>();
  readonly #members = new Map<Connection, Activity>();

  /** @param isAuthentic whether a connection has brought an authenticated packet; asked until it has. */
  constructor(isAuthentic: (connection: Connection) => boolean) {
    this.#isAuthentic = isAuthentic;
  }

  /** Connections now. */
  get size(): number {
    return this.#strangers.size + this.#members.size;
  }

  /** A new connection. Closes older ones to make room. @returns false when there is none: then it is not taken. */
  admit(connection: Connection, now: number): boolean {
    this.#promote(now);
    if (this.#strangers.size >= MAX_STRANGERS || this.size >= MAX_CONNECTIONS) {
      const victim = oldestOfBusiest([...this.#strangers.keys()]);
      if (victim === null) return false;
      this.#strangers.delete(victim);
      victim.close();
    }
    this.#strangers.set(connection, now);
    return true;
  }

  /** A connection is over. Unknown ones are none of our business. */
  remove(connection: Connection): void {
    this.#strangers.delete(connection);
    this.#members.delete(connection);
  }

  /** Called about once a second: closes connections that took too long. */
  handleTimeout(now: number): void {
    this.#promote(now);
    for (const [connection, sinceMs] of this.#strangers) {
      if (now - sinceMs >= STRANGER_TIMEOUT_MS) this.#close(connection);
    }
    for (const [connection, activity] of this.#members) {
      if (activity.datagrams !== connection.receivedDatagrams) {
        activity.datagrams = connection.receivedDatagrams;
        activity.sinceMs = now;
      } else if (now - activity.sinceMs >= SILENT_TIMEOUT_MS) this.#close(connection);
    }
  }

  /** Strangers that authenticated are none any more. */
  #promote(now: number): void {
    for (const connection of this.#strangers.keys()) {
      if (!this.#isAuthentic(connection)) continue;
      this.#strangers.delete(connection);
      this.#members.set(connection, { datagrams: connection.receivedDatagrams, sinceMs: now });
    }
  }

  #close(connection: Connection): void {
    this.remove(connection);
    connection.close();
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
