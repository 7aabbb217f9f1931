/**
 * What a command line asks for besides running the daemon: commands that end by themselves.
 *
 * @module
 */

import type { CommonOptions, MasterOptions, SlaveOptions } from "./daemon_options.ts";
import type { NewLink } from "./live_links.ts";
import type { LinkChange, LinkMode } from "./multiplexer/link_settings.ts";
import type { HostPort } from "./net_address.ts";

/** Which links the doctor measures. */
export const MEASURE_CHOICES = ["unmetered", "all", "none"] as const;

/** One of {@link MEASURE_CHOICES}. */
export type MeasureChoice = typeof MEASURE_CHOICES[number];

/** A slave's machine of which nothing more is known, since there is no token. */
export interface TokenlessOptions extends CommonOptions {
  readonly role: "slave";
  readonly stateDir: string;
  readonly links: null;
}

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
  /** Says what is wrong here. */
  | {
    readonly kind: "doctor";
    readonly isJson: boolean;
    /** What to warn of, in sentences. */
    readonly warnings: readonly string[];
    readonly measure: MeasureChoice;
    readonly checksNatTimeout: boolean;
    readonly options: MasterOptions | SlaveOptions | TokenlessOptions;
    /** Why there is no token; empty when there is one, or none is needed. */
    readonly tokenFault: string;
  }
  /** Stores token and options, for later runs of `bindlink slave`. */
  | { readonly kind: "join"; readonly stateDir: string; readonly join: StoredJoin }
  /** Makes an end a service of the machine. */
  | {
    readonly kind: "install-service";
    /** Whether it is only to be shown. */
    readonly isDryRun: boolean;
    /** What to warn of, in sentences. */
    readonly warnings: readonly string[];
    readonly installation: ServiceInstallation;
  }
  | { readonly kind: "uninstall-service"; readonly role: "master" | "slave" }
  | DaemonRequest;

/** Which running daemon is meant. */
export interface DaemonChoice {
  readonly stateDir: string;
  /** `master`, `slave` for the only one, or a slave's tun device; null: the only daemon there is. */
  readonly name: string | null;
}

/** What is asked of a running daemon. */
export type DaemonRequest =
  & { readonly daemon: DaemonChoice }
  & (
    | { readonly kind: "status"; readonly isJson: boolean }
    | { readonly kind: "link list"; readonly isJson: boolean }
    | { readonly kind: "top" }
    | { readonly kind: "reload" }
    | { readonly kind: "mode"; readonly mode: LinkMode }
    | {
      readonly kind: "record";
      readonly path: string;
      /** Null: until a signal. */
      readonly seconds: number | null;
      readonly intervalMs: number;
      readonly hidesNames: boolean;
      /** Whether a file that is there is replaced. */
      readonly isForced: boolean;
    }
    | { readonly kind: "link add"; readonly links: readonly NewLink[] }
    | { readonly kind: "link remove" | "link up" | "link down"; readonly name: string }
    | { readonly kind: "link set"; readonly name: string; readonly change: LinkChange }
  );

/** A service as it is to be. */
export interface ServiceInstallation {
  readonly role: "master" | "slave";
  readonly configPath: string;
  /** What is to stand in the file; null: it stays as it is. */
  readonly configText: string | null;
  /** A token to store; null: the one that is stored, or the file's. */
  readonly tokenText: string | null;
  /** A secret key to store; null: none was given. */
  readonly key: { readonly path: string; readonly text: string } | null;
  /** What the options need of the system. */
  readonly needsTun: boolean;
  readonly needsLowPort: boolean;
  readonly bindsToInterfaces: boolean;
  /** Whether its sockets carry a mark. */
  readonly setsMark?: boolean;
  readonly setsForwarding: boolean;
}

/** What `join` stores. */
export interface StoredJoin {
  /** As pasted; checked already. */
  readonly token: string;
  /** The slave's options as typed, by name; environment and command line of a later run win over them. */
  readonly options: Readonly<Record<string, readonly string[]>>;
}
