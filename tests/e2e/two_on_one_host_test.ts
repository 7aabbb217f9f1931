/**
 * Master and slave on one and the same machine.
 *
 * @module
 */

import { BindlinkProcess } from "../support/bindlink_process.ts";
import { canUseNamespaces, NetworkLab } from "../support/namespace.ts";
import { TcpTransfer } from "../support/tcp_transfer.ts";
import { TunnelPair } from "../support/tunnel_pair.ts";

Deno.test({
  name: "both ends run on one machine with default metrics: the second is warned and goes on",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using lab = new NetworkLab();
    const machine = await lab.namespace("machine");
    await using pair = await TunnelPair.create("127.0.0.1:4000");
    await using master = await BindlinkProcess.start(
      machine,
      pair.masterArgs("--listen", "127.0.0.1:4000", "--connect-tcp", "127.0.0.1:7000"),
    );
    await using slave = await BindlinkProcess.start(
      machine,
      pair.slaveArgs("--targets", "127.0.0.1:4000,localhost:4000", "--listen-tcp", "7001"),
    );
    await slave.process.waitForLine(/WARN {2}Cannot serve metrics on 127\.0\.0\.1:8080/);
    await master.waitForLinks([1, 2]);
    await using transfer = await TcpTransfer.start({
      from: machine,
      to: machine,
      listen: { host: "127.0.0.1", port: 7000 },
      connect: { host: "127.0.0.1", port: 7001 },
    });
    await transfer.waitForMore(5_000_000);
    await transfer.finish();
  },
});

Deno.test({
  name: "both ends with a tun run on one machine, each with a device of its own",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using lab = new NetworkLab();
    const machine = await lab.namespace("machine");
    await using pair = await TunnelPair.create("127.0.0.1:4000");
    await using master = await BindlinkProcess.start(
      machine,
      pair.masterArgs("--listen", "4000"),
    );
    // No link is named: one to the token's endpoint.
    await using slave = await BindlinkProcess.start(machine, pair.slaveArgs());
    await master.process.waitForLine(/Running as master.*tundev=bind0 /);
    await slave.process.waitForLine(/Running as slave.*tundev=bind1 /);
    await master.waitForLinks([1]);
  },
});
