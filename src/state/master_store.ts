/**
 * What a master keeps between runs: its key, its slaves, what they used. In the state directory, files 0600, each
 * replaced whole (written beside, synced, renamed), so that a crash or a full disk loses nothing that was there.
 *
 * @module
 */

import type { HostPort } from "../net_address.ts";
import type { KeyPair } from "../peer/key_pair.ts";
import { nobleDiffieHellman } from "../peer/primitives.ts";
import { encodeKey } from "./key_text.ts";
import { generateSecretKey } from "./secret_key.ts";
import { slavesFromFields, slaveToFields } from "./slave_record.ts";
import { ensureStateDir } from "./state_dir.ts";
import type { LockRole } from "./state_error.ts";
import { readStateFile, removeLeftovers, writeStateFile } from "./state_file.ts";
import type { StateFields } from "./state_fields.ts";
import { StateLock } from "./state_lock.ts";
import { NO_USAGE, UsageBook } from "./usage_book.ts";

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

/** How a master ran last: what commands go by while none runs. */
export interface LastRun {
  /** Port it listened on. */
  readonly port: number;
  /** Pool it gave addresses from. */
  readonly pool: { readonly address: string; readonly prefixBits: number };
}

/** The content of `master.json`. */
interface MasterState {
  readonly secretKey: Uint8Array<ArrayBuffer>;
  readonly slaves: readonly SlaveRecord[];
  readonly endpoints: readonly HostPort[];
  readonly lastRun: LastRun | null;
}

/** The state of one master. */
export class MasterStore implements Disposable {
  /** Its directory. */
  readonly stateDir: string;
  readonly keyPair: KeyPair;
  /** Whether the key was made just now. */
  readonly isNew: boolean;
  /** What is to be warned of, in sentences: for the log. */
  readonly warnings: readonly string[];
  readonly #path: string;
  readonly #lock: StateLock;
  readonly #usage: UsageBook;
  #state: MasterState;

  private constructor(stateDir: string, lock: StateLock, warnings: string[]) {
    this.stateDir = stateDir;
    this.#path = masterFile(stateDir);
    this.#lock = lock;
    this.warnings = warnings;
    removeLeftovers(this.#path, 0);
    warnings.push(...warningsOf(this.#path));
    const stored = readMaster(this.#path);
    this.isNew = stored === null;
    this.#state = stored ?? newMaster();
    const { secretKey } = this.#state;
    this.keyPair = { secretKey, publicKey: nobleDiffieHellman.publicKey(secretKey) };
    this.#usage = UsageBook.open(stateDir, (text) => warnings.push(text));
    if (stored === null) this.#replace(this.#state);
  }

  /**
   * Opens the state directory as its only user: makes directory and key when they are not there.
   * @param role a command gives it back soon: a master waits for it, and is not waited for.
   * @throws StateLockedError: in use by another process (names its pid). StateError: unreadable, half-written, of a newer
   * version; says which file and what to do.
   */
  static open(stateDir: string, role: LockRole = "master"): MasterStore {
    const warnings = [...ensureStateDir(stateDir)];
    const lock = StateLock.acquire(stateDir, role);
    try {
      return new MasterStore(stateDir, lock, warnings);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Whether a master has been set up there. A directory that cannot be looked into counts: opening it tells why. */
  static exists(stateDir: string): boolean {
    try {
      Deno.statSync(masterFile(stateDir));
      return true;
    } catch (error) {
      return !(error instanceof Deno.errors.NotFound);
    }
  }

  /** All, the revoked included, in the order they were invited. */
  get slaves(): readonly SlaveRecord[] {
    return this.#state.slaves;
  }

  /** Endpoints named by the invitation before. */
  get endpoints(): readonly HostPort[] {
    return this.#state.endpoints;
  }

  /** How a master ran last; null: none did yet. */
  get lastRun(): LastRun | null {
    return this.#state.lastRun;
  }

  /** Adds a slave, replacing revoked ones of its name or key; returns when it is on disk. @throws StateError */
  addSlave(record: SlaveRecord): void {
    const key = encodeKey(record.publicKey);
    const others = this.#state.slaves.filter((it) =>
      it.revokedAt === null || (it.name !== record.name && encodeKey(it.publicKey) !== key)
    );
    this.#replace({ ...this.#state, slaves: [...others, record] });
  }

  /** Marks a slave as revoked; returns when it is on disk. @throws StateError */
  revokeSlave(name: string, at: string): void {
    const slaves = this.#state.slaves.map((it) =>
      it.name === name && it.revokedAt === null ? { ...it, revokedAt: at } : it
    );
    this.#replace({ ...this.#state, slaves });
  }

  /** Remembers endpoints for the next invitation. @throws StateError */
  setEndpoints(endpoints: readonly HostPort[]): void {
    if (JSON.stringify(endpoints) === JSON.stringify(this.#state.endpoints)) return;
    this.#replace({ ...this.#state, endpoints });
  }

  /** Remembers how this master runs, for commands while none does. @throws StateError */
  setLastRun({ port, pool: { address, prefixBits } }: LastRun): void {
    const lastRun: LastRun = { port, pool: { address, prefixBits } };
    if (JSON.stringify(lastRun) === JSON.stringify(this.#state.lastRun)) return;
    this.#replace({ ...this.#state, lastRun });
  }

  /** What a slave used before this run and what {@link MasterStore.saveUsage} added. */
  usageOf(name: string): SlaveUsage {
    const record = this.slaves.find((it) => it.name === name);
    return record === undefined ? NO_USAGE : this.#usage.usageOf(record);
  }

  /** Writes usage of slaves by name. Loses only usage when it fails: throws StateError, the caller logs it. */
  saveUsage(usage: ReadonlyMap<string, SlaveUsage>): void {
    this.#usage.save(this.#state.slaves, usage);
  }

  /** Gives the lock back. Idempotent. */
  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }

  /** Disk first: what could not be written did not happen. */
  #replace(state: MasterState): void {
    writeStateFile(this.#path, FORMAT, {
      secretKey: encodeKey(state.secretKey),
      lastRun: state.lastRun,
      endpoints: state.endpoints,
      slaves: state.slaves.map(slaveToFields),
    });
    this.#state = state;
  }
}

function masterFile(stateDir: string): string {
  return `${stateDir}/master.json`;
}

function newMaster(): MasterState {
  return { secretKey: generateSecretKey(), slaves: [], endpoints: [], lastRun: null };
}

function readMaster(path: string): MasterState | null {
  const fields = readStateFile(path, FORMAT);
  if (fields === null) return null;
  return {
    secretKey: fields.key("secretKey"),
    slaves: slavesFromFields(fields.objects("slaves")),
    endpoints: fields.hostPorts("endpoints"),
    lastRun: fields.has("lastRun") ? readLastRun(fields.object("lastRun")) : null,
  };
}

function readLastRun(fields: StateFields): LastRun {
  const pool = fields.object("pool");
  return {
    port: fields.integer("port", 1, 65_535),
    pool: { address: pool.ipv4("address"), prefixBits: pool.integer("prefixBits", 8, 30) },
  };
}

/** A copied file may have lost its mode; the next writing puts it right. */
function warningsOf(path: string): string[] {
  try {
    const { mode } = Deno.statSync(path);
    const isPrivate = mode === null || (mode & 0o077) === 0;
    return isPrivate ? [] : [
      `State file ${
        JSON.stringify(path)
      } can be read by other users, and holds secret keys: chmod 0600 it`,
    ];
  } catch {
    return []; // not there yet, or reading it will tell
  }
}

const FORMAT = { format: "bindlink master", version: 1 } as const;
