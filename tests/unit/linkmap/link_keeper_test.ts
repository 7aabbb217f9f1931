import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import type { DatagramSocket, Transport } from "../../../src/linkmap/datagram_socket.ts";
import { Link } from "../../../src/linkmap/link.ts";
import { LinkKeeper } from "../../../src/linkmap/link_keeper.ts";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import { createLinkOpener, type LinkOpener } from "../../../src/linkmap/link_opener.ts";
import type { LinkSpec } from "../../../src/linkmap/link_spec.ts";
import { FIRST_UDP_RETRY_MS } from "../../../src/linkmap/candidate_rotation.ts";
import { DEFAULT_LINK_SETTINGS } from "../../../src/multiplexer/link_settings.ts";
import { DropCounters } from "../../../src/wire/drop_reason.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { createSlots } from "../../support/datagram_rigs.ts";
import { type FakeDatagramSocket, FakeNetwork } from "../../support/fake_datagram_socket.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { Socks5Server } from "../../support/socks5_server.ts";

const TARGET = { host: "192.0.2.100", port: 4321 };

/** A link that is kept open over fake sockets; the test moves its clock and says when it was heard. */
class Rig implements AsyncDisposable {
  now = 0;
  lastHeardMs = Number.NEGATIVE_INFINITY;
  readonly logger = new RecordingLogger();
  /** Sockets so far, in order. */
  readonly opened: DatagramSocket[] = [];
  /** Ways so far, e.g. `udp 192.0.2.100:4321`. */
  readonly ways: string[] = [];
  /** Ways that cannot be opened. */
  readonly broken = new Set<Transport>();
  /** Addresses of this machine. */
  readonly addresses = new Set<string>();
  /** Indexes of the interfaces that there are. */
  readonly interfaces = new Map<string, number>();
  readonly link: Link;
  readonly keeper: LinkKeeper;
  readonly #network = new FakeNetwork();

  constructor(spec?: Partial<LinkSpec>, open?: LinkOpener) {
    this.link = new Link({ id: 3, name: "phone", isInitiator: true });
    const whole = {
      id: 3,
      name: "phone",
      targets: [TARGET],
      allowsTcp: true,
      proxy: null,
      settings: DEFAULT_LINK_SETTINGS,
      ...spec,
    };
    this.keeper = new LinkKeeper({
      link: this.link,
      spec: whole,
      open: open ?? this.#open,
      logger: this.logger,
      clock: () => this.now,
      rng: () => 0.5,
      lastHeardMs: () => this.lastHeardMs,
      askIntervalMs: () => 1_000,
      onOpen: () => {},
      onClosed: () => {},
      hasAddress: (hostname) => this.addresses.has(hostname),
      findInterface: (name) => this.interfaces.get(name) ?? null,
      pump: async (socket) => {
        this.opened.push(socket);
        const slots = createSlots(1);
        while (await socket.receive(slots) > 0);
      },
    });
  }

  /** Takes turns as the real opener does, over fake sockets. */
  readonly #open: LinkOpener = ({ targets }, { rotation, nowMs }) => {
    const endpoints = targets.map(({ host, port }) => `${host}:${port}`);
    const { index, endpoint, transport, alternatives } = rotation.next(endpoints, nowMs);
    this.ways.push(`${transport} ${endpoint}`);
    if (this.broken.has(transport)) {
      rotation.handleFailed();
      return Promise.reject(new Error(`No ${transport}`));
    }
    const socket: FakeDatagramSocket = this.#network.bind({
      hostname: "192.0.2.1",
      port: this.ways.length,
    });
    socket.transport = transport;
    const { host, port } = targets[index]!;
    return Promise.resolve({ socket, remote: { hostname: host, port }, transport, alternatives });
  };

  /** The socket number `index` (from 0) is open. */
  async opening(index: number): Promise<FakeDatagramSocket> {
    await awaitCondition(`socket ${index}`, () => this.opened.length > index, { intervalMs: 5 });
    return this.opened[index] as FakeDatagramSocket;
  }

  /** Moves the clock and lets the keeper look. */
  pass(ms: number): void {
    this.now += ms;
    this.keeper.checkSilence(this.now);
  }

  /** The master was heard just now. */
  hear(): void {
    this.lastHeardMs = this.now;
    this.keeper.checkSilence(this.now);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keeper.stop();
  }
}

