/**
 * What a command line asks for besides running the daemon: commands that end by themselves.
 *
 * @module
 */

import type { HostPort } from "./net_address.ts";

/** A command with what it needs. */
export type CommandRequest =
  /** Prints a new secret key. */
  | { readonly kind: "keygen" }
  /** Reads a secret key from stdin, prints its public key. */
  | { readonly kind: "pubkey" }
  /** Prints a join token for a new slave. */
  | {
    readonly kind: "invite";
    readonly stateDir: string;
    readonly name: string;
    /** Empty: those of the invitation before, else the machine's public addresses. */
    readonly endpoints: readonly HostPort[];
    /** The slave's own public key (32 bytes); null: the token brings one. */
    readonly publicKey: Uint8Array<ArrayBuffer> | null;
    readonly showsQr: boolean;
  }
  | { readonly kind: "slaves"; readonly stateDir: string; readonly isJson: boolean }
  | { readonly kind: "revoke"; readonly stateDir: string; readonly name: string }
  /** Stores token and options, for later runs of `bindlink slave`. */
  | { readonly kind: "join"; readonly stateDir: string; readonly join: StoredJoin };

/** What `join` stores. */
export interface StoredJoin {
  /** As pasted; checked already. */
  readonly token: string;
  /** The slave's options as typed, by name; environment and command line of a later run win over them. */
  readonly options: Readonly<Record<string, readonly string[]>>;
}
