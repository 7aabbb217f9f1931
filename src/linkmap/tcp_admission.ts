/**
 * Which TCP connections may stay: strangers can open as many as they like, and a slave may mean no good. Pure.
 *
 * A connection is a member's while a link of a slave leads over it, and a stranger's before and
 * after. There are 64 strangers at once, each for 10 s; beyond that the oldest goes, of the address
 * that has most of them: since TCP proves addresses, whoever floods from a few pushes out only their
 * own. A member that becomes a stranger gets a place only where one is free. So a slave has no more
 * connections for long than links, 255, and none when it was revoked.
 *
 * @module
 */

import type { NetAddress } from "../net_address.ts";

/** Connections that no link leads over, at once. */
export const MAX_STRANGERS = 64;

/**
 * Connections in all: 255 links of a slave, eight times over. Each takes 110 KB when idle (measured
 * with 2,000), and up to 700 KB with all its buffers grown.
 */
export const MAX_CONNECTIONS = 2_048;

/** How long a connection may be without a link. A handshake takes two round trips. */
export const STRANGER_TIMEOUT_MS = 10_000;

/** What is known of a connection. */
export interface AdmittedConnection {
  readonly remote: NetAddress;
  close(): void;
}

/** The connections of a master, on all of its addresses. Times are monotonic ms. */
export class TcpAdmission<Connection extends AdmittedConnection> {
  readonly #isAuthentic: (connection: Connection) => boolean;
  /** Since when, in the order they came. */
  readonly #strangers = new Map<Connection, number>();
  readonly #members = new Set<Connection>();

  /** @param isAuthentic whether a link leads over a connection now. Asked often: it should be a lookup. */
  constructor(isAuthentic: (connection: Connection) => boolean) {
    this.#isAuthentic = isAuthentic;
  }

  /** Connections now. */
  get size(): number {
    return this.#strangers.size + this.#members.size;
  }

  /** A new connection. Closes older ones to make room. @returns false when there is none: then it is not taken. */
  admit(connection: Connection, now: number): boolean {
    this.#promote();
    if (this.size >= MAX_CONNECTIONS) this.#demote(now);
    if (this.#strangers.size >= MAX_STRANGERS || this.size >= MAX_CONNECTIONS) {
      const victim = oldestOfBusiest([...this.#strangers.keys()]);
      if (victim === null) return false;
      this.#close(victim);
    }
    this.#strangers.set(connection, now);
    return true;
  }

  /** Whether a connection that has brought as much as a stranger may can bring more. */
  mayGoOn(connection: Connection): boolean {
    return this.#members.has(connection) || this.#isAuthentic(connection);
  }

  /** A connection is over. Unknown ones are none of our business. */
  remove(connection: Connection): void {
    this.#strangers.delete(connection);
    this.#members.delete(connection);
  }

  /** Called about once a second: closes connections that took too long. */
  handleTimeout(now: number): void {
    this.#promote();
    for (const [connection, sinceMs] of this.#strangers) {
      if (now - sinceMs >= STRANGER_TIMEOUT_MS) this.#close(connection);
    }
    this.#demote(now);
  }

  /** Strangers over which a link leads are none any more. */
  #promote(): void {
    for (const connection of this.#strangers.keys()) {
      if (!this.#isAuthentic(connection)) continue;
      this.#strangers.delete(connection);
      this.#members.add(connection);
    }
  }

  /** Members over which no link leads are strangers again; more than there may be of those are closed. */
  #demote(now: number): void {
    for (const connection of this.#members) {
      if (this.#isAuthentic(connection)) continue;
      if (this.#strangers.size >= MAX_STRANGERS) this.#close(connection);
      else {
        this.#members.delete(connection);
        this.#strangers.set(connection, now);
      }
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
