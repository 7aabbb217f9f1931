/**
 * What a daemon changes on its machine besides its own tun, written down before it is changed: `slave-changes.json` or
 * `master-changes.json`. So whoever starts next can undo what a killed one has left.
 *
 * A boot undoes all of it by itself, and a network namespace has settings of its own: what was written down elsewhere, or before the
 * last boot, is forgotten. Nothing is synced for that reason: a power cut takes the record and what it is about.
 *
 * @module
 */

import { SysError } from "../../ffi/errno.ts";
import { FileLock } from "../../ffi/file_lock.ts";
import { ensureStateDir } from "./state_dir.ts";
import { fileError, StateError } from "./state_error.ts";
import type { StateFields } from "./state_fields.ts";
import { readStateFile, removeLeftovers, writeStateFile } from "./state_file.ts";

/** One thing that a daemon has changed, or is about to. */
export type Claim =
  /** Routing rules of a block of priorities, and the table of the block's number. */
  | { readonly kind: "rules"; readonly base: number }
  /** A table of nftables, of family inet. */
  | { readonly kind: "nft"; readonly table: string }
  /**
   * A setting of the kernel, by its path below /proc/sys. It has `value` since, or comes to it when a claim after this one is undone;
   * with any other somebody else has set it.
   */
  | {
    readonly kind: "sysctl";
    readonly path: string;
    readonly before: string;
    readonly value: string;
  };

/** Who makes claims. */
export type ClaimRole = "master" | "slave";

/** The claims of one daemon, held as their only user. */
export class MachineClaims implements Disposable {
  /** What is to be warned of, in sentences. */
  readonly warnings: readonly string[];
  readonly #path: string;
  readonly #machine: string;
  readonly #lock: Disposable;
  #claims: readonly Claim[];

  private constructor(
    path: string,
    machine: string,
    { lock, claims, warnings }: {
      readonly lock: Disposable;
      readonly claims: readonly Claim[];
      readonly warnings: readonly string[];
    },
  ) {
    this.#path = path;
    this.#machine = machine;
    this.#lock = lock;
    this.#claims = claims;
    this.warnings = warnings;
  }

  /** Whether an earlier run has written anything down here. */
  static exist(stateDir: string, role: ClaimRole): boolean {
    try {
      return Deno.statSync(claimsFile(stateDir, role)).isFile;
    } catch {
      return false;
    }
  }

  /**
   * Opens a daemon's claims, made empty when there are none.
   * @param machine see {@link thisMachine}; another one is for tests
   * @returns null when another daemon of this role has them open.
   * @throws StateError when the directory cannot be used.
   */
  static open(
    stateDir: string,
    role: ClaimRole,
    machine: string = thisMachine(),
  ): MachineClaims | null {
    const warnings = [...ensureStateDir(stateDir)];
    const lock = lockClaims(`${stateDir}/${role}-changes.lock`);
    if (lock === null) return null;
    const path = claimsFile(stateDir, role);
    try {
      removeLeftovers(path, 0);
      const claims = readOrSetAside(path, machine, warnings);
      return new MachineClaims(path, machine, { lock, claims, warnings });
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** All claims, in the order in which they were made. */
  get all(): readonly Claim[] {
    return this.#claims;
  }

  /** Writes down what is about to be changed. @throws StateError: then nothing must be changed. */
  add(claim: Claim): void {
    this.#write([...this.#claims, claim]);
  }

  /** It is undone. @throws StateError */
  remove(claim: Claim): void {
    this.#write(this.#claims.filter((it) => it !== claim));
  }

  /** Gives the claims back; they stay written down. */
  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }

  #write(claims: readonly Claim[]): void {
    if (claims.length === 0) {
      try {
        Deno.removeSync(this.#path);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) {
          throw fileError("remove state file", this.#path, error);
        }
      }
    } else writeStateFile(this.#path, FORMAT, { machine: this.#machine, claims }, "unsynced");
    this.#claims = claims;
  }
}

/** This boot, and this network namespace: outside of it a claim means nothing. */
export function thisMachine(): string {
  return `${readQuietly("/proc/sys/kernel/random/boot_id")} ${namespaceName()}`;
}

function readOrSetAside(path: string, machine: string, warnings: string[]): readonly Claim[] {
  try {
    const fields = readStateFile(path, FORMAT);
    if (fields === null || fields.text("machine") !== machine) return [];
    return fields.objects("claims").map(readClaim);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    // To refuse to start would keep somebody offline for what is, most likely, over.
    try {
      Deno.renameSync(path, `${path}.damaged`);
    } catch (cause) {
      throw fileError("move away state file", path, cause);
    }
    warnings.push(
      `${error.message}: it is now ${path}.damaged, and what an earlier run changed is not undone: ` +
        "look at ip rule, ip -6 rule and nft list tables",
    );
    return [];
  }
}

function readClaim(fields: StateFields): Claim {
  const kind = fields.text("kind");
  switch (kind) {
    case "rules":
      return { kind, base: fields.integer("base", 1, 32_000) };
    case "nft":
      return { kind, table: matching(fields, "table", /^bindlink_[A-Za-z0-9_]+$/) };
    case "sysctl":
      return {
        kind,
        path: matching(fields, "path", /^net\/ipv[46]\/[^/]+(\/[^/]+){0,2}$/),
        before: matching(fields, "before", /^\d+$/),
        value: matching(fields, "value", /^\d+$/),
      };
    default:
      throw fields.error("kind", "is none that this program knows");
  }
}

/** What stands in the file is typed as root: only what this program writes may pass. */
function matching(fields: StateFields, key: string, pattern: RegExp): string {
  const text = fields.text(key);
  if (!pattern.test(text) || text.includes("..")) throw fields.error(key, "is no name of ours");
  return text;
}

function lockClaims(path: string): Disposable | null {
  try {
    return FileLock.tryAcquire(path, `${Deno.pid}`.padEnd(15) + "\n");
  } catch (error) {
    if (error instanceof SysError) throw fileError("lock state directory by", path, error);
    throw error;
  }
}

function claimsFile(stateDir: string, role: ClaimRole): string {
  return `${stateDir}/${role}-changes.json`;
}

function namespaceName(): string {
  try {
    return Deno.readLinkSync("/proc/self/ns/net");
  } catch {
    return "";
  }
}

function readQuietly(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return "";
  }
}

const FORMAT = { format: "bindlink changes", version: 1 } as const;
