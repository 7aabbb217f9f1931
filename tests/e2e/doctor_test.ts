/**
 * `bindlink doctor` in a world where much is broken: it names each fault, and finds none where all is well.
 *
 * ```
 *   phone 1  nothing at port 1080, a web server at 1081       phone 5  8 Mbit/s for two proxies
 *   phone 2  a proxy that wants a password                    phone 6  a router, 4 Mbit/s behind a queue of 1.5 s
 *   phone 3  a proxy without UDP                              phone 7  a router with a small MTU; route to the server
 *   phone 4  a proxy that grants UDP, which is lost           phone 8  all is well
 *                                                             phone 9  a NAT that forgets after 4 s
 * ```
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../src/doctor/finding.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { Danted } from "../support/danted.ts";
import { DoctorRun } from "../support/doctor_run.ts";
import { printFigures } from "../support/figures.ts";
import { Firewall } from "../support/firewall.ts";
import { Microsocks } from "../support/microsocks.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { type Phone, PhoneNetwork, SERVER_IPV4 } from "../support/phone_network.ts";
import { awaitCondition } from "../support/await_condition.ts";

const MASTER = `${SERVER_IPV4}:4000`;
const PASSWORD = "geheim";
const WRONG_PASSWORD = "daneben-und-vorbei";
const PATH_MTU_BYTES = 1_300;

/** Of each phone. */
const RATES_BPS = [1e9, 1e9, 1e9, 1e9, 8e6, 4e6, 6e6, 9e6, 1e9];

/** So long phone 9 remembers what went through; less and more than that is tried. */
const NAT_TIMEOUT_S = 4;
const SILENCES_MS = [1_500, 6_500];

/** What the laptop's own faults do not depend on: no rates. */
const NO_RATES = ["--measure", "none"];

Deno.test({
  name:
    "doctor names what is broken on each link, at the machine and at the token, and what is well",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using stack = new AsyncDisposableStack();
    const worldMs = performance.now();
    const network = stack.use(
      await PhoneNetwork.create({ phones: 9, ratesBps: RATES_BPS }),
    );
    const { laptop, server, phones, pair } = network;
    await breakPhones(stack, phones);
    await laptop.addRoute(`${SERVER_IPV4}/32`, phones[6]!.ipv4);
    for (const number of [6, 9]) {
      const by = ["via", phones[number - 1]!.ipv4, "dev", `up${number}`, "metric", `${number}`];
      await laptop.run(["ip", "route", "add", `${SERVER_IPV4}/32`, ...by]);
    }
    await laptop.writeEtc("resolv.conf", "nameserver 127.0.0.1\n");
    const master = stack.use(await BindlinkProcess.start(server, network.masterArgs));
    const invite = (name: string): Promise<string> => pair.state.invite(name, MASTER);
    const [sharing, filling, revoked, well, idle] = [
      await invite("sharing"),
      await invite("filling"),
      await invite("revoked"),
      await invite("well"),
      await invite("idle"),
    ];
    await pair.state.run("revoke", "revoked");
    printFigures("the world", { "stands after": seconds(worldMs) });
    const startedMs = performance.now();
    await Promise.all([
      examineReach(laptop, pair.token, phones),
      examineShared(laptop, sharing, phones),
      examineQueueAndMtu(laptop, filling),
      examineRevoked(laptop, revoked),
      examineHealthy(laptop, well, phones),
      examineIdle(laptop, idle),
    ]);
    printFigures("six doctors at once", { "take": seconds(startedMs) });
    await examineRunning(laptop, network, phones);
    await examineMasters(server, network);
    assert.equal(await master.stop(), 0);
  },
});

async function breakPhones(stack: AsyncDisposableStack, phones: readonly Phone[]): Promise<void> {
  const proxy = async (number: number, port = 1080, allowsTcp = false): Promise<void> => {
    const { namespace, ipv4 } = phones[number - 1]!;
    const options = { internal: [ipv4], external: "far", port, allowsTcp };
    stack.use(await Danted.start(namespace, options));
  };
  stack.use(await startWebServer(phones[0]!.namespace));
  const credentials = { username: "phone", password: PASSWORD };
  const { namespace, ipv4 } = phones[1]!;
  stack.use(
    await Danted.start(namespace, { internal: [ipv4], external: "far", credentials }),
  );
  stack.use(await Microsocks.start(phones[2]!.namespace));
  await proxy(4, 1080, true);
  await Firewall.raise(phones[3]!.namespace, "input", "meta l4proto udp drop");
  await proxy(5);
  await proxy(5, 1081);
  await deepenQueue(phones[5]!.namespace, 4e6);
  await shrinkMtu(phones[6]!.namespace);
  await proxy(8);
  await makeForgetful(phones[8]!.namespace);
}

