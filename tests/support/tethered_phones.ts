/**
 * Phones tethered by USB, as a laptop sees them: each is a router of the same model, so all give it the same subnet, and its routing table
 * prefers one of them.
 *
 * ```
 *   laptop  usb0 192.168.42.10/24 ---- 192.168.42.1 phone 1 (NAT) 10.2.1.1 ---- 10.2.1.2 server, 10.99.0.1
 *           usb1 192.168.42.11/24 ---- 192.168.42.1 phone 2 (NAT) 10.2.2.1 ---- 10.2.2.2
 * ```
 *
 * @module
 */

import { type Namespace, NetworkLab } from "./namespace.ts";
import { TunnelPair } from "./tunnel_pair.ts";

const SERVER = "10.99.0.1";
const GATEWAY = "192.168.42.1";

/** Laptop, phones and server. */
export class TetheredPhones implements AsyncDisposable {
  readonly laptop: Namespace;
  readonly server: Namespace;
  readonly pair: TunnelPair;
  readonly #lab: NetworkLab;
  readonly #phones: readonly Namespace[];
  readonly #rateBps: number;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: Pick<TetheredPhones, "laptop" | "server" | "pair">,
    { lab, phones, rateBps, stack }: {
      readonly lab: NetworkLab;
      readonly phones: readonly Namespace[];
      readonly rateBps: number;
      readonly stack: AsyncDisposableStack;
    },
  ) {
    this.laptop = parts.laptop;
    this.server = parts.server;
    this.pair = parts.pair;
    this.#lab = lab;
    this.#phones = phones;
    this.#rateBps = rateBps;
    this.#stack = stack;
  }

  /** Builds it; no phone is plugged in. @param rateBps of each phone, both ways */
  static async create(count: number, rateBps: number): Promise<TetheredPhones> {
    await using stack = new AsyncDisposableStack();
    const lab = stack.use(new NetworkLab());
    const laptop = await lab.namespace("laptop");
    const server = await lab.namespace("server");
    await server.addAddress("lo", `${SERVER}/32`);
    const phones: Namespace[] = [];
    for (let n = 1; n <= count; n++) phones.push(await addPhone(lab, server, n, rateBps));
    const pair = stack.use(await TunnelPair.create(`${SERVER}:4000`));
    const parts = { laptop, server, pair };
    return new TetheredPhones(parts, { lab, phones, rateBps, stack: stack.move() });
  }

  /** Name of the interface that a phone is in the laptop. @param index from 0 */
  static device(index: number): string {
    return `usb${index}`;
  }

  /** A phone, which answers on 192.168.42.1 once it is plugged in. @param index from 0 */
  phone(index: number): Namespace {
    return this.#phones[index]!;
  }

  /** A phone is plugged in: the laptop gets an address and a default route from it. */
  async plugIn(index: number): Promise<void> {
    const { laptop } = this;
    const device = TetheredPhones.device(index);
    const rate = { rateBps: this.#rateBps };
    await this.#lab.cable(
      { namespace: laptop, device, addresses: [`192.168.42.${10 + index}/24`] },
      { namespace: this.#phones[index]!, device: "tether", addresses: [`${GATEWAY}/24`], ...rate },
    );
    const metric = String(100 * (1 + index));
    const route = ["ip", "route", "add", "default", "via", GATEWAY, "dev", device];
    await laptop.run([...route, "metric", metric]);
  }

  /** It is unplugged: its interface is gone. */
  async unplug(index: number): Promise<void> {
    await this.laptop.run(["ip", "link", "del", TetheredPhones.device(index)]);
  }

  /** Bytes that the laptop has sent by a phone's interface. */
  sentBytes(index: number): Promise<number> {
    return this.#countOf(index, "tx_bytes");
  }

  /** Bytes that have come to the laptop by it. */
  receivedBytes(index: number): Promise<number> {
    return this.#countOf(index, "rx_bytes");
  }

  async #countOf(index: number, counter: string): Promise<number> {
    const path = `/sys/class/net/${TetheredPhones.device(index)}/statistics/${counter}`;
    return Number(await this.laptop.run(["cat", path]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function addPhone(
  lab: NetworkLab,
  server: Namespace,
  n: number,
  rateBps: number,
): Promise<Namespace> {
  const phone = await lab.namespace(`phone${n}`);
  await lab.cable(
    { namespace: phone, device: "far", addresses: [`10.2.${n}.1/24`], rateBps },
    { namespace: server, device: `in${n}`, addresses: [`10.2.${n}.2/24`] },
  );
  await phone.run(["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"]);
  await phone.addRoute(`${SERVER}/32`, `10.2.${n}.2`);
  const chain = "type nat hook postrouting priority 100; oifname far masquerade;";
  await phone.run(["nft", `table ip tether {\nchain out { ${chain} }\n}`]);
  return phone;
}
