/**
 * The README's guide as a network: two phones at the addresses that it names, a server whose name it uses.
 *
 * ```
 *   laptop wlan0 192.168.43.20  ---- 192.168.43.1   phone 1 ---- server 203.0.113.5,
 *          usb0  192.168.42.20  ---- 192.168.42.129 phone 2 ---- server.example.com
 * ```
 *
 * Each phone has a SOCKS5 server on port 1080. Laptop and server hold the executable, in a folder of their own, and nothing of
 * bindlink's otherwise.
 *
 * @module
 */

import { BARE } from "./compiled_binary.ts";
import { Danted } from "./danted.ts";
import { type Namespace, NetworkLab } from "./namespace.ts";
import type { ProcessOptions, TestProcess } from "./process.ts";
import { TempDir } from "./temp_dir.ts";

const SERVER_IPV4 = "203.0.113.5";
const HOSTS = `127.0.0.1 localhost\n${SERVER_IPV4} server.example.com\n`;

const PHONES = [
  { device: "wlan0", network: "192.168.43", host: 1 },
  { device: "usb0", network: "192.168.42", host: 129 },
];

/** A machine on which somebody types what the README says. */
export class GuideMachine {
  readonly #namespace: Namespace;
  readonly #folder: TempDir;

  /** @param folder for the machine alone; the executable is put there */
  constructor(namespace: Namespace, folder: TempDir, binary: string) {
    this.#namespace = namespace;
    this.#folder = folder;
    Deno.mkdirSync(`${folder.path}/lib`);
    Deno.copyFileSync(binary, `${folder.path}/bindlink`);
    // Whoever reads the README is no root; a test is.
    Deno.writeTextFileSync(`${folder.path}/sudo`, '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  }

  /** Types a line, in the executable's folder; /var/lib is the machine's own. */
  type(line: string): TestProcess {
    return this.#namespace.spawn(["sh", "-c", this.#script(line)], this.#options);
  }

  /** Types a line and waits for its end. @returns its stdout */
  run(line: string): Promise<string> {
    return this.#namespace.run(["sh", "-c", this.#script(line)], this.#options);
  }

  get #options(): ProcessOptions {
    return { ...BARE, env: { PATH: `${this.#folder.path}:${BARE.env.PATH}` } };
  }

  /** The shell becomes the program, so that its signals reach it. A mount in a namespace's process is that process's own (ip-netns(8)). */
  #script(line: string): string {
    const { path } = this.#folder;
    return `mount --bind ${path}/lib /var/lib && cd ${path} && exec ${line}`;
  }
}

/** All of it. */
export class GuideNetwork implements AsyncDisposable {
  readonly laptop: GuideMachine;
  readonly server: GuideMachine;
  readonly #stack: AsyncDisposableStack;

  private constructor(laptop: GuideMachine, server: GuideMachine, stack: AsyncDisposableStack) {
    this.laptop = laptop;
    this.server = server;
    this.#stack = stack;
  }

  /** Builds it. @param binary the executable's path */
  static async create(binary: string): Promise<GuideNetwork> {
    await using stack = new AsyncDisposableStack();
    const folders = [stack.use(new TempDir()), stack.use(new TempDir())] as const;
    const lab = stack.use(new NetworkLab());
    const laptop = await lab.namespace("laptop");
    const server = await lab.namespace("server");
    await server.addAddress("lo", `${SERVER_IPV4}/32`);
    await laptop.writeEtc("hosts", HOSTS);
    for (const [i, { device, network, host }] of PHONES.entries()) {
      const phone = await lab.namespace(`phone${i + 1}`);
      await phone.writeEtc("hosts", HOSTS);
      const address = `${network}.${host}`;
      await lab.cable(
        { namespace: laptop, device, addresses: [`${network}.20/24`] },
        { namespace: phone, device: "near", addresses: [`${address}/24`] },
      );
      await lab.cable(
        { namespace: phone, device: "far", addresses: [`10.2.${i}.1/24`] },
        { namespace: server, device: `in${i}`, addresses: [`10.2.${i}.2/24`] },
      );
      await phone.addRoute(SERVER_IPV4, `10.2.${i}.2`);
      stack.use(await Danted.start(phone, { internal: [address], external: "far" }));
    }
    return new GuideNetwork(
      new GuideMachine(laptop, folders[0], binary),
      new GuideMachine(server, folders[1], binary),
      stack.move(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
