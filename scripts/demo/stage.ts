/**
 * Where the demo plays: in network namespaces with a real tun, or on loopback without one.
 *
 * @module
 */

import type { ProcessOptions, TestProcess } from "../../tests/support/process.ts";
import { TunnelPair } from "../../tests/support/tunnel_pair.ts";
import type { DemoPhone } from "./phones.ts";
import type { Report } from "./report.ts";

/** A laptop, three phones and a server, with a master that runs. */
export interface Stage extends AsyncDisposable {
  /** The best one first. */
  readonly phones: readonly DemoPhone[];
  /** What is moved, in words, e.g. `a UDP stream of 38.8 Mbit/s`. */
  readonly data: string;
  /** Time over which what is shown is averaged, in ms. */
  readonly smoothingMs: number;
  /** The newest report of what is seen at the laptop; null before the first. */
  readonly report: Report | null;
  /** Starts a slave over the first so many phones, in place of the one that runs. */
  useTunnel(phoneCount: number): Promise<void>;
  /** Takes the network away from a phone. */
  cutPhone(place: number): void;
  /** @throws Error when one of the programs has ended by itself. */
  check(): void;
}

/** The command that runs bindlink from this very tree, by this very Deno. */
export function bindlinkCommand(args: readonly string[]): string[] {
  return [...denoRun("../../mod.ts"), ...args];
}

/** What master and slave are started with, as two machines are set up: by a token. @param endpoint `HOST:PORT` of the master. */
export function inviteSlave(endpoint: string): Promise<TunnelPair> {
  return TunnelPair.create(endpoint, {
    invite: { program: bindlinkCommand([]), ...PROCESS_OPTIONS },
  });
}

/** The command that runs one of the tree's modules. @param path relative to this file. */
export function denoRun(path: string): string[] {
  // Inside a namespace nothing can be fetched, and nothing needs to be: `fetchLibraries` came before.
  return [Deno.execPath(), "run", "-A", "--cached-only", "--quiet", fromHere(path)];
}

/** Fetches what the programs import, where there still is a network. */
export function fetchCommand(): string[] {
  const modules = ["../../mod.ts", "phone_main.ts", "server_main.ts", "laptop_main.ts"];
  return [Deno.execPath(), "cache", "--quiet", ...modules.map(fromHere)];
}

/** How all the programs are started: in the project's folder, whose deno.json holds for them. */
export const PROCESS_OPTIONS: ProcessOptions = {
  cwd: fromHere("../../"),
  stdin: "piped",
  clearEnv: true,
  env: environment(),
};

/** @throws Error with what it said last, when the program has ended. */
export function checkAlive(name: string, process: TestProcess): void {
  if (process.ended === null) return;
  const lastWords = process.output.trim().split("\n").slice(-8).join("\n  ");
  throw new Error(`The ${name} ended by itself (exit code ${process.ended.code}):\n  ${lastWords}`);
}

/** Ours without what is meant for a bindlink of the user's own. */
function environment(): Record<string, string> {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) =>
    !name.startsWith("BINDLINK_")
  );
  return { ...Object.fromEntries(kept), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
}

function fromHere(path: string): string {
  return decodeURIComponent(new URL(path, import.meta.url).pathname);
}
