import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { awaitCondition } from "../../support/await_condition.ts";
import { TestProcess } from "../../support/process.ts";

const MOD = fileURLToPath(new URL("../../../mod.ts", import.meta.url));

/** Files that the daemon may open: enough to run, fewer than the connections that it is given. */
const OPEN_FILES = 100;

/** A master on loopback that needs no root, and may open few files. */
function startMaster(metricsPort: number): TestProcess {
  const listen = `127.0.0.1:${freeUdpPort()}`;
  // Without sessions it needs no state directory.
  const args = [
    "master",
    "--protocol",
    "legacy",
    "--listen",
    listen,
    "--connect-tcp",
    "127.0.0.1:1",
  ];
  const daemon = [Deno.execPath(), "run", "--quiet", "-A", MOD, ...args];
  const limited = `ulimit -n ${OPEN_FILES}; exec "$0" "$@"`;
  return new TestProcess(["sh", "-c", limited, ...daemon, "--metrics", `127.0.0.1:${metricsPort}`]);
}

function freeUdpPort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}

function freeTcpPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Opens more connections than the daemon may open files, and keeps them until disposed of. */
class Flood implements Disposable {
  readonly #held: Deno.TcpConn[] = [];

  async open(port: number): Promise<void> {
    while (this.#held.length < 2 * OPEN_FILES) {
      // Refused while the server is away: then it has had too many already.
      const conn = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
      if (conn === null) return;
      this.#held.push(conn);
    }
  }

  [Symbol.dispose](): void {
    for (const conn of this.#held) conn.close();
  }
}

Deno.test("MetricsServer outlives more connections than the daemon may open files", async () => {
  const port = freeTcpPort();
  await using daemon = startMaster(port);
  await daemon.waitForLine(/Running as master/);
  using flood = new Flood();
  await flood.open(port);
  await daemon.waitForLine(/Serving metrics was interrupted: .*open files/);
  const text = await awaitCondition("metrics again", async () => {
    assert.equal(daemon.ended, null);
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    return await response.text();
  }, { detail: () => daemon.output });
  assert.match(text, /^bindlink_uptime_seconds /m);
  assert.equal((await daemon.stop()).code, 0, daemon.output);
  const warnings = daemon.stderr.filter((line) => line.includes("Serving metrics was interrupted"));
  assert.equal(warnings.length, 1, daemon.output);
});

Deno.test("MetricsServer.close ends well while serving is interrupted", async () => {
  const port = freeTcpPort();
  await using daemon = startMaster(port);
  await daemon.waitForLine(/Running as master/);
  using flood = new Flood();
  await flood.open(port);
  await daemon.waitForLine(/Serving metrics was interrupted/);
  assert.equal((await daemon.stop()).code, 0, daemon.output);
  assert.match(daemon.stderr.at(-1) ?? "", / INFO {2}Stopping$/);
});
