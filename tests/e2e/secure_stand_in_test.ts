/**
 * The TCP stand-in under sessions: one service, one slave.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BINDLINK_FROM_SOURCE, BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { startEchoService, talkToEcho } from "../support/echo_service.ts";
import { printFigures } from "../support/figures.ts";
import { MasterFolder } from "../support/master_folder.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";

Deno.test({
  name: "a stand-in carries a service that speaks first, for one slave and no second",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create({ cables: 2 });
    const { laptop, server, pair, targets } = network;

    await using _service = await startEchoService(server, "127.0.0.1", 22);
    await using master = await BindlinkProcess.start(
      server,
      network.masterArgs.concat("--connect-tcp", "127.0.0.1:22", "--no-tcp-fallback"),
    );
    assert(!master.process.isTcpPortListening(4000), "no links over TCP were asked for");
    const listen = ["--targets", targets, "--listen-tcp", "2222"];
    {
      await using slave = await BindlinkProcess.start(laptop, pair.slaveArgs(...listen));
      await slave.waitForLinks([1, 2]);
      await assertEchoes(laptop, 2222);
      assert(!await laptop.hasDevice("bind0"));
      // Two at once, on connections of their own.
      await Promise.all([1, 2].map(() => assertEchoes(laptop, 2222)));
    }
    const refusal = /failed with 2:\nerror: This master serves one slave .*bindlink revoke laptop/;
    await assert.rejects(pair.state.run("invite", "second"), refusal);
    assert.deepEqual((await pair.state.listSlaves()).map((it) => it.name), ["laptop"]);

    await pair.state.run("revoke", "laptop");
    const token = await pair.state.invite("second");
    await using second = await BindlinkProcess.start(
      laptop,
      pair.state.slaveArgs(token, ...listen),
    );
    await second.waitForLinks([1, 2]);
    await assertEchoes(laptop, 2222);
  },
});

Deno.test({
  name: "a stand-in carries a slave's service to the master's side",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server } = network;
    await using _service = await startEchoService(laptop, "127.0.0.1", 22);
    await using master = await BindlinkProcess.start(
      server,
      network.masterArgs.concat("--listen-tcp", "2222"),
    );
    await using _slave = await BindlinkProcess.start(
      laptop,
      network.slaveArgs.concat("--connect-tcp", "127.0.0.1:22"),
    );
    await master.waitForLinks([1]);
    await assertEchoes(server, 2222);
  },
});

Deno.test({
  name: "a stand-in does not start for two slaves, and says how to have one",
  async fn(): Promise<void> {
    await using state = await MasterFolder.create();
    await state.invite("ant", "192.0.2.1:4000");
    await state.invite("bee", "192.0.2.1:4000");
    const [program = "", ...args] = BINDLINK_FROM_SOURCE;
    const { code, stderr } = await new Deno.Command(program, {
      args: [...args, ...state.masterArgs("--connect-tcp", "127.0.0.1:22")],
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(code, 2);
    const says = /^error: --connect-tcp serves one slave, and ".*" has 2: .*--state-dir.*\n$/;
    assert.match(new TextDecoder().decode(stderr), says);
  },
});

/** Whoever connects to the stand-in talks to the service. */
async function assertEchoes(namespace: Namespace, port: number): Promise<void> {
  const { banner, bytes, medianMs } = await talkToEcho(namespace, "127.0.0.1", port);
  assert.equal(banner, "SSH-2.0-echo");
  assert(bytes > 500_000);
  printFigures("echo through the stand-in", { "median of a word": `${medianMs.toFixed(1)} ms` });
}
