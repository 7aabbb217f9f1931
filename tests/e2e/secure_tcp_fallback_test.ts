/**
 * Links over TCP, where UDP does not get through.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { Danted } from "../support/danted.ts";
import { printFigures } from "../support/figures.ts";
import { Firewall } from "../support/firewall.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { Microsocks } from "../support/microsocks.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { PacketCapture } from "../support/packet_capture.ts";
import { PhoneNetwork, SERVER_IPV4 } from "../support/phone_network.ts";
import { ping, waitForPing } from "../support/ping.ts";
import { TcpCrowd } from "../support/tcp_crowd.ts";
import { TcpTransfer } from "../support/tcp_transfer.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

const DIRECT = `${SERVER_IPV4}:4000`;

/** How long a link may take that tries UDP twice first. */
const FALLBACK_TIMEOUT_MS = 30_000;

Deno.test({
  name: "through a proxy that refuses UDP a slave works by TCP, and says so",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 1 });
    const { laptop, server, phones } = network;
    await using _proxy = await Microsocks.start(phones[0]!.namespace);
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
    await slave.process.waitForLine(/WARN.*Link goes over TCP: the proxy refuses UDP.* id=1/);
    await master.process.waitForLine(/Link learned.* slave=laptop .* over=tcp/);
    await slave.waitForLinks([1]);
    await master.waitForLinks([1]);
    for (const daemon of [slave, master]) {
      assert.deepEqual(await transports(daemon), new Map([["1", "tcp"]]));
      const { status, body } = await daemon.namespace.fetchText("http://127.0.0.1:8080/healthz");
      assert.equal(status, 200);
      const health: { linkStates: { transport: string }[] } = JSON.parse(body);
      assert.deepEqual(health.linkStates.map((it) => it.transport), ["tcp"]);
    }
    await waitForPing(laptop, INNER_MASTER);
    assert.equal((await ping(laptop, INNER_MASTER, 100)).received, 100);
    await using transfer = await transferTo(server, laptop);
    await transfer.waitForMore(5_000_000);
    await transfer.finish();
  },
});

Deno.test({
  name:
    "where UDP is lost, on the way or behind a proxy that grants it, links work by TCP, unless that is forbidden",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2 });
    const { laptop, server, phones, pair } = network;
    const [router, granter] = [phones[0]!, phones[1]!];
    await laptop.addRoute(`${SERVER_IPV4}/32`, router.ipv4);
    await Firewall.raise(router.namespace, "forward", "meta l4proto udp drop");
    await using _proxy = await Danted.start(granter.namespace, {
      internal: [granter.ipv4],
      external: "far",
      allowsTcp: true,
    });
    await Firewall.raise(granter.namespace, "input", "meta l4proto udp drop");
    const neighbour = await addNeighbour(network);
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    const otherToken = await pair.state.invite("neighbour", DIRECT);
    await using capture = await PacketCapture.start(neighbour, "wan", "udp or tcp");

    const startedMs = performance.now();
    const links = ["--proxies", `${granter.ipv4}:1080`, "--targets", DIRECT];
    await using slave = await BindlinkProcess.start(laptop, pair.slaveArgs(...links));
    await using udpOnly = await BindlinkProcess.start(
      neighbour,
      pair.state.slaveArgs(otherToken, "--no-tcp-fallback"),
    );
    await waitForPing(laptop, INNER_MASTER, FALLBACK_TIMEOUT_MS);
    printFigures("UDP lost on the way", { "by TCP after": secondsSince(startedMs) });
    for (const id of [1, 2]) {
      const told = new RegExp(`WARN.*Link goes over TCP: nothing comes over UDP.* id=${id}`);
      await slave.process.waitForLine(told, FALLBACK_TIMEOUT_MS);
    }
    await slave.waitForLinks([1, 2]);
    printFigures("UDP lost on the way", { "both links by TCP after": secondsSince(startedMs) });
    assert.deepEqual(await transports(slave), new Map([["1", "tcp"], ["2", "tcp"]]));
    await using transfer = await transferTo(server, laptop);
    await transfer.waitForMore(5_000_000);
    await transfer.finish();

    const down = /WARN.*Link down.* id=1 .*Nothing heard from 10\.99\.0\.1:4000/;
    await udpOnly.process.waitForLine(down, FALLBACK_TIMEOUT_MS);
    assert.deepEqual(await udpOnly.linksUp(), []);
    await capture.finish();
    const { udp, tcp } = await countProtocols(capture);
    assert(udp > 0, "it has not tried");
    assert.equal(tcp, 0);
  },
});

