/**
 * What a master keeps between runs: its key, its slaves, what they used. In the state directory, files 0600, each
 * replaced whole (written beside, synced, renamed), so that a crash or a full disk loses nothing that was there.
 *
 * @module
 */

import type { HostPort } from "../net_address.ts";
import type { KeyPair } from "../peer/key_pair.ts";

/** A slave as it is kept. */
export interface SlaveRecord {
  readonly name: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** 32 bytes; zeros when there is none. */
  readonly psk: Uint8Array<ArrayBuffer>;
  /** Its number in the address pool, from 2 up; unique among those not revoked. */
  readonly hostNumber: number;
  /** ISO 8601. */
  readonly invitedAt: string;
  /** ISO 8601, or null while it is let in. A revoked slave's key is kept, so that it can be told. */
  readonly revokedAt: string | null;
}

/** What a slave used, over all runs. */
export interface SlaveUsage {
  /** ISO 8601; null: never seen. */
  readonly lastSeenAt: string | null;
  /** Inner bytes from and to the slave. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** The state of one master. */
export class MasterStore implements Disposable {
  /**
   * Opens the state directory as its only user: makes directory and key when they are not there.
   * @throws StateError: locked by another process (names its pid), unreadable, half-written, of a newer version; says which file and what to do.
   */
  static open(_stateDir: string): MasterStore {
    throw new Error("Invariant: not written yet");
  }

  get keyPair(): KeyPair {
    throw new Error("Invariant: not written yet");
  }

  /** All, the revoked included, in the order they were invited. */
  get slaves(): readonly SlaveRecord[] {
    throw new Error("Invariant: not written yet");
  }

  /** Endpoints named by the invitation before. */
  get endpoints(): readonly HostPort[] {
    throw new Error("Invariant: not written yet");
  }

  /** Adds a slave, replacing a revoked one of the same name; returns when it is on disk. @throws StateError */
  addSlave(_record: SlaveRecord): void {
    throw new Error("Invariant: not written yet");
  }

  /** Marks a slave as revoked; returns when it is on disk. @throws StateError */
  revokeSlave(_name: string, _at: string): void {
    throw new Error("Invariant: not written yet");
  }

  /** Remembers endpoints for the next invitation. @throws StateError */
  setEndpoints(_endpoints: readonly HostPort[]): void {
    throw new Error("Invariant: not written yet");
  }

  /** What a slave used before this run and what {@link MasterStore.saveUsage} added. */
  usageOf(_name: string): SlaveUsage {
    throw new Error("Invariant: not written yet");
  }

  /** Writes usage of slaves by name. Loses only usage when it fails: throws StateError, the caller logs it. */
  saveUsage(_usage: ReadonlyMap<string, SlaveUsage>): void {
    throw new Error("Invariant: not written yet");
  }

  /** Gives the lock back. */
  [Symbol.dispose](): void {}
}
