/**
 * What systemd itself says of the units, and what a service manager hears from a real daemon. No systemd is started:
 * `systemd-analyze` only reads.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { unitName, type UnitSpec, unitText } from "../../src/service/unit_text.ts";
import { printFigures } from "../support/figures.ts";
import { TestProcess } from "../support/process.ts";
import { findProgram } from "../support/requirements.ts";

const MOD = fileURLToPath(new URL("../../mod.ts", import.meta.url));

/** Prints each datagram that comes to a path, on a line of its own, line ends as blanks. */
const MANAGER = `
  use Socket;
  socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
  bind($s, sockaddr_un($ARGV[0])) or die "bind: $!";
  $| = 1;
  print "listening\\n";
  while (defined(recv($s, my $text, 4096, 0))) { $text =~ s/\\n/ /g; print "$text\\n"; }`;

function spec(role: "master" | "slave", needsTun: boolean): UnitSpec {
  return {
    role,
    needsTun,
    program: Deno.execPath(),
    configPath: `/etc/bindlink/${role}.toml`,
    needsLowPort: role === "master",
    needsRawSocket: role === "slave",
    setsForwarding: role === "master" && needsTun,
  };
}

Deno.test({
  name: "systemd-analyze accepts the units and finds little exposed",
  ignore: findProgram("systemd-analyze") === null,
  async fn(): Promise<void> {
    const folder = await Deno.makeTempDir({ prefix: "bindlink-unit-" });
    try {
      for (const role of ["master", "slave"] as const) {
        for (const needsTun of [true, false]) {
          const path = `${folder}/${unitName(role)}`;
          await Deno.writeTextFile(path, unitText(spec(role, needsTun)));
          const verified = await analyze(["verify", "--man=no", path]);
          // Of other units of the machine it may complain as well.
          const said = verified.split("\n").filter((line) => line.includes("bindlink"));
          assert.deepEqual(said, []);
          const security = await analyze(["security", "--offline=true", "--no-pager", path]);
          const level = /exposure level for \S+: ([\d.]+)/.exec(security)?.[1] ??
            assert.fail(security);
          printFigures(`${unitName(role)}, ${needsTun ? "tun" : "stand-in"}`, { exposure: level });
          assert.ok(Number(level) < 3, security);
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "a daemon tells its service manager that it is ready, lives, and stops",
  ignore: findProgram("perl") === null || Deno.build.os !== "linux",
  async fn(): Promise<void> {
    const folder = await Deno.makeTempDir({ prefix: "bindlink-notify-" });
    try {
      await using manager = new TestProcess(["perl", "-e", MANAGER, `${folder}/notify`]);
      await manager.waitForLine(/^listening/, 5_000);
      await using daemon = new TestProcess([
        ...[Deno.execPath(), "run", "--quiet", "-A", "--unstable-net", MOD, "master"],
        ...[
          "--listen",
          `127.0.0.1:${freeUdpPort()}`,
          "--connect-tcp",
          "127.0.0.1:1",
          "--metrics",
          "none",
        ],
        ...["--state-dir", `${folder}/state`, "--config", "/dev/null"],
      ], { env: { NOTIFY_SOCKET: `${folder}/notify`, WATCHDOG_USEC: "600000" } });
      await manager.waitForLine(/^READY=1 WATCHDOG=1 STATUS=No slaves yet/, 20_000);
      await manager.waitForLine(/^WATCHDOG=1 $/, 5_000);
      assert.equal((await daemon.stop()).code, 0);
      await manager.waitForLine(/^STOPPING=1 STATUS=Stopping/, 5_000);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** A UDP port that was free a moment ago. */
function freeUdpPort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}

async function analyze(args: readonly string[]): Promise<string> {
  const output = await new Deno.Command("systemd-analyze", { args: [...args] }).output();
  const decoder = new TextDecoder();
  return decoder.decode(output.stderr) + decoder.decode(output.stdout);
}
