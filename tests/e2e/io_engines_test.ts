/**
 * Each engine speaks with each: what one leaves to the other's kernel, and sends as a run, arrives as any other packet does.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { printFigures } from "../support/figures.ts";
import { innerIpv6Of } from "../support/inner_ipv6.ts";
import { Iperf3Server } from "../support/iperf3.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { ping, waitForPing } from "../support/ping.ts";
import { TcpTransfer } from "../support/tcp_transfer.ts";
import { INNER_MASTER, INNER_MTU_BYTES, INNER_SLAVE } from "../support/tunnel_pair.ts";

const ENGINES = ["deno", "ffi"] as const;

/** Of each transfer. */
const TRANSFER_BYTES = 5e6;

/** Small packets, as of a call. */
const UDP_BPS = 5e6;
const UDP_BYTES = 200;

for (const master of ENGINES) {
  for (const slave of ENGINES) {
    Deno.test({
      name: `a master with --io ${master} and a slave with --io ${slave} carry all there is`,
      ignore: !canUseNamespaces(),
      fn: () => carryAll(master, slave),
    });
  }
}

async function carryAll(masterIo: string, slaveIo: string): Promise<void> {
  await using network = await DirectNetwork.create({ cables: 2 });
  const { laptop, server } = network;
  await using master = await BindlinkProcess.start(server, [
    ...network.masterArgs,
    ...["--io", masterIo],
  ]);
  await using slave = await BindlinkProcess.start(laptop, [
    ...network.slaveArgs,
    ...["--io", slaveIo],
  ]);
  assert.match(master.process.output, new RegExp(`Running as.* io=${masterIo}\\b`));
  assert.match(slave.process.output, new RegExp(`Running as.* io=${slaveIo}\\b`));
  await slave.waitForLinks([1, 2]);
  await waitForPing(laptop, INNER_MASTER);
  for (const payloadBytes of [56, INNER_MTU_BYTES - 28]) {
    const { sent, received } = await ping(laptop, INNER_MASTER, 20, payloadBytes);
    assert.equal(received, sent, `pings of ${payloadBytes} bytes`);
  }
  const megabytes = {
    up: await transfer(laptop, server, INNER_MASTER),
    down: await transfer(server, laptop, INNER_SLAVE),
    "up, IPv6": await transfer(laptop, server, await innerIpv6Of(server)),
    "down, IPv6": await transfer(server, laptop, await innerIpv6Of(laptop)),
  };
  let lostPkts = await lostUdpPkts(laptop, server);
  // iperf3's own socket loses some on a machine that is busy with other things: not three times.
  for (let tries = 1; tries < 3 && lostPkts > 0; tries++) {
    lostPkts = await lostUdpPkts(laptop, server);
  }
  printFigures(`master ${masterIo}, slave ${slaveIo}`, {
    ...megabytes,
    "small packets lost": `${lostPkts}`,
  });
  if (lostPkts > 0) {
    const drops = [[...await master.dropsByReason()], [...await slave.dropsByReason()]];
    const counters = [await udpErrors(server), await udpErrors(laptop)];
    assert.fail(`${lostPkts} small packets were lost: ${JSON.stringify({ drops, counters })}`);
  }
  for (const [daemon, io] of [[master, masterIo], [slave, slaveIo]] as const) {
    const { read, written } = await packetsPerCall(daemon);
    const text = `${read.toFixed(1)} packets a read, ${written.toFixed(1)} a write`;
    printFigures(`tun of ${io}`, { "system calls": text });
    assert.equal(read > 1.5, io === "ffi", text);
    // Only what came without a checksum is joined: such as the other end read in one piece.
    assert.equal(written > 1.02, masterIo === "ffi" && slaveIo === "ffi", text);
  }
  for (const namespace of [laptop, server]) {
    assert.deepEqual(await checksumErrors(namespace), {}, "the kernel saw wrong checksums");
  }
}

/** One way; every byte is compared. */
async function transfer(from: Namespace, to: Namespace, host: string): Promise<string> {
  await using transfer = await TcpTransfer.start({ from, to, listen: { host, port: 7_000 } });
  await transfer.waitForMore(TRANSFER_BYTES, 30_000);
  return `${(await transfer.finish() / 1e6).toFixed(0)} MB`;
}

async function lostUdpPkts(laptop: Namespace, server: Namespace): Promise<number> {
  await using _iperf3 = await Iperf3Server.start(server);
  const args = ["--udp", "--bitrate", String(UDP_BPS), "--length", String(UDP_BYTES), "--json"];
  const report: { readonly end: { readonly sum: { lost_packets: number; packets: number } } } = JSON
    .parse(await laptop.run(["iperf3", "--client", INNER_MASTER, "--time", "2", ...args]));
  const { packets, lost_packets: lostPkts } = report.end.sum;
  assert(packets > 1_000, `only ${packets} packets`);
  return lostPkts;
}

/** Packets of the tunnel for each that the tun device counted: one that is several counts once there. */
async function packetsPerCall(
  daemon: BindlinkProcess,
): Promise<{ readonly read: number; readonly written: number }> {
  const device = async (counter: string): Promise<number> =>
    Number(
      await daemon.namespace.run(["cat", `/sys/class/net/bind0/statistics/${counter}_packets`]),
    );
  const totals = await daemon.metrics();
  const total = (name: string): number =>
    totals.find((sample) => sample.name === `bindlink_tun_${name}_packets_total`)?.value ?? NaN;
  return {
    read: total("read") / await device("tx"),
    written: total("written") / await device("rx"),
  };
}

/** Where the kernel dropped datagrams. */
async function udpErrors(namespace: Namespace): Promise<Record<string, number>> {
  const counters = await readCounters(namespace);
  return Object.fromEntries([...counters].filter(([name]) => /^Udp.*Errors/.test(name)));
}

/** Counters of wrong checksums that are not 0, by protocol. */
async function checksumErrors(namespace: Namespace): Promise<Record<string, number>> {
  const counters = await readCounters(namespace);
  assert(counters.has("Tcp:InCsumErrors") && counters.has("Udp6InCsumErrors"), "counters changed");
  return Object.fromEntries(
    [...counters].filter(([name, value]) => name.endsWith("InCsumErrors") && value !== 0),
  );
}

/** The kernel's counters of all protocols (proc_net(5), RFC 4293 and Linux's own). */
async function readCounters(namespace: Namespace): Promise<ReadonlyMap<string, number>> {
  const counters = new Map<string, number>();
  const lines = (await namespace.run(["cat", "/proc/net/snmp"])).trim().split("\n");
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [protocol, ...names] = lines[i]!.split(" ");
    const values = lines[i + 1]!.split(" ").slice(1);
    for (const [k, name] of names.entries()) counters.set(protocol + name, Number(values[k]));
  }
  for (const line of (await namespace.run(["cat", "/proc/net/snmp6"])).trim().split("\n")) {
    const [name, value] = line.split(/\s+/);
    counters.set(name!, Number(value));
  }
  return counters;
}
