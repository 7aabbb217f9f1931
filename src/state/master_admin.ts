/**
 * Invite, list, revoke: one implementation, used by the running master (through its control socket) and, while none runs, by
 * the commands themselves on the same files.
 *
 * @module
 */

import type { HostPort } from "../net_address.ts";
import type { MasterStore, SlaveRecord, SlaveUsage } from "./master_store.ts";

/** What a running master adds. */
export interface LiveMaster {
  /** Port it listens on. */
  readonly port: number;
  /** Pool it gives addresses from. */
  readonly pool: { readonly address: string; readonly prefixBits: number };
  /** Whether more than one slave can be served (not with a TCP stand-in). */
  readonly maxSlaves: number;
  /** Of a slave that has a session now: how many of its links are up, the usage of all runs. Null: not connected. */
  liveSlave(name: string): { readonly linksUp: number; readonly usage: SlaveUsage } | null;
  /** A slave was added: it may join from now on. */
  handleInvited(record: SlaveRecord): void;
  /** A slave was revoked: cut it off now. */
  handleRevoked(record: SlaveRecord): void;
}

/** A line of `bindlink slaves`. */
export interface SlaveListing {
  readonly name: string;
  /** Inner addresses, without prefix lengths. */
  readonly addresses: readonly string[];
  readonly state: "connected" | "away" | "revoked";
  readonly linksUp: number;
  readonly lastSeenAt: string | null;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** The slaves' administration. */
export class MasterAdmin {
  /** @param live null while no master runs: the pool is then the default or the one used last. */
  constructor(_store: MasterStore, _live: LiveMaster | null) {}

  /** @returns the join token as text, and what to tell besides. @throws StateError | UsageError when the name is taken or malformed, the pool full, no endpoint known. */
  invite(
    _name: string,
    _options: {
      readonly endpoints: readonly HostPort[];
      readonly publicKey: Uint8Array<ArrayBuffer> | null;
    },
  ): {
    readonly token: string;
    readonly addresses: readonly string[];
    readonly endpoints: readonly HostPort[];
  } {
    throw new Error("Invariant: not written yet");
  }

  list(): readonly SlaveListing[] {
    throw new Error("Invariant: not written yet");
  }

  /** @throws UsageError when there is no slave of that name. */
  revoke(_name: string): void {
    throw new Error("Invariant: not written yet");
  }
}
