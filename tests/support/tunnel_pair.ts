/**
 * What the two ends of a test's tunnel are started with. With the secure protocol there are a state
 * directory and a slave that was invited into it; with the legacy one its name suffices. The inner
 * addresses are the same with both.
 *
 * @module
 */

import type { BindlinkOptions } from "./bindlink_process.ts";
import { MasterFolder } from "./master_folder.ts";

/** What is spoken on the links. */
export type TunnelProtocol = "secure" | "legacy";

/** The master's address in the tunnel. */
export const INNER_MASTER = "10.10.10.1";
/** The first slave's. */
export const INNER_SLAVE = "10.10.10.2";
/** The largest packet in the tunnel when no option says otherwise, in bytes; with both protocols. */
export const INNER_MTU_BYTES = 1_340;
/** The first slave's name, with the secure protocol. */
export const SLAVE_NAME = "laptop";

/** What a tunnel is like. */
export interface TunnelPairOptions {
  /** Secure by default. */
  readonly protocol?: TunnelProtocol | undefined;
  /** How `invite` is run; from source by default. */
  readonly invite?: BindlinkOptions | undefined;
}

/** Command lines for both ends. */
export class TunnelPair implements AsyncDisposable {
  readonly protocol: TunnelProtocol;
  readonly #secure: { readonly state: MasterFolder; readonly token: string } | null;

  private constructor(secure: { readonly state: MasterFolder; readonly token: string } | null) {
    this.protocol = secure === null ? "legacy" : "secure";
    this.#secure = secure;
  }

  /** Makes it. @param endpoint `HOST:PORT` of the master, for the token. */
  static async create(endpoint: string, options: TunnelPairOptions = {}): Promise<TunnelPair> {
    if (options.protocol === "legacy") return new TunnelPair(null);
    await using stack = new AsyncDisposableStack();
    const state = stack.use(await MasterFolder.create(options.invite));
    const token = await state.invite(SLAVE_NAME, endpoint);
    stack.move();
    return new TunnelPair({ state, token });
  }

  /** The master's state, for further slaves. @throws Error with the legacy protocol. */
  get state(): MasterFolder {
    return this.#needSecure().state;
  }

  /** The first slave's token. @throws Error with the legacy protocol. */
  get token(): string {
    return this.#needSecure().token;
  }

  /** A master's command line. @param options added at its end. */
  masterArgs(...options: readonly string[]): string[] {
    return this.#secure === null
      ? ["master", "--protocol", "legacy", ...options]
      : this.#secure.state.masterArgs(...options);
  }

  /** The slave's command line. @param options added at its end: its links, with the legacy protocol. */
  slaveArgs(...options: readonly string[]): string[] {
    return this.#secure === null
      ? ["slave", "--protocol", "legacy", ...options]
      : this.#secure.state.slaveArgs(this.#secure.token, ...options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#secure?.state[Symbol.asyncDispose]();
  }

  #needSecure(): { readonly state: MasterFolder; readonly token: string } {
    if (this.#secure === null) throw new Error("Invariant: the legacy protocol has no state");
    return this.#secure;
  }
}
