/**
 * Several machines that reach one server, and each other only through it: slaves of one master.
 *
 * ```
 *  +-----+ wan 10.1.1.1/24, fd01:1::1/64   10.1.1.2/24, fd01:1::2/64  in1 +--------+
 *  | ant |----------------------------------------------------------------|        |
 *  +-----+                                                                | server | 10.99.0.1 on lo
 *  | bee |----------------------------------------------------------------|        |
 *  +-----+ wan 10.1.2.1/24, fd01:2::1/64   10.1.2.2/24, fd01:2::2/64  in2 +--------+
 * ```
 *
 * The server forwards nothing unless a test makes it.
 *
 * @module
 */

import { BindlinkProcess } from "./bindlink_process.ts";
import { MasterFolder } from "./master_folder.ts";
import { type Namespace, NetworkLab } from "./namespace.ts";

/** Where every machine reaches the server. */
export const STAR_SERVER = "10.99.0.1";

/** Where the master is: what the tokens say. */
export const STAR_ENDPOINT = `${STAR_SERVER}:4000`;

/** One of the machines around the server. */
export interface StarMachine {
  readonly name: string;
  readonly namespace: Namespace;
  /** `--targets` for two links over its one cable. */
  readonly targets: string;
}

/** The machines, the server and a master's state directory. */
export class StarNetwork implements AsyncDisposable {
  readonly lab: NetworkLab;
  readonly server: Namespace;
  readonly machines: readonly StarMachine[];
  /** The master's state, still empty. */
  readonly state: MasterFolder;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    lab: NetworkLab,
    server: Namespace,
    machines: readonly StarMachine[],
    state: MasterFolder,
    stack: AsyncDisposableStack,
  ) {
    this.lab = lab;
    this.server = server;
    this.machines = machines;
    this.state = state;
    this.#stack = stack;
  }

  /** Builds it. @param names of the machines, each unique. */
  static async create(names: readonly string[]): Promise<StarNetwork> {
    await using stack = new AsyncDisposableStack();
    const lab = stack.use(new NetworkLab());
    const server = await lab.namespace("server");
    await server.addAddress("lo", `${STAR_SERVER}/32`);
    const machines: StarMachine[] = [];
    for (const [i, name] of names.entries()) {
      machines.push(await addMachine(lab, server, name, i + 1));
    }
    const state = stack.use(await MasterFolder.create());
    return new StarNetwork(lab, server, machines, state, stack.move());
  }

  /** Starts the master on port 4000. @param options added to its command line. */
  async startMaster(...options: readonly string[]): Promise<BindlinkProcess> {
    return await BindlinkProcess.start(
      this.server,
      this.state.masterArgs("--listen", "4000", ...options),
    );
  }

  /** Lets a machine in under its own name. @returns its token. */
  async invite({ name }: StarMachine): Promise<string> {
    return await this.state.invite(name, STAR_ENDPOINT);
  }

  /** Starts a slave with two links. @param options added to its command line. */
  async startSlave(
    { namespace, targets }: StarMachine,
    token: string,
    ...options: readonly string[]
  ): Promise<BindlinkProcess> {
    const args = this.state.slaveArgs(token, "--targets", targets, ...options);
    return await BindlinkProcess.start(namespace, args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function addMachine(
  lab: NetworkLab,
  server: Namespace,
  name: string,
  number: number,
): Promise<StarMachine> {
  const namespace = await lab.namespace(name);
  const addresses = (
    host: number,
  ): string[] => [`10.1.${number}.${host}/24`, `fd01:${number}::${host}/64`];
  await lab.cable(
    { namespace, device: "wan", addresses: addresses(1) },
    { namespace: server, device: `in${number}`, addresses: addresses(2) },
  );
  await namespace.addRoute(`${STAR_SERVER}/32`, `10.1.${number}.2`);
  return { name, namespace, targets: `${STAR_ENDPOINT},10.1.${number}.2:4000` };
}
