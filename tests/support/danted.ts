/**
 * Dante (danted, Debian's dante-server): a real SOCKS5 proxy, in a namespace.
 *
 * With a password it checks system users. Programs in a namespace see that namespace's own
 * /etc/passwd and /etc/shadow (ip-netns(8)), so no user is added to this machine.
 *
 * @module
 */

import { awaitCondition } from "./await_condition.ts";
import type { Namespace } from "./namespace.ts";
import { runProgram, type TestProcess } from "./process.ts";

/** How a proxy is set up. */
export interface DantedOptions {
  /** Addresses on which clients come. An interface's name would include link-local ones, which danted cannot bind. */
  readonly internal: readonly string[];
  /** Interface (or address) by which targets are reached. */
  readonly external: string;
  /** Port for clients; 1080 by default. */
  readonly port?: number;
  /** Whether CONNECT is done, too; only UDP ASSOCIATE by default. */
  readonly allowsTcp?: boolean;
  /** When given, clients must have them. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** A running danted. */
export class Danted implements AsyncDisposable {
  readonly #namespace: Namespace;
  readonly #options: DantedOptions;
  readonly #folder: string;
  #process: TestProcess | null = null;

  private constructor(namespace: Namespace, options: DantedOptions, folder: string) {
    this.#namespace = namespace;
    this.#options = options;
    this.#folder = folder;
  }

  /** Writes the configuration and starts it; resolves when it listens. */
  static async start(namespace: Namespace, options: DantedOptions): Promise<Danted> {
    const folder = await Deno.makeTempDir({ prefix: "bindlink-danted-" });
    const danted = new Danted(namespace, options, folder);
    try {
      await Deno.writeTextFile(`${folder}/danted.conf`, configuration(options));
      if (options.credentials !== undefined) await addUser(namespace, options.credentials);
      await danted.restart();
      return danted;
    } catch (error) {
      await danted[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What it wrote in its present life. */
  get output(): string {
    return this.#process?.output ?? "";
  }

  /**
   * Kills it and its children, without a word to anybody. (In order it would wait for its clients;
   * its children outlive it as long as they have one.)
   */
  async stop(): Promise<void> {
    await this.#process?.crash();
    this.#process = null;
  }

  /** Starts it, again if it runs. */
  async restart(): Promise<void> {
    await this.stop();
    const files = ["-f", `${this.#folder}/danted.conf`, "-p", `${this.#folder}/pid`];
    const process = this.#namespace.spawn(["danted", ...files]);
    this.#process = process;
    const isListening = (): boolean => process.isTcpPortListening(this.#options.port ?? 1080);
    await awaitCondition("danted to listen", () => process.ended !== null || isListening(), {
      intervalMs: 20,
      detail: () => process.output,
    });
    if (process.ended !== null) throw new Error(`Cannot start danted:\n${process.output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** danted.conf(5). Without `udpreply` in the last block associations succeed and every answer is dropped. */
function configuration(options: DantedOptions): string {
  const { internal, external, port = 1080, allowsTcp = false, credentials } = options;
  return `
logoutput: stderr
${internal.map((address) => `internal: ${address} port = ${port}`).join("\n")}
external: ${external}
clientmethod: none
socksmethod: ${credentials === undefined ? "none" : "username"}
user.privileged: root
user.unprivileged: nobody
client pass { from: 0/0 to: 0/0 }
socks pass {
  from: 0/0 to: 0/0
  command: udpassociate udpreply
  protocol: udp
}
${allowsTcp ? TCP_RULE : ""}`;
}

/** Each of its parts wants a line of its own. */
const TCP_RULE = `
socks pass {
  from: 0/0 to: 0/0
  command: connect
  protocol: tcp
}
`;

/** A user in the namespace's own copies of the user database. */
async function addUser(
  namespace: Namespace,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<void> {
  // By crypt(3), SHA-512; perl is part of every Debian.
  const hash = await runProgram(
    ["perl", "-e", 'print crypt($ENV{P}, q($6$bindlink$)), "\\n"'],
    { env: { P: password } },
  );
  const passwd = await Deno.readTextFile("/etc/passwd");
  const shadow = await Deno.readTextFile("/etc/shadow");
  await namespace.writeEtc("passwd", `${passwd}${username}:x:65000:65000::/:/usr/sbin/nologin\n`);
  await namespace.writeEtc("shadow", `${shadow}${username}:${hash}:19000::::::\n`, 0o600);
}