Deno.test({
  name: "one link over UDP and one over TCP carry a tunnel, which outlives either",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2, ratesBps: [20e6, 20e6] });
    const { laptop, server, phones } = network;
    await laptop.addRoute(`${SERVER_IPV4}/32`, phones[1]!.ipv4);
    await using stack = new AsyncDisposableStack();
    const proxy = stack.use(await Microsocks.start(phones[0]!.namespace));
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(
      laptop,
      network.pair.slaveArgs("--proxies", `${phones[0]!.ipv4}:1080`, "--targets", DIRECT),
    );
    await slave.waitForLinks([1, 2]);
    await master.waitForLinks([1, 2]);
    assert.deepEqual(await transports(slave), new Map([["1", "tcp"], ["2", "udp"]]));

    // Neither suffices alone.
    const before = await slave.metricBy("bindlink_link_sent_bytes_total", "id");
    {
      await using _iperf = await Iperf3Server.start(server);
      await runIperf3(laptop, { host: INNER_MASTER, seconds: 3, streams: 4 });
    }
    const after = await slave.metricBy("bindlink_link_sent_bytes_total", "id");
    const sent = [...after].map(([id, bytes]) => bytes - before.get(id)!);
    const total = sent.reduce((sum, bytes) => sum + bytes, 0);
    printFigures("one link over TCP, one over UDP", {
      shares: sent.map((bytes) => `${(100 * bytes / total).toFixed(0)} %`).join(" and "),
    });
    assert(sent.every((bytes) => bytes > 0.2 * total), `${sent} bytes`);

    await using transfer = await transferTo(server, laptop);
    await transfer.waitForMore(1_000_000);
    await proxy.stop();
    await slave.waitForLinks([2]);
    await transfer.waitForMore(1_000_000);
    stack.use(await Microsocks.start(phones[0]!.namespace));
    await slave.waitForLinks([1, 2]);
    await Firewall.raise(phones[1]!.namespace, "forward", "meta l4proto udp drop");
    await slave.waitForLinks([1]);
    await transfer.waitForMore(1_000_000);
    await transfer.finish();
  },
});

Deno.test({
  name: "200 connections of strangers keep neither a slave out nor a link down",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2 });
    const { laptop, server, phones } = network;
    const stranger = phones[1]!.namespace;
    await using _proxy = await Microsocks.start(phones[0]!.namespace);
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    const filesBefore = master.process.openFiles();
    await using crowd = await TcpCrowd.start(stranger, DIRECT, 200);
    const overTcp = network.pair.slaveArgs("--proxies", `${phones[0]!.ipv4}:1080`);
    const startedMs = performance.now();
    await using slave = await BindlinkProcess.start(laptop, overTcp);
    await waitForPing(laptop, INNER_MASTER);
    printFigures("200 strangers", {
      "a slave is in after": secondsSince(startedMs),
      "connections so far": String(crowd.opened),
    });
    const seen = crowd.opened;
    const { received } = await ping(laptop, INNER_MASTER, 100);
    assert(received > 95, `${received} of 100 pings`);
    assert(crowd.opened > seen, "the crowd has gone home");
    assert.deepEqual(await slave.linksUp(), ["1"]);
    assert.deepEqual(await transports(slave), new Map([["1", "tcp"]]));
    // 64 strangers, those on their way in and out, and the slave.
    const files = master.process.openFiles() - filesBefore;
    assert(files < 150, `${files} more files`);
    assert(await master.drops("bad_framing") > 0);
    // None of them is worth a line.
    assert.deepEqual(
      master.process.stderr.filter((line) => /10\.2\.2\.1|WARN|ERROR/.test(line)),
      [],
    );
  },
});

function secondsSince(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
}

/** Each link's transport, by its id. */
async function transports(daemon: BindlinkProcess): Promise<ReadonlyMap<string, string>> {
  const overTcp = await daemon.metricBy("bindlink_link_over_tcp", "id");
  return new Map([...overTcp].map(([id, value]) => [id, value === 1 ? "tcp" : "udp"]));
}

/** A transfer from the laptop to the server, through the tunnel. */
async function transferTo(server: Namespace, laptop: Namespace): Promise<TcpTransfer> {
  const listen = { host: INNER_MASTER, port: 7000 };
  return await TcpTransfer.start({ from: laptop, to: server, listen });
}

/** Another machine behind the first phone. */
async function addNeighbour({ lab, server, phones }: PhoneNetwork): Promise<Namespace> {
  const neighbour = await lab.namespace("neighbour");
  await lab.cable(
    { namespace: neighbour, device: "wan", addresses: ["10.3.1.1/24"] },
    { namespace: phones[0]!.namespace, device: "near2", addresses: ["10.3.1.2/24"] },
  );
  await neighbour.addRoute(`${SERVER_IPV4}/32`, "10.3.1.2");
  await server.addRoute("10.3.1.0/24", "10.2.1.1");
  return neighbour;
}

/** Frames of an Ethernet capture over IPv4, by protocol. */
async function countProtocols(
  capture: PacketCapture,
): Promise<{ readonly udp: number; readonly tcp: number }> {
  // Behind 14 bytes of Ethernet the tenth of IPv4 (RFC 791 §3.1).
  const protocols = (await capture.frames()).map((frame) => frame[14 + 9]);
  const count = (protocol: number): number => protocols.filter((it) => it === protocol).length;
  return { udp: count(17), tcp: count(6) };
}
