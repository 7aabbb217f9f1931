/**
 * The demo without root: phones, service and observer in this process, master and slave as real
 * processes, all on 127.0.0.1. In place of the tuns stands the tunnel's TCP stand-in:
 *
 * ```
 * TcpSink -> slave --listen-tcp -> phones -> master --connect-tcp -> TcpSource
 * ```
 *
 * @module
 */

import type { NetAddress } from "../../src/net_address.ts";
import { UdpSocket } from "../../src/linkmap/udp_socket.ts";
import { TestProcess } from "../../tests/support/process.ts";
import type { TunnelPair } from "../../tests/support/tunnel_pair.ts";
import { RunningPhone } from "./demo_phone.ts";
import { GoodputMeter } from "./goodput_meter.ts";
import { Observer } from "./observer.ts";
import { PHONES } from "./phones.ts";
import type { Report } from "./report.ts";
import { bindlinkCommand, checkAlive, inviteSlave, PROCESS_OPTIONS, type Stage } from "./stage.ts";
import { TcpSink, TcpSource } from "./tcp_transfer.ts";
import { UdpEcho } from "./udp_stream.ts";

const LOOPBACK = "127.0.0.1";

/** The demo on loopback. Made by {@link LoopbackStage.set}. */
export class LoopbackStage implements Stage {
  readonly phones = PHONES;
  readonly data = "one TCP transfer";
  // TCP hands its bytes out in order, so what waits for a lost packet comes in one lump.
  readonly smoothingMs = 2_500;
  report: Report | null = null;
  readonly #stack = new AsyncDisposableStack();
  readonly #meter = new GoodputMeter(performance.now());
  readonly #source = this.#stack.use(new TcpSource());
  readonly #echo = this.#stack.use(new UdpEcho(LOOPBACK, 0));
  readonly #phones = PHONES.map((phone) =>
    this.#stack.use(new RunningPhone(phone, { hostname: LOOPBACK, port: 0 }))
  );
  readonly #metricsPort = freeTcpPort();
  readonly #dataPort = freeTcpPort();
  readonly #pair: TunnelPair;
  readonly #master: TestProcess;
  #slave: TestProcess | null = null;
  #sink: TcpSink | null = null;

  private constructor(endpoint: string, pair: TunnelPair) {
    this.#pair = this.#stack.use(pair);
    this.#master = this.#stack.use(start(pair.masterArgs(
      ...["--listen", endpoint, "--metrics", "none"],
      ...["--connect-tcp", `${LOOPBACK}:${this.#source.address.port}`],
    )));
    this.#stack.use(
      new Observer({
        meter: this.#meter,
        metricsPort: this.#metricsPort,
        proxies: this.#phones.map((phone) => phone.address),
        echo: this.#echo.address,
        onReport: (report) => this.report = report,
      }),
    );
  }

  /** Builds it all up, all but the slave. @throws Error when the system refuses; nothing is left then. */
  static async set(): Promise<LoopbackStage> {
    const endpoint = `${LOOPBACK}:${freeUdpPort()}`;
    const stage = new LoopbackStage(endpoint, await inviteSlave(endpoint));
    try {
      await stage.#master.waitForLine(/Running as master/);
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
    return stage;
  }

  async useTunnel(phoneCount: number): Promise<void> {
    await this.#stopSlave();
    const proxies = this.#phones.slice(0, phoneCount).map(({ address }) => address.port);
    this.#slave = start(this.#pair.slaveArgs(
      ...["--proxies", proxies.map((port) => `${LOOPBACK}:${port}`).join(",")],
      ...["--listen-tcp", `${LOOPBACK}:${this.#dataPort}`],
      ...["--metrics", `${LOOPBACK}:${this.#metricsPort}`],
    ));
    const service: NetAddress = { hostname: LOOPBACK, port: this.#dataPort };
    this.#sink = new TcpSink(service, this.#meter);
  }

  cutPhone(place: number): void {
    this.#phones[place]?.cut();
  }

  check(): void {
    checkAlive("master", this.#master);
    if (this.#slave !== null) checkAlive("slave", this.#slave);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopSlave();
    await this.#stack.disposeAsync();
  }

  async #stopSlave(): Promise<void> {
    const slave = this.#slave;
    this.#slave = null;
    await this.#sink?.[Symbol.asyncDispose]();
    await slave?.stop();
  }
}

function start(args: readonly string[]): TestProcess {
  return new TestProcess(bindlinkCommand(args), PROCESS_OPTIONS);
}

/** A port that was free a moment ago. */
function freeUdpPort(): number {
  using socket = UdpSocket.bind({ hostname: LOOPBACK, port: 0 });
  return socket.localAddress.port;
}

/** A port that was free a moment ago. */
function freeTcpPort(): number {
  using listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  return listener.addr.port;
}
