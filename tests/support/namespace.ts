/**
 * Network namespaces: machines that a test invents, wires together and throws away.
 *
 * Nothing is made outside of them: cables are laid from namespace to namespace, so addresses and
 * interface names never meet those of the host or of another run, and a namespace takes all of
 * itself along when it is deleted. Names hold the process id and a counter.
 *
 * ```
 *   +--------+ up1      net0 +--------+ net1      wan +--------+
 *   | laptop |---------------| phone  |---------------| server |
 *   +--------+ 10.1.0.1/24   +--------+   10.2.0.0/24 +--------+
 * ```
 *
 * @module
 */

import { NamespaceReaper } from "./namespace_reaper.ts";
import { type ProcessOptions, runProgram, TestProcess } from "./process.ts";
import { whyNoNamespaces } from "./requirements.ts";

/** Tests that use namespaces say `ignore: !canUseNamespaces()`; {@link whyNoNamespaces} says why not. */
export function canUseNamespaces(): boolean {
  return whyNoNamespaces() === null;
}

/** One end of a cable. */
export interface CableEnd {
  readonly namespace: Namespace;
  /** Name of the interface inside the namespace. */
  readonly device: string;
  /** Addresses with prefix length, IPv4 or IPv6. */
  readonly addresses?: readonly string[];
  /** Limits what leaves this end, in bits per second; unlimited by default. */
  readonly rateBps?: number;
}

let serial = 0;

/** Namespaces that come and go together. */
export class NetworkLab implements AsyncDisposable {
  readonly #prefix = `bl${Deno.pid}-${serial++}`;
  readonly #reaper = new NamespaceReaper();

  /** Makes a machine with nothing but `lo`, up. @param name unique in the lab. */
  async namespace(name: string): Promise<Namespace> {
    const fullName = `${this.#prefix}-${name}`;
    // First: what is made must be cleaned up even if we die on the next line.
    await this.#reaper.watch(fullName);
    await runProgram(["ip", "netns", "add", fullName]);
    const namespace = new Namespace(fullName);
    await namespace.run(["ip", "link", "set", "lo", "up"]);
    return namespace;
  }

  /** Lays a cable between two machines, both ends up. */
  async cable(a: CableEnd, b: CableEnd): Promise<void> {
    const peer = ["peer", "name", b.device, "netns", b.namespace.name];
    await runProgram(
      ["ip", "-n", a.namespace.name, "link", "add", a.device, "type", "veth", ...peer],
    );
    for (const { namespace, device, addresses = [], rateBps } of [a, b]) {
      for (const address of addresses) await namespace.addAddress(device, address);
      await namespace.setLink(device, "up");
      if (rateBps !== undefined) await namespace.limitRate(device, rateBps);
    }
  }

  /** Ends all that still runs in the namespaces and deletes them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reaper.reap();
  }
}

/** One machine. */
export class Namespace {
  /** Name as `ip netns` knows it. */
  readonly name: string;

  /** For {@link NetworkLab} only. */
  constructor(name: string) {
    this.name = name;
  }

  /** The command that runs a command inside. It becomes that command: same process id. */
  command(command: readonly string[]): string[] {
    return ["ip", "netns", "exec", this.name, ...command];
  }

  /** Starts a program inside. Whoever starts it stops it; the lab only makes sure. */
  spawn(command: readonly string[], options: ProcessOptions = {}): TestProcess {
    return new TestProcess(this.command(command), options);
  }

  /** Starts a tool inside that prints "ready" once it is, and ends when its stdin does; resolves then. */
  async spawnReady(command: readonly string[]): Promise<TestProcess> {
    const process = this.spawn(command, { stdin: "piped" });
    try {
      await process.waitForLine(/^ready$/);
    } catch (error) {
      await process.stop();
      throw error;
    }
    return process;
  }

  /** Runs a program inside to its end. @returns its stdout. @throws Error when it fails. */
  async run(command: readonly string[], options: ProcessOptions = {}): Promise<string> {
    return await runProgram(this.command(command), options);
  }

  /** Gives an interface an address with prefix length. IPv6 is usable at once: duplicates are not looked for. */
  async addAddress(device: string, address: string): Promise<void> {
    const noWait = address.includes(":") ? ["nodad"] : [];
    await this.#ip(["address", "add", address, "dev", device, ...noWait]);
  }

  /** Takes an address away. */
  async removeAddress(device: string, address: string): Promise<void> {
    await this.#ip(["address", "del", address, "dev", device]);
  }

  /** Sends a destination (a prefix, an address, or `default`) by a gateway. */
  async addRoute(destination: string, via: string): Promise<void> {
    await this.#ip(["route", "add", destination, "via", via]);
  }

  /** Pulls the cable out, or puts it in. */
  async setLink(device: string, state: "up" | "down"): Promise<void> {
    await this.#ip(["link", "set", device, state]);
  }

  /**
   * Limits what leaves by an interface: a token bucket (tc-tbf(8)) with a queue of 50 ms, like a
   * phone's that is not bloated. @param rateBps bits per second, on the wire.
   */
  async limitRate(device: string, rateBps: number): Promise<void> {
    const queue = ["burst", "16kb", "latency", "50ms"];
    await this.run(
      ["tc", "qdisc", "replace", "dev", device, "root", "tbf", "rate", `${rateBps}bit`, ...queue],
    );
  }

  /** Whether an interface exists. */
  async hasDevice(device: string): Promise<boolean> {
    const names = await this.run(["ls", "/sys/class/net"]);
    return names.split("\n").includes(device);
  }

  /**
   * Puts a file into /etc as programs started inside from now on see it (ip-netns(8)); those that
   * run already see a change when they saw an earlier version of the file.
   */
  async writeEtc(name: string, text: string, mode = 0o644): Promise<void> {
    const folder = `/etc/netns/${this.name}`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/${name}`, text, { mode });
  }

  /**
   * Asks an HTTP server inside, over IPv4, for a text that ends with a line feed. By bash's own /dev/tcp: no further program is needed, and a
   * look at a counter costs milliseconds. @returns status and body. @throws Error when nobody answers.
   */
  async fetchText(url: string): Promise<{ readonly status: number; readonly body: string }> {
    const { hostname, port, pathname } = new URL(url);
    const script = 'exec 3<>"/dev/tcp/$1/$2" && ' +
      'printf "GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n" "$3" "$1" >&3 && cat <&3';
    const answer = await this.run(
      ["timeout", "5", "bash", "-c", script, "bash", hostname, port || "80", pathname],
    );
    const headEnd = answer.indexOf("\r\n\r\n");
    const status = Number(/^HTTP\/1\.[01] (\d+)/.exec(answer)?.[1]);
    return { status, body: `${answer.slice(headEnd + 4)}\n` };
  }

  async #ip(args: readonly string[]): Promise<void> {
    await runProgram(["ip", "-n", this.name, ...args]);
  }
}
