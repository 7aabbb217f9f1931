/**
 * A command of the system that sets or shows routes, rules and firewall tables, and the families that it is about. Pure.
 *
 * @module
 */

/** A program with its arguments. */
export interface Command {
  readonly program: "ip" | "nft";
  readonly args: readonly string[];
}

/** Runs a command. @returns what it printed. @throws CommandError */
export type CommandRunner = (command: Command) => Promise<string>;

/** `ip -4` and `ip -6`. */
export type Family = "-4" | "-6";

/** Both, in the order in which they are set up. */
export const FAMILIES: readonly Family[] = ["-4", "-6"];

/** A command of iproute2 for one family, its words as one would type them. */
export function ip(family: Family, words: string): Command {
  return { program: "ip", args: [family, ...words.split(" ")] };
}

/** A script of nftables: all of it, or nothing, takes effect. */
export function nft(script: string): Command {
  return { program: "nft", args: [script] };
}

/** As it would be typed, for errors and the log. */
export function formatCommand({ program, args }: Command): string {
  const [only = ""] = args;
  return program === "nft" && args.length === 1 ? `nft '${only}'` : [program, ...args].join(" ");
}
