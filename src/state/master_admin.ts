/**
 * Invite, list, revoke: one implementation, used by the running master (through its control socket) and, while none runs, by
 * the commands themselves on the same files.
 *
 * @module
 */

import type { HostPort } from "../net_address.ts";
import { AddressPool } from "../peer/address_pool.ts";
import { deriveSlaveSecrets, encodeJoinToken, type JoinToken } from "../peer/join_token.ts";
import { KEY_BYTES } from "../peer/key_pair.ts";
import { isEqual, nobleDiffieHellman } from "../peer/primitives.ts";
import { UsageError } from "../usage_error.ts";
import { chooseEndpoints } from "./choose_endpoints.ts";
import type { MasterStore, SlaveRecord, SlaveUsage } from "./master_store.ts";
import type { InterfaceAddress } from "./public_addresses.ts";
import { isSlaveName, SLAVE_NAME_RULE } from "./slave_record.ts";

/** What a running master adds. */
export interface LiveMaster {
  /** Port it listens on. */
  readonly port: number;
  /** Pool it gives addresses from. */
  readonly pool: { readonly address: string; readonly prefixBits: number };
  /** How many slaves it can serve: 1 with a TCP stand-in. */
  readonly maxSlaves: number;
  /** Of a slave that has a session now: how many of its links are up, the usage of all runs. Null: not connected. */
  liveSlave(name: string): { readonly linksUp: number; readonly usage: SlaveUsage } | null;
  /** A slave was added: it may join from now on. */
  handleInvited(record: SlaveRecord): void;
  /** A slave was revoked: cut it off now. */
  handleRevoked(record: SlaveRecord): void;
}

/** What the administration takes from the machine. */
export interface AdminMachine {
  /** Milliseconds since 1970. */
  now(): number;
  randomBytes(lengthBytes: number): Uint8Array<ArrayBuffer>;
  networkInterfaces(): readonly InterfaceAddress[];
}

/** What an invitation asks for. */
export interface InviteOptions {
  /** Empty: those of the invitation before, else this machine's public addresses. */
  readonly endpoints: readonly HostPort[];
  /** The slave's own public key, 32 bytes; null: the token brings one. */
  readonly publicKey: Uint8Array<ArrayBuffer> | null;
}

/** What came of an invitation. */
export interface Invitation {
  readonly token: string;
  /** The slave's inner addresses, without prefix lengths. */
  readonly addresses: readonly string[];
  readonly endpoints: readonly HostPort[];
  /** Whether nobody ever named the endpoints: they are this machine's own addresses. */
  readonly areEndpointsGuessed: boolean;
}

/** A line of `bindlink slaves`. */
export interface SlaveListing {
  readonly name: string;
  /** Inner addresses, without prefix lengths; none of a revoked slave, whose address may be another's by now. */
  readonly addresses: readonly string[];
  readonly state: "connected" | "away" | "revoked";
  readonly linksUp: number;
  readonly lastSeenAt: string | null;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** What came of a revocation. */
export interface Revocation {
  /** ISO 8601. */
  readonly revokedAt: string;
  /** Whether that had been done before: nothing changed now. */
  readonly wasRevokedBefore: boolean;
  /** Whether it had a session, which is cut. */
  readonly wasConnected: boolean;
}

/** The slaves' administration. */
export class MasterAdmin {
  readonly #store: MasterStore;
  readonly #live: LiveMaster | null;
  readonly #machine: AdminMachine;
  readonly #pool: AddressPool;

  /** @param live null while no master runs: the pool is then the one used last, or the default. */
  constructor(store: MasterStore, live: LiveMaster | null, machine: AdminMachine = THIS_MACHINE) {
    this.#store = store;
    this.#live = live;
    this.#machine = machine;
    const pool = live?.pool ?? store.lastRun?.pool ?? DEFAULT_POOL;
    this.#pool = new AddressPool(pool, store.keyPair.publicKey);
  }

