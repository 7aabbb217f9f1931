/**
 * What there is to say of one option: types, and what follows from them.
 *
 * @module
 */

import { type CommandName, type Role, roleOf } from "./command_table.ts";

/** Name of an option, without the dashes. */
export type OptionKey =
  | "config"
  | "dry-run"
  | "listen"
  | "pool"
  | "allow-slave-to-slave"
  | "token"
  | "token-file"
  | "key-file"
  | "proxies"
  | "proxy-target"
  | "targets"
  | "interfaces"
  | "mode"
  | "no-tcp-fallback"
  | "route"
  | "route-all"
  | "kill-switch"
  | "exit"
  | "auto"
  | "auto-include"
  | "auto-exclude"
  | "rekey-after"
  | "tun-name"
  | "address"
  | "mtu"
  | "connect-tcp"
  | "listen-tcp"
  | "endpoint"
  | "public-key"
  | "qr"
  | "json"
  | "master"
  | "measure"
  | "nat-timeout"
  | "for"
  | "every"
  | "hide-names"
  | "force"
  | "state-dir"
  | "daemon"
  | "metrics"
  | "http"
  | "http-token"
  | "protocol"
  | "log-level"
  | "log-format"
  | "io"
  | "mark";

/** Options whose value nobody else may see. */
export const SECRET_OPTIONS: readonly OptionKey[] = ["token", "http-token"];

/** One option. */
export interface OptionSpec {
  readonly name: OptionKey;
  /** What stands for the value in the help; null: a flag, which takes none. */
  readonly metavar: string | null;
  /** What it means alone, when its value may be left out; written as a user would. */
  readonly valueWhenAlone?: string;
  /** The commands that take it. */
  readonly commands: readonly CommandName[];
  /** The only protocol that has it; not given: both. */
  readonly protocol?: "secure" | "legacy";
  /** May be given several times; its value is then a comma-separated list as well. */
  readonly isRepeatable?: true;
  /** One or two sentences for the help; default and environment variable are added. */
  readonly help: string;
  /** What holds when it is not given, written as a user would. `join` has the slave's. */
  readonly defaults?: Readonly<Record<Role, string>>;
  /** The only values it takes, when there are few. */
  readonly choices?: readonly string[];
}

/** What holds for a command when an option is not given, or undefined: nothing. */
export function defaultOf(option: OptionSpec, command: CommandName): string | undefined {
  return option.defaults?.[roleOf(command)];
}

/** What the environment gives nothing but where the daemon is: links that are to be added must be typed, or the slave's own were added again. */
const TYPED_ONLY: readonly CommandName[] = ["link add", "record"];

/** Whether the environment may give an option to a command. */
export function readsEnvironment({ name }: OptionSpec, command: CommandName): boolean {
  return !TYPED_ONLY.includes(command) || name === "state-dir" || name === "daemon";
}

/** The environment variable that stands for an option, e.g. `BINDLINK_PROXY_TARGET`. */
export function environmentName(name: OptionKey): string {
  return `BINDLINK_${name.toUpperCase().replaceAll("-", "_")}`;
}