Deno.test("LinkKeeper gives an unheard way three seconds while there are others", async () => {
  await using rig = new Rig();
  await rig.opening(0);
  rig.pass(2_999);
  assert.equal(rig.opened.length, 1);
  assert.notEqual(rig.link.socket, null);
  rig.pass(1);
  await rig.opening(1);
  assert.equal(rig.link.reconnects, 1);
});

Deno.test("LinkKeeper gives an unheard way ten seconds where there is no other", async () => {
  await using rig = new Rig({ allowsTcp: false });
  const socket = await rig.opening(0);
  rig.pass(9_999);
  assert.equal(rig.link.socket, socket);
  rig.pass(1);
  await rig.opening(1);
  assert.deepEqual(rig.ways, ["udp 192.0.2.100:4321", "udp 192.0.2.100:4321"]);
  assert.equal(rig.logger.count("warn Link down"), 1);
});

Deno.test("LinkKeeper goes over TCP when UDP was unheard twice, and says so once it is heard", async () => {
  await using rig = new Rig();
  await rig.opening(0);
  rig.pass(3_000);
  await rig.opening(1);
  rig.pass(3_000);
  await rig.opening(2);
  assert.deepEqual(rig.ways.map((way) => way.slice(0, 3)), ["udp", "udp", "tcp"]);
  const told = "warn Link goes over TCP: nothing comes over UDP";
  assert.equal(rig.logger.count(told), 0);
  rig.hear();
  rig.hear();
  assert.equal(rig.logger.count(told), 1);
  // Reopened, TCP comes first, and nothing is told again.
  rig.opened[2]!.close();
  await rig.opening(3);
  rig.hear();
  assert.equal(rig.ways[3]!.slice(0, 3), "tcp");
  assert.equal(rig.logger.count(told), 1);
});

Deno.test("LinkKeeper reopens first the target that was heard", async () => {
  const other = { host: "192.0.2.200", port: 4321 };
  await using rig = new Rig({ targets: [TARGET, other] });
  await rig.opening(0);
  rig.pass(3_000);
  const second = await rig.opening(1);
  rig.hear();
  second.fail(new Error("proxy restarted"));
  await rig.opening(2);
  assert.deepEqual(rig.ways, [
    "udp 192.0.2.100:4321",
    "udp 192.0.2.200:4321",
    "udp 192.0.2.200:4321",
  ]);
});

Deno.test("LinkKeeper leaves a working TCP connection after a minute where UDP was heard before, and tells when it is back", async () => {
  await using rig = new Rig();
  const udp = await rig.opening(0);
  rig.hear();
  rig.broken.add("udp");
  udp.fail(new Error("network gone"));
  const tcp = await rig.opening(1);
  assert.equal(tcp.transport, "tcp");
  rig.hear();
  rig.broken.clear();
  for (let passedMs = 0; passedMs < FIRST_UDP_RETRY_MS; passedMs += 5_000) {
    assert.equal(rig.link.socket, tcp, `after ${passedMs} ms`);
    rig.now += 5_000;
    rig.hear();
  }
  assert.equal((await rig.opening(2)).transport, "udp");
  rig.hear();
  assert.equal(rig.logger.count("info Link goes over UDP again"), 1);
  const downs = rig.logger.events.filter(({ properties }) =>
    properties["reason"] === "Trying UDP again"
  );
  assert.deepEqual(downs.map(({ text }) => text), ["debug Link down"]);
});

Deno.test("LinkKeeper tells once that the proxy refuses UDP, and keeps the link over TCP", async () => {
  await using server = Socks5Server.listen({ udp: "refuse" });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const proxy = { host: server.address.hostname, port: server.address.port };
  const spec = { proxy, targets: [{ host: "127.0.0.1", port }] };
  await using rig = new Rig(spec, createLinkOpener(new DropCounters(), UdpSocket.bind));
  for (const index of [0, 1]) {
    const far = await listener.accept();
    const socket = await rig.opening(index);
    assert.equal(rig.link.transport, "tcp");
    assert.equal(socket.label, `tcp via socks5 ${proxy.host}:${proxy.port}`);
    far.close();
  }
  const told = rig.logger.events.filter(({ text }) => text.startsWith("warn Link goes over TCP"));
  assert.deepEqual(told, [{
    text: "warn Link goes over TCP: the proxy refuses UDP",
    properties: { link: "phone", id: 3 },
  }]);
  assert.deepEqual(server.requests.map(({ command }) => command), [3, 1, 1]);
});

