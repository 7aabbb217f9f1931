import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { awaitCondition } from "../../support/await_condition.ts";
import { canUseNamespaces, NetworkLab } from "../../support/namespace.ts";
import { ping, waitForPing } from "../../support/ping.ts";
import { runProgram, TestProcess } from "../../support/process.ts";

/** Makes a lab with a sleeping program in it, says the name and the program's id, and waits. */
const LAB_PROGRAM = `
import { NetworkLab } from "${new URL("../../support/namespace.ts", import.meta.url)}";
await using lab = new NetworkLab();
const namespace = await lab.namespace("n");
await namespace.writeEtc("hosts", "127.0.0.1 localhost\\n");
const sleeper = namespace.spawn(["sleep", "600"]);
console.log(namespace.name + " " + sleeper.pid);
await sleeper.status;
`;

async function namespaces(): Promise<string[]> {
  return (await runProgram(["ip", "netns", "list"])).split("\n").map((line) => line.split(" ")[0]!);
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

Deno.test({
  name: "NetworkLab: two labs with the same names and addresses do not meet",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using first = new NetworkLab();
    await using second = new NetworkLab();
    for (const lab of [first, second]) {
      const a = await lab.namespace("a");
      const b = await lab.namespace("b");
      await lab.cable(
        { namespace: a, device: "eth0", addresses: ["10.0.0.1/24", "fd00::1/64"] },
        { namespace: b, device: "eth0", addresses: ["10.0.0.2/24", "fd00::2/64"], rateBps: 1e6 },
      );
      for (const host of ["10.0.0.2", "fd00::2"]) {
        await waitForPing(a, host, 5_000);
        assert.equal((await ping(a, host, 3)).received, 3);
      }
      assert(await a.hasDevice("eth0"));
      assert(!await a.hasDevice("eth1"));
    }
  },
});

Deno.test({
  name: "NetworkLab ends what runs in it and leaves no namespace",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    let name: string;
    let process: TestProcess;
    {
      await using lab = new NetworkLab();
      const namespace = await lab.namespace("n");
      name = namespace.name;
      process = namespace.spawn([
        "sh",
        "-c",
        "trap '' TERM; echo ready; while :; do sleep 1; done",
      ]);
      await process.waitForLine(/ready/);
      assert((await namespaces()).includes(name));
    }
    assert(!(await namespaces()).includes(name));
    assert.equal((await process.status).signal, "SIGKILL");
  },
});

for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
  Deno.test({
    name: `NetworkLab cleans up when its process is ended by ${signal}`,
    ignore: !canUseNamespaces(),
    async fn(): Promise<void> {
      const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));
      await using program = new TestProcess(
        [Deno.execPath(), "eval", "--quiet", "--config", config, LAB_PROGRAM],
      );
      const [name = "", pid] = (await program.waitForLine(/^bl/)).split(" ");
      assert((await namespaces()).includes(name));
      program.kill(signal);
      await awaitCondition(
        "the namespace to be gone",
        async () => !(await namespaces()).includes(name),
      );
      assert(!isRunning(Number(pid)), "the program in it still runs");
      await assert.rejects(Deno.stat(`/etc/netns/${name}`), Deno.errors.NotFound);
    },
  });
}
