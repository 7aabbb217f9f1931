/**
 * A master's state directory for a test, and the commands that work on it, as real processes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BINDLINK_FROM_SOURCE, type BindlinkOptions } from "./bindlink_process.ts";
import { runProgram } from "./process.ts";

/** The network of the inner addresses; the master has the first, slaves get the next ones in turn. */
export const INNER_POOL = "10.10.10.0/24";

/** What `bindlink slaves --json` says of one; the part that tests look at. */
export interface ListedSlave {
  readonly name: string;
  /** Inner addresses: one IPv4, then one IPv6; none of a revoked slave. */
  readonly addresses: readonly string[];
  readonly state: "connected" | "away" | "revoked";
  readonly linksUp: number;
  readonly receivedBytes: number;
}

/** A state directory in a temporary folder. */
export class MasterFolder implements AsyncDisposable {
  /** Where the master keeps its key and its slaves. */
  readonly stateDir: string;
  readonly #folder: string;
  readonly #options: BindlinkOptions;

  private constructor(folder: string, options: BindlinkOptions) {
    this.#folder = folder;
    this.stateDir = `${folder}/master`;
    this.#options = options;
  }

  /** Makes one, empty: the first command that uses it makes the key. @param options how the commands are run. */
  static async create(options: BindlinkOptions = {}): Promise<MasterFolder> {
    return new MasterFolder(await Deno.makeTempDir({ prefix: "bindlink-state-" }), options);
  }

  /** Where the slaves keep what they joined. */
  get slaveStateDir(): string {
    return `${this.#folder}/slave`;
  }

  /** A master's command line. @param options added at its end. */
  masterArgs(...options: readonly string[]): string[] {
    return ["master", "--state-dir", this.stateDir, "--pool", INNER_POOL, ...options];
  }

  /** The command line of a slave with this token. @param options added at its end. */
  slaveArgs(token: string, ...options: readonly string[]): string[] {
    return ["slave", "--state-dir", this.slaveStateDir, "--token", token, ...options];
  }

  /** `bindlink invite`. @returns the token. @throws Error with all it said when it fails. */
  async invite(name: string, ...endpoints: readonly string[]): Promise<string> {
    const named = endpoints.flatMap((endpoint) => ["--endpoint", endpoint]);
    const stdout = await this.run("invite", name, ...named);
    const token = stdout.trim();
    assert.match(token, /^\S+$/, "invite prints the token alone");
    return token;
  }

  /** `bindlink slaves`, in the order they were invited. */
  async listSlaves(): Promise<readonly ListedSlave[]> {
    return JSON.parse(await this.run("slaves", "--json"));
  }

  /** Runs a command on the directory to its end. @returns its stdout. @throws Error with all it said when it fails. */
  async run(command: string, ...args: readonly string[]): Promise<string> {
    const { program = BINDLINK_FROM_SOURCE, ...options } = this.#options;
    return await runProgram([...program, command, ...args, "--state-dir", this.stateDir], options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}