Deno.test("LinkKeeper tells that the proxy refuses UDP even where TCP does not get through", async () => {
  await using server = Socks5Server.listen({ udp: "refuse", connect: "refuse" });
  const proxy = { host: server.address.hostname, port: server.address.port };
  await using rig = new Rig({ proxy }, createLinkOpener(new DropCounters(), UdpSocket.bind));
  await awaitCondition("the link to be down", () => rig.logger.count("warn Link down") === 1);
  assert.match(rig.link.reason, /refused CONNECT: reply 7/);
  assert.equal(rig.logger.count("warn Link goes over TCP: the proxy refuses UDP"), 1);
});

Deno.test("LinkKeeper waits for an interface, leaves it when it is gone, and follows a new one of its name", async () => {
  await using rig = new Rig({ device: "usb7", allowsTcp: false });
  await awaitCondition("the first look", () => rig.link.reconnects > 0);
  assert.equal(rig.opened.length, 0);
  assert.equal(rig.logger.count("warn Link down"), 1);
  rig.interfaces.set("usb7", 12);
  await rig.opening(0);
  rig.pass(1_000);
  assert.equal(rig.opened.length, 1);
  rig.interfaces.delete("usb7");
  rig.pass(1_000);
  await awaitCondition("it is told", () => rig.link.reason === "Interface usb7 is gone");
  // Back between two looks it has another index, and is another interface.
  rig.interfaces.set("usb7", 13);
  await rig.opening(1);
  rig.interfaces.set("usb7", 14);
  rig.pass(1_000);
  await rig.opening(2);
});

Deno.test("LinkKeeper tries at once when the machine wakes, whatever it waited for", async () => {
  let tries = 0;
  await using rig = new Rig({}, () => {
    tries++;
    return Promise.reject(new Error("No network"));
  });
  await awaitCondition("three tries, so that the next wait is long", () => tries === 3);
  const startMs = performance.now();
  rig.keeper.wake(rig.now);
  await awaitCondition("another try", () => tries === 4, { intervalMs: 5 });
  const tookMs = performance.now() - startMs;
  assert(tookMs < 300, `${tookMs} ms`);
});

Deno.test("LinkKeeper opens anew what gets no answer in the second after the machine woke", async () => {
  await using rig = new Rig();
  await rig.opening(0);
  rig.hear();
  rig.now += 5_000;
  assert.equal(rig.keeper.wake(rig.now), rig.now + 1_000);
  rig.pass(999);
  assert.equal(rig.opened.length, 1);
  rig.pass(1);
  await rig.opening(1);
  assert.deepEqual(rig.ways, ["udp 192.0.2.100:4321", "udp 192.0.2.100:4321"], "the same way");
  assert.equal(rig.logger.count("warn Link down"), 0, "no news");
});

Deno.test("LinkKeeper leaves a link that answers after the machine woke", async () => {
  await using rig = new Rig();
  await rig.opening(0);
  rig.now += 5_000;
  rig.keeper.wake(rig.now);
  rig.now += 400;
  rig.hear();
  rig.pass(5_000);
  await Promise.resolve();
  assert.equal(rig.link.reconnects, 0);
});

Deno.test("LinkKeeper opens at once anew what had an address that is gone when the machine woke", async () => {
  await using rig = new Rig();
  const socket = await rig.opening(0);
  rig.hear();
  rig.addresses.add("192.0.2.1");
  socket.localHostname = "192.0.2.1";
  rig.keeper.wake(rig.now);
  assert.equal(rig.opened.length, 1);
  rig.addresses.clear();
  rig.keeper.wake(rig.now);
  await rig.opening(1);
});
