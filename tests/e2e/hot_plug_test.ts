/**
 * `--auto`: a phone that is plugged in becomes a link, one that is plugged out is dropped, and where the phone is a SOCKS5 proxy the link
 * goes through that. Phones are veths here, which are links only because the patterns name them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { ControlCommands } from "../support/control_commands.ts";
import { Danted } from "../support/danted.ts";
import { printFigures } from "../support/figures.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { waitForPing } from "../support/ping.ts";
import { SteadyPing } from "../support/steady_ping.ts";
import { TcpTransfer } from "../support/tcp_transfer.ts";
import { TetheredPhones } from "../support/tethered_phones.ts";
import { INNER_MASTER, INNER_SLAVE } from "../support/tunnel_pair.ts";

const PHONE_BPS = 10e6;

/** From the interface's route to a link that carries; and from its end to the end of the link. */
const PLUG_MS = 1_000;
const UNPLUG_MS = 500;

/** More than pings and probes. */
const PART_BYTES = 100_000;

/** News that do not fit into a socket's buffer (212,992 bytes, of which each takes some 800). */
const NEWS = 2_000;

Deno.test({
  name: `--auto: a phone is a carrying link within ${PLUG_MS} ms, and gone at once when unplugged`,
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using phones = await TetheredPhones.create(2, PHONE_BPS);
    const { laptop, server, pair } = phones;
    await using _master = await BindlinkProcess.start(server, pair.masterArgs("--listen", "4000"));
    const args = pair.slaveArgs("--auto", "--auto-include", "usb*", "--log-level", "debug");
    await using slave = await BindlinkProcess.start(laptop, args);
    await slave.process.waitForLine(/No interface leads out yet/, 5_000);
    await slave.process.waitForLine(/Interface is no link.*lo.*loopback/, 5_000);
    const commands = new ControlCommands(pair.state.slaveStateDir, "slave-bind0.sock");
    const linkNamed = async (name: string) =>
      (await commands.status()).links.find((it) => it.name === name);
    const isUp = (name: string): Promise<unknown> =>
      awaitCondition(
        `link ${name} to be up`,
        async () => (await linkNamed(name))?.state === "up",
        { intervalMs: 20, detail: () => slave.process.output },
      );

    let from = slave.process.mark();
    await phones.plugIn(0);
    let startMs = performance.now();
    await slave.process.waitForLine(/Link up.*usb0/, 10_000, from);
    const firstMs = performance.now() - startMs;
    await waitForPing(laptop, INNER_MASTER);
    await using transfer = await TcpTransfer.start({
      from: server,
      to: laptop,
      listen: { host: INNER_SLAVE, port: 7_000 },
    });
    await transfer.waitForMore(300_000);

    from = slave.process.mark();
    await phones.plugIn(1);
    startMs = performance.now();
    await slave.process.waitForLine(/Link up.*usb1/, 10_000, from);
    const secondMs = performance.now() - startMs;
    await commands.run("link", "set", "usb1", "cap=7mbit", "metered");
    const before = await phones.receivedBytes(1);
    await awaitCondition(
      "a part of the transfer by the new interface",
      async () => await phones.receivedBytes(1) - before > PART_BYTES,
      { detail: () => slave.process.output },
    );

    from = slave.process.mark();
    startMs = performance.now();
    await phones.unplug(1);
    await slave.process.waitForLine(/Link removed.*usb1.*it is gone/, 10_000, from);
    const goneMs = performance.now() - startMs;
    await transfer.waitForMore(400_000);
    assert.equal(await linkNamed("usb1"), undefined);

    await phones.plugIn(1);
    await isUp("usb1");
    const again = (await linkNamed("usb1"))?.settings;
    assert.deepEqual(
      [again?.isMetered, again?.capUpBps, again?.capDownBps],
      [true, 7e6, 7e6],
      "what was said of it holds when it comes again",
    );
    await transfer.waitForMore(400_000);
    await transfer.finish();
    printFigures("hot-plug", {
      "first phone, link up after": `${firstMs.toFixed(0)} ms`,
      "second, under load": `${secondMs.toFixed(0)} ms`,
      "unplugged, dropped after": `${goneMs.toFixed(0)} ms`,
    });
    assert(Math.max(firstMs, secondMs) <= PLUG_MS, `${firstMs} ms, ${secondMs} ms`);
    assert(goneMs <= UNPLUG_MS, `${goneMs} ms`);
  },
});

Deno.test({
  name: "--auto: a link through the SOCKS5 proxy that a phone is, and without it when it ends",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using phones = await TetheredPhones.create(1, PHONE_BPS);
    const { laptop, server, pair } = phones;
    const phone = phones.phone(0);
    await phone.addAddress("lo", "192.168.42.1/32");
    await using danted = await Danted.start(phone, {
      internal: ["192.168.42.1"],
      external: "far",
    });
    await using _master = await BindlinkProcess.start(server, pair.masterArgs("--listen", "4000"));
    const args = pair.slaveArgs("--auto", "--auto-include", "usb*");
    await using slave = await BindlinkProcess.start(laptop, args);

    // The kernel throws news away that nobody reads: then all is looked at anew.
    slave.process.kill("SIGSTOP");
    const line = "10.77.$((i / 256)).$((i % 256))/32 dev lo";
    const lines = `echo "address add ${line}"; echo "address del ${line}"`;
    const loop = `i=0; while [ $i -lt ${NEWS / 2} ]; do ${lines}; i=$((i + 1)); done`;
    await laptop.run(["sh", "-c", `(${loop}) | ip -batch -`]);
    await phones.plugIn(0);
    slave.process.kill("SIGCONT");
    const startMs = performance.now();
    await slave.process.waitForLine(/Link up.*usb0 /, 10_000);
    const directMs = performance.now() - startMs;
    await slave.process.waitForLine(/Link up.*usb0-socks/, 10_000);
    const proxyMs = performance.now() - startMs;
    await using pings = SteadyPing.start(laptop, INNER_MASTER, 20);
    await slave.process.waitForLine(/proxy carries: its direct link ends.*usb0-socks/, 10_000);
    await slave.process.waitForLine(/Link removed.*usb0 /, 10_000);
    await slave.waitForLinks([2]);
    const { received } = pings;
    await awaitCondition("pings through the proxy", () => pings.received > received + 10);

    const from = slave.process.mark();
    await danted.stop();
    const endedMs = performance.now();
    await slave.process.waitForLine(/Link up.*usb0 /, 10_000, from);
    const backMs = performance.now() - endedMs;
    printFigures("a phone that is a SOCKS5 proxy", {
      "direct link up after": `${directMs.toFixed(0)} ms`,
      "proxy found and up after": `${proxyMs.toFixed(0)} ms`,
      "proxy ended, direct link up after": `${backMs.toFixed(0)} ms`,
    });
    const before = pings.received;
    await awaitCondition("pings without it", () => pings.received > before + 10);
    assert(directMs <= PLUG_MS, `${directMs} ms`);
  },
});
