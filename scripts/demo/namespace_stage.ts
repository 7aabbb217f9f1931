/**
 * The demo in network namespaces: five machines that exist only as long as it runs.
 *
 * ```
 *                10.77.1.0/24  +---------+  10.88.1.0/24
 *              +---------------| phone 1 |---------------+
 * +--------+   | 10.77.2.0/24  +---------+  10.88.2.0/24 |   +--------+
 * | laptop |---+---------------| phone 2 |---------------+---| server |
 * +--------+   | 10.77.3.0/24  +---------+  10.88.3.0/24 |   +--------+
 *   slave      +---------------| phone 3 |---------------+     master
 *   10.10.10.2                 +---------+                     10.10.10.1
 * ```
 *
 * The laptop has no way to the server but the phones' SOCKS5 servers: phones do not forward.
 *
 * @module
 */

import { type Namespace, NetworkLab } from "../../tests/support/namespace.ts";
import { TestProcess } from "../../tests/support/process.ts";
import { INNER_SLAVE, TunnelPair } from "../../tests/support/tunnel_pair.ts";
import { CUT_SIGNAL, READY } from "./agent.ts";
import { PHONES, sumRateBps } from "./phones.ts";
import type { Report } from "./report.ts";
import { megabits } from "./result.ts";
import { bindlinkCommand, checkAlive, denoRun, inviteSlave } from "./stage.ts";
import { PROCESS_OPTIONS, type Stage } from "./stage.ts";

/** The server's address in the net, which every phone reaches by its own cable. */
const SERVER = "203.0.113.1";
const MASTER_PORT = 4321;
const ECHO_PORT = 7;
const SOCKS_PORT = 1080;
const METRICS_PORT = 8080;
const DATA_PORT = 5201;

/**
 * What the source offers, as a multiple of all phones' rates: the same stream in all acts. Clearly above 1, or
 * nobody could see what the phones carry, and the scheduler would take longer to find out.
 */
const OFFER = 1.25;

/** The demo in namespaces. Made by {@link NamespaceStage.set}. */
export class NamespaceStage implements Stage {
  readonly phones = PHONES;
  readonly data = "a UDP stream of " + megabits(OFFER * sumRateBps(PHONES));
  readonly smoothingMs = 1_000;
  readonly #lab = new NetworkLab();
  readonly #processes = new Map<string, TestProcess>();
  #laptop: Namespace | null = null;
  #pair: TunnelPair | null = null;

  /** Builds it all up, all but the slave. @throws Error when the system refuses; nothing is left then. */
  static async set(): Promise<NamespaceStage> {
    const stage = new NamespaceStage();
    try {
      await stage.#build();
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
    return stage;
  }

  get report(): Report | null {
    const line = this.#processes.get("observer")?.stdout.at(-1);
    return line === undefined || line === READY ? null : JSON.parse(line);
  }

  async useTunnel(phoneCount: number): Promise<void> {
    if (this.#laptop === null || this.#pair === null) {
      throw new Error("Invariant: the stage is not set");
    }
    const running = this.#processes.get("slave");
    this.#processes.delete("slave");
    await running?.stop();
    const proxies = this.phones.slice(0, phoneCount).map((_, place) => proxyAddress(place)).join(
      ",",
    );
    const metrics = `127.0.0.1:${METRICS_PORT}`;
    this.#start(
      "slave",
      this.#laptop,
      bindlinkCommand(this.#pair.slaveArgs("--proxies", proxies, "--metrics", metrics)),
    );
  }

  cutPhone(place: number): void {
    this.#processes.get(this.phones[place]?.name ?? "")?.kill(CUT_SIGNAL);
  }

  check(): void {
    for (const [name, process] of this.#processes) checkAlive(name, process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
    await this.#lab[Symbol.asyncDispose]();
    await this.#pair?.[Symbol.asyncDispose]();
  }

  async #build(): Promise<void> {
    const laptop = await this.#lab.namespace("laptop");
    const server = await this.#lab.namespace("server");
    this.#laptop = laptop;
    await server.addAddress("lo", `${SERVER}/32`);
    for (const place of this.phones.keys()) await this.#addPhone(place, laptop, server);
    const endpoint = `${SERVER}:${MASTER_PORT}`;
    this.#pair = await inviteSlave(endpoint);
    this.#start(
      "master",
      server,
      bindlinkCommand(this.#pair.masterArgs("--listen", endpoint, "--metrics", "none")),
    );
    const proxies = this.phones.map((_, place) => proxyAddress(place));
    const observed = [DATA_PORT, METRICS_PORT, `${SERVER}:${ECHO_PORT}`, ...proxies].map(String);
    this.#start("observer", laptop, [...denoRun("laptop_main.ts"), ...observed]);
    const offered = [INNER_SLAVE, DATA_PORT, OFFER * sumRateBps(this.phones)].map(String);
    this.#start("source", server, [
      ...denoRun("server_main.ts"),
      ...[SERVER, `${ECHO_PORT}`, ...offered],
    ]);
    for (const [name, process] of this.#processes) {
      await process.waitForLine(name === "master" ? /Running as master/ : new RegExp(`^${READY}$`));
    }
  }

  async #addPhone(place: number, laptop: Namespace, server: Namespace): Promise<void> {
    const number = place + 1;
    const phone = await this.#lab.namespace(`phone${number}`);
    const wifi = { namespace: phone, device: "wifi", addresses: [`10.77.${number}.1/24`] };
    const cell = { namespace: phone, device: "cell", addresses: [`10.88.${number}.2/24`] };
    await this.#lab.cable(
      { namespace: laptop, device: `wifi${number}`, addresses: [`10.77.${number}.2/24`] },
      wifi,
    );
    await this.#lab.cable(
      { namespace: server, device: `net${number}`, addresses: [`10.88.${number}.1/24`] },
      cell,
    );
    await phone.addRoute(`${SERVER}/32`, `10.88.${number}.1`);
    this.#start(this.phones[place]!.name, phone, [
      ...denoRun("phone_main.ts"),
      ...[`${place}`, "0.0.0.0", `${SOCKS_PORT}`],
    ]);
  }

  #start(name: string, namespace: Namespace, command: readonly string[]): void {
    this.#processes.set(name, new TestProcess(namespace.command(command), PROCESS_OPTIONS));
  }
}

function proxyAddress(place: number): string {
  return `10.77.${place + 1}.1:${SOCKS_PORT}`;
}