  /** @throws UsageError: the name is taken or malformed, the pool full, no endpoint known. StateError. */
  invite(name: string, options: InviteOptions): Invitation {
    this.#checkName(name);
    if (options.publicKey !== null) this.#checkPublicKey(options.publicKey);
    this.#checkRoom();
    const { endpoints, areEndpointsGuessed } = chooseEndpoints({
      given: options.endpoints,
      remembered: this.#store.endpoints,
      port: this.#live?.port ?? this.#store.lastRun?.port,
      networkInterfaces: this.#machine.networkInterfaces,
    });
    const hostNumber = this.#freeHostNumber();
    const seed = options.publicKey === null ? this.#machine.randomBytes(KEY_BYTES) : null;
    // Before anything is stored: it refuses endpoints that do not fit into a token.
    const token = encodeToken({ masterKey: this.#store.keyPair.publicKey, seed, endpoints });
    const record: SlaveRecord = {
      name,
      ...keysOf(seed, options.publicKey),
      hostNumber,
      invitedAt: this.#nowText(),
      revokedAt: null,
    };
    if (!areEndpointsGuessed) this.#store.setEndpoints(endpoints);
    this.#store.addSlave(record);
    this.#live?.handleInvited(record);
    return { token, addresses: this.#addressesOf(record), endpoints, areEndpointsGuessed };
  }

  /** All slaves, in the order they were invited. */
  list(): readonly SlaveListing[] {
    return this.#store.slaves.map((record) => {
      const isRevoked = record.revokedAt !== null;
      const live = isRevoked ? null : this.#live?.liveSlave(record.name) ?? null;
      const usage = live?.usage ?? this.#store.usageOf(record.name);
      return {
        name: record.name,
        addresses: isRevoked ? [] : this.#addressesOf(record),
        state: isRevoked ? "revoked" : live === null ? "away" : "connected",
        linksUp: live?.linksUp ?? 0,
        lastSeenAt: usage.lastSeenAt,
        receivedBytes: usage.receivedBytes,
        sentBytes: usage.sentBytes,
      };
    });
  }

  /** Lets a slave in no more, and cuts it off. @throws UsageError when there is no slave of that name. StateError. */
  revoke(name: string): Revocation {
    const record = this.#find(name);
    if (record === undefined) {
      throw new UsageError(
        `There is no slave ${JSON.stringify(name)}: "bindlink slaves" lists those there are`,
      );
    }
    if (record.revokedAt !== null) {
      return { revokedAt: record.revokedAt, wasRevokedBefore: true, wasConnected: false };
    }
    const revokedAt = this.#nowText();
    const wasConnected = (this.#live?.liveSlave(name) ?? null) !== null;
    this.#store.revokeSlave(name, revokedAt);
    this.#live?.handleRevoked({ ...record, revokedAt });
    return { revokedAt, wasRevokedBefore: false, wasConnected };
  }

  #find(name: string): SlaveRecord | undefined {
    return this.#store.slaves.find((it) => it.name === name);
  }

  #active(): readonly SlaveRecord[] {
    return this.#store.slaves.filter((it) => it.revokedAt === null);
  }

  #checkName(name: string): void {
    if (!isSlaveName(name)) {
      throw new UsageError(`Cannot invite a slave of that name: type ${SLAVE_NAME_RULE}`);
    }
    if (this.#active().some((it) => it.name === name)) {
      throw new UsageError(
        `There is a slave ${
          JSON.stringify(name)
        } already: choose another name, or first let it in ` +
          `no more with "bindlink revoke ${name}"`,
      );
    }
  }

  #checkPublicKey(publicKey: Uint8Array): void {
    const { keyPair } = this.#store;
    if (isEqual(publicKey, keyPair.publicKey)) {
      throw new UsageError("Cannot invite with that public key: it is the master's own");
    }
    if (nobleDiffieHellman.sharedSecret(keyPair.secretKey, publicKey) === null) {
      throw new UsageError("Cannot invite with that public key: it is none that a secret key has");
    }
    const holder = this.#active().find((it) => isEqual(it.publicKey, publicKey));
    if (holder !== undefined) {
      throw new UsageError(
        `Cannot invite with that public key: it is that of slave ${JSON.stringify(holder.name)}`,
      );
    }
  }

  #checkRoom(): void {
    const active = this.#active();
    if (this.#live === null || active.length < this.#live.maxSlaves) return;
    throw new UsageError(
      `This master serves ${
        this.#live.maxSlaves === 1 ? "one slave" : `${this.#live.maxSlaves} slaves`
      } ` +
        `(a TCP stand-in has no addresses to tell slaves apart): first "bindlink revoke ${
          active[0]!.name
        }"`,
    );
  }

  #freeHostNumber(): number {
    const hostNumber = this.#pool.freeHostNumber(
      new Set(this.#active().map((it) => it.hostNumber)),
    );
    if (hostNumber !== null) return hostNumber;
    throw new UsageError(
      `All ${this.#pool.lastHostNumber - 1} addresses of the pool are given away: ` +
        'revoke slaves that are gone, or run the master with a larger pool, e.g. "--pool 10.10.0.0/16"',
    );
  }

  /** None when the pool has become too small for it: such a slave is not let in. */
  #addressesOf(record: SlaveRecord): readonly string[] {
    if (record.hostNumber > this.#pool.lastHostNumber) return [];
    return this.#pool.addressesOf(record.hostNumber).map((it) => it.address);
  }

  #nowText(): string {
    return new Date(this.#machine.now()).toISOString();
  }
}

/** The keys a master knows of a slave: those of its seed, or the one it named. */
function keysOf(
  seed: Uint8Array<ArrayBuffer> | null,
  publicKey: Uint8Array<ArrayBuffer> | null,
): Pick<SlaveRecord, "publicKey" | "psk"> {
  if (seed === null) {
    if (publicKey === null) throw new Error("Invariant: neither seed nor public key");
    return { publicKey, psk: new Uint8Array(KEY_BYTES) };
  }
  const { secretKey, psk } = deriveSlaveSecrets(seed);
  const derived = nobleDiffieHellman.publicKey(secretKey);
  secretKey.fill(0); // the slave's alone from here on
  return { publicKey: derived, psk };
}

/** @throws UsageError: too many endpoints, or one that no host can have. */
function encodeToken(token: JoinToken): string {
  try {
    return encodeJoinToken(token);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

const THIS_MACHINE: AdminMachine = {
  now: () => Date.now(),
  randomBytes: (lengthBytes) => crypto.getRandomValues(new Uint8Array(lengthBytes)),
  networkInterfaces: () => Deno.networkInterfaces(),
};

/** What `--pool` is by default. */
const DEFAULT_POOL = { address: "10.10.10.0", prefixBits: 24 } as const;