/** What it says is nothing that a SOCKS5 proxy would. */
async function startWebServer(namespace: Namespace): Promise<AsyncDisposable> {
  const script =
    "use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 1081, Listen => 5, " +
    "ReuseAddr => 1) or die; while (my $c = $s->accept) { sysread $c, my $x, 100; " +
    'print $c "HTTP/1.0 400 Bad Request\\r\\n\\r\\n"; close $c }';
  const process = namespace.spawn(["perl", "-e", script]);
  await awaitCondition("the web server to listen", () => process.isTcpPortListening(1081), {
    intervalMs: 20,
    detail: () => process.output,
  });
  return process;
}

async function deepenQueue(namespace: Namespace, rateBps: number): Promise<void> {
  const queue = ["rate", `${rateBps}bit`, "burst", "16kb", "latency", "1500ms"];
  await namespace.run(["tc", "qdisc", "replace", "dev", "far", "root", "tbf", ...queue]);
}

async function shrinkMtu(namespace: Namespace): Promise<void> {
  await namespace.run(["ip", "link", "set", "far", "mtu", String(PATH_MTU_BYTES)]);
  await Firewall.raise(namespace, "output", "ip protocol icmp drop");
}

async function makeForgetful(namespace: Namespace): Promise<void> {
  const chain = "type nat hook postrouting priority 100; oifname far masquerade;";
  await namespace.run(["nft", `table ip tether {\nchain out { ${chain} }\n}`]);
  const settings = ["udp_timeout", "udp_timeout_stream"].map((name) =>
    `net.netfilter.nf_conntrack_${name}=${NAT_TIMEOUT_S}`
  );
  await namespace.run(["sysctl", "-q", "-w", ...settings]);
}

async function examineReach(
  laptop: Namespace,
  token: string,
  phones: readonly Phone[],
): Promise<void> {
  const at = (number: number, port = 1080): string => `${phones[number - 1]!.ipv4}:${port}`;
  const run = await DoctorRun.run(laptop, [
    "--token",
    token,
    ...NO_RATES,
    "--proxies",
    `away=${at(1)},web=${at(1, 1081)},closed=${at(2)},silent=${at(3)},lost=${
      at(4)
    },nowhere=10.1.1.77:1080`,
    "--targets",
    `noname=server.invalid:4000,port=${SERVER_IPV4}:4999`,
    "--interfaces",
    "usb9",
  ], { env: { BINDLINK_PROXIES: "" } });
  run.assertFault("link away", /connection refused/);
  run.assertFault("link web", /is no SOCKS5 proxy .*web server/);
  run.assertFault("link closed", /wants user name and password/);
  run.assertFault("link silent", /does not relay UDP .*over TCP/);
  run.assertFault("link lost", /UDP is lost though the proxy granted it.*over TCP/);
  run.assertFault("link nowhere", /no way to|does not answer/);
  run.assertFault("link noname", /Cannot resolve "server\.invalid:4000"/);
  run.assertFault("link port", /no master listens at 10\.99\.0\.1:4999/);
  run.assertFault("link usb9", /there is no interface usb9/);
  assert(run.findings.some((it) => it.check === "token" && it.verdict === "ok"), run.output);

  const wrong = `socks5://phone:${WRONG_PASSWORD}@${at(2)}`;
  const login = await DoctorRun.run(laptop, ["--token", token, ...NO_RATES], {
    env: { BINDLINK_PROXIES: wrong },
  });
  login.assertFault(`link ${at(2)}`, /refuses user name and password/);
  assert(
    !login.output.includes(WRONG_PASSWORD) && !login.output.includes(token),
    "a secret is shown",
  );
}

async function examineShared(
  laptop: Namespace,
  token: string,
  phones: readonly Phone[],
): Promise<void> {
  const { ipv4 } = phones[4]!;
  const proxies = `a=${ipv4}:1080,b=${ipv4}:1081`;
  const run = await DoctorRun.run(laptop, ["--token", token, "--proxies", proxies]);
  const found = run.assertFault("links together", /a, b share one bottleneck/);
  const { aloneBps, togetherBps } = found.figures!;
  printFigures("two proxies behind 8 Mbit/s", {
    "alone, sum": megabits(aloneBps!),
    "together": megabits(togetherBps!),
  });
  assert(aloneBps! > 13e6 && aloneBps! < 17e6, run.output);
  assert(togetherBps! > 6e6 && togetherBps! < 9e6, run.output);
}

