/**
 * How the daemon ends: on a signal, or because it can't or must not begin.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BINDLINK_FROM_SOURCE, BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { MasterFolder } from "../support/master_folder.ts";
import { canUseNamespaces, type Namespace, NetworkLab } from "../support/namespace.ts";
import { runProgram, type TestProcess } from "../support/process.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `${signal} ends master and slave with exit code 0; their tun devices are gone`,
    ignore: !canUseNamespaces(),
    async fn(): Promise<void> {
      await using network = await DirectNetwork.create();
      const { laptop, server } = network;
      await using master = await BindlinkProcess.start(server, network.masterArgs);
      await using slave = await BindlinkProcess.start(
        laptop,
        network.pair.slaveArgs(
          ...["--targets", `${network.targets},192.0.2.1:4000`],
          ...["--proxies", "10.1.1.2:1,192.0.2.2:1080", "--proxy-target", "10.1.1.2:4000"],
        ),
      );
      await slave.waitForLinks([3]);
      for (const { process, namespace } of [slave, master]) {
        assert(await namespace.hasDevice("bind0"));
        const startMs = performance.now();
        assert.deepEqual(await process.stop(signal), { code: 0, signal: null }, process.output);
        assert(performance.now() - startMs < 3_000, "took too long");
        assert.match(process.stderr.at(-1) ?? "", /Stopping/);
        assert(!await namespace.hasDevice("bind0"));
        assert.equal(await runProgram(["ip", "netns", "pids", namespace.name]), "");
      }
    },
  });
}

Deno.test({
  name: "wrong options end with exit code 2 and one line that says what to type",
  async fn(): Promise<void> {
    const legacy = ["--protocol", "legacy"];
    const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
      [["slave", "--state-dir", "/nonexistent"], /--token/],
      [["slave", "--token", "bindlink1_cut-off"], /--token/],
      [["slave", ...legacy], /--proxies|--targets/],
      [["slave", ...legacy, "--proxies", "10.0.0.1:1080"], /--proxy-target/],
      [["slave", ...legacy, "--targets", "10.0.0.1:99999"], /--targets/],
      [["master", "--listen", "nonsense"], /--listen/],
      [["master", "--lisen", "4000"], /did you mean --listen/],
      [["master", "--mtu", "12"], /--mtu/],
      [["master", "--pool", "10.0.0.1/33"], /--pool/],
      [["master", "--address", "10.0.0.1/30"], /--address.*--protocol legacy/],
      [["master", ...legacy, "--address", "10.0.0.1/33"], /--address/],
      [["master", "--tun-name", "a-name-longer-than-15"], /--tun-name/],
      [["mastr"], /did you mean master/],
      [
        ["slave", ...legacy, "--proxies", "socks5://u:s3cret@:x", "--proxy-target", "a:1"],
        /--proxies/,
      ],
    ];
    const [program = "", ...args] = BINDLINK_FROM_SOURCE;
    for (const [options, says] of wrong) {
      const { code, stdout, stderr } = await new Deno.Command(program, {
        args: [...args, ...options],
        env: { NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder().decode(stderr);
      assert.equal(code, 2, `${options.join(" ")}: ${text}`);
      assert.equal(stdout.length, 0);
      assert.match(text, /^error: .*\n$/);
      assert.match(text, says);
      assert(!text.includes("s3cret"));
    }
  },
});

Deno.test({
  name:
    "a taken tun name, a missing /dev/net/tun and a missing capability are told with the remedy",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    await using lab = new NetworkLab();
    const machine = await lab.namespace("machine");
    await using state = await MasterFolder.create();
    await using otherState = await MasterFolder.create();
    const args = state.masterArgs("--listen", "4000", "--tun-name", "taken0", "--metrics", "none");
    const otherArgs = otherState.masterArgs("--listen", "4000");

    await t.step("name taken", async () => {
      await machine.run(["ip", "tuntap", "add", "dev", "taken0", "mode", "tun"]);
      await assertRefused(machine, args, [], /EBUSY.*--tun-name/);
      assert(await machine.hasDevice("taken0"), "the other's device is gone");
      await machine.run(["ip", "link", "del", "taken0"]);
    });
    await t.step("no device node", async () => {
      // A mount namespace of its own, in which /dev/net is empty.
      const script = 'mount -t tmpfs none /dev/net && exec "$@"';
      const prefix = ["unshare", "--mount", "sh", "-c", script, "sh"];
      await assertRefused(machine, args, prefix, /ENOENT.*modprobe tun.*--connect-tcp/);
    });
    await t.step("no CAP_NET_ADMIN", async () => {
      const prefix = ["setpriv", "--inh-caps=-net_admin", "--bounding-set=-net_admin"];
      await assertRefused(machine, args, prefix, /EPERM.*CAP_NET_ADMIN.*setcap/);
    });
    await t.step("port taken", async () => {
      await using _first = await BindlinkProcess.start(machine, otherArgs);
      await assertRefused(machine, args, [], /EADDRINUSE/);
    });
    await t.step("metrics port taken, when it was asked for", async () => {
      await using _first = await BindlinkProcess.start(machine, otherArgs);
      const other = state.masterArgs("--listen", "4001", "--metrics", "8080");
      await assertRefused(machine, other, [], /Cannot serve metrics on 127\.0\.0\.1:8080/);
    });
    await t.step("state directory in use", async () => {
      await using first = await BindlinkProcess.start(machine, otherArgs);
      const other = otherState.masterArgs("--listen", "4001", "--metrics", "none");
      await assertRefused(machine, other, [], new RegExp(`\\b${first.process.pid}\\b`));
    });
    assert(!await machine.hasDevice("taken0"));
  },
});

/** Exit code 1, and one line of error on stderr. */
async function assertRefused(
  machine: Namespace,
  args: readonly string[],
  prefix: readonly string[],
  says: RegExp,
): Promise<void> {
  await using process: TestProcess = machine.spawn([...prefix, ...BINDLINK_FROM_SOURCE, ...args]);
  const { code } = await process.status;
  assert.equal(code, 1, process.output);
  const errors = process.stderr.filter((line) => line.startsWith("error: "));
  assert.equal(errors.length, 1, process.output);
  assert.match(errors[0]!, says);
  assert.deepEqual(process.stderr.filter((line) => /^\s+at /.test(line)), [], "a stack trace");
}