async function examineQueueAndMtu(laptop: Namespace, token: string): Promise<void> {
  const args = ["--interfaces", "deep=up6", "--targets", `narrow=${MASTER}`];
  const run = await DoctorRun.run(laptop, ["--token", token, ...args]);
  const deep = run.assertFault("link deep", /heavy bufferbloat/);
  assert(deep.figures!.loadedMs! > 400, run.output);
  const narrow = run.assertFault("link narrow", /takes packets of 12\d\d bytes only/);
  printFigures("queue of 1.5 s, MTU of 1300", {
    "loaded": `${deep.figures!.loadedMs} ms`,
    "packets": `${narrow.figures!.packetBytes} bytes`,
  });
  const rates = run.findings.find((it) => it.about === "link narrow" && it.check === "rates");
  assert(rates?.figures?.upBps! > 5e6 && rates?.figures?.upBps! < 7e6, run.output);
}

async function examineRevoked(laptop: Namespace, token: string): Promise<void> {
  const run = await DoctorRun.run(laptop, ["--token", token, "--targets", MASTER], {
    wrapper: ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"],
  });
  run.assertFault("token", /the master has revoked this slave/);
  run.assertFault("this machine", /TUNSETIFF|EPERM/);
}

async function examineHealthy(
  laptop: Namespace,
  token: string,
  phones: readonly Phone[],
): Promise<void> {
  const startedMs = performance.now();
  const proxies = `well=${phones[7]!.ipv4}:1080`;
  const run = await DoctorRun.run(laptop, ["--token", token, "--proxies", proxies]);
  assert.deepEqual(run.faults, [], run.output);
  assert.equal(run.exitCode, 0);
  const { figures } = run.findings.find(({ check }) => check === "rates")!;
  printFigures("a link of 9 Mbit/s", {
    "up": megabits(figures!.upBps!),
    "down": megabits(figures!.downBps ?? 0),
    "doctor takes": seconds(startedMs),
  });
  // Six doctors measure at once: on a busy machine less arrives in time.
  assert(figures!.upBps! > 7e6 && figures!.upBps! < 10e6, run.output);
  assert(figures!.downBps! > 4e6 && figures!.downBps! < 10e6, run.output);
}

async function examineRunning(
  laptop: Namespace,
  { pair }: PhoneNetwork,
  phones: readonly Phone[],
): Promise<void> {
  const links = ["--proxies", `well=${phones[7]!.ipv4}:1080`];
  await using slave = await BindlinkProcess.start(laptop, pair.slaveArgs(...links));
  await slave.waitForLinks([1]);
  const run = await DoctorRun.run(laptop, ["--token", pair.token, ...links]);
  assert.deepEqual(run.faults, [], run.output);
  const skipped = run.findings.filter(({ verdict }) => verdict === "unchecked");
  assert.match(skipped.map(({ text }) => text).join(), /while bindlink slave runs here/);
  assert.deepEqual(await slave.linksUp(), ["1"], "it was disturbed");
  assert(!/replaced|another machine/.test(slave.process.output), slave.process.output);
}

async function examineMasters(server: Namespace, { pair }: PhoneNetwork): Promise<void> {
  const args = ["--master", "--listen", "4000", "--state-dir", pair.state.stateDir];
  const run = await DoctorRun.run(server, args);
  assert.deepEqual(run.faults, [], run.output);
  assert.match(run.output, /a master runs; \d of \d slaves/);
}

async function examineIdle(laptop: Namespace, token: string): Promise<void> {
  const main = fileURLToPath(new URL("../support/doctor_nat_main.ts", import.meta.url));
  const line = ["--token", token, "--interfaces", "nat=up9", "--nat-timeout", ...NO_RATES];
  const stdout = await laptop.run(
    [Deno.execPath(), "run", "-A", "--quiet", "--unstable-net", main, SILENCES_MS.join(), ...line],
  );
  const findings: Finding[] = JSON.parse(stdout);
  const found = findings.find(({ check }) => check === "nat-timeout");
  assert(found?.figures !== undefined, stdout);
  const { openMs, closedMs } = found.figures;
  printFigures(`a NAT that forgets after ${NAT_TIMEOUT_S} s`, {
    "open after": `${openMs} ms`,
    "closed after": `${closedMs} ms`,
  });
  assert(openMs! >= SILENCES_MS[0]! && openMs! < 1_000 * NAT_TIMEOUT_S, stdout);
  assert(closedMs! > 1_000 * NAT_TIMEOUT_S, stdout);
}

function megabits(bps: number): string {
  return `${(bps / 1e6).toFixed(1)} Mbit/s`;
}

function seconds(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
}
