import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { StopSignals } from "../../src/main.ts";
import { VERSION } from "../../src/version.ts";
import { awaitCondition } from "../support/await_condition.ts";
import { TestProcess } from "../support/process.ts";

const MOD = fileURLToPath(new URL("../../mod.ts", import.meta.url));

function bindlink(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): TestProcess {
  return new TestProcess([Deno.execPath(), "run", "--quiet", "-A", MOD, ...args], { env });
}

/** A UDP port that was free a moment ago. */
function freeUdpPort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}

/** A master that needs no root: the TCP stand-in, on loopback. */
function masterArgs(...more: string[]): string[] {
  const listen = `127.0.0.1:${freeUdpPort()}`;
  return ["master", "--listen", listen, "--connect-tcp", "127.0.0.1:1", ...more];
}

Deno.test("bindlink without arguments shows its help on stderr and exits with 2", async () => {
  await using process = bindlink([]);
  assert.equal((await process.status).code, 2);
  assert.match(process.stderr.join("\n"), /bindlink slave --proxies/);
  assert.deepEqual(process.stdout, []);
});

Deno.test("bindlink --version prints version and runtime", async () => {
  await using process = bindlink(["--version"]);
  assert.equal((await process.status).code, 0);
  assert.equal(process.stdout[0], `bindlink ${VERSION}`);
  assert.match(process.stdout[1] ?? "", new RegExp(`^deno ${Deno.version.deno} `));
  assert.deepEqual(process.stderr, []);
});

Deno.test("bindlink answers a mistake with one line and exit code 2", async () => {
  await using process = bindlink(["slave", "--proxies", "h:99999", "--proxy-target", "m:1"]);
  assert.equal((await process.status).code, 2);
  assert.deepEqual(process.stderr, [
    'error: --proxies "h:99999": the port must be a number from 1 to 65535',
  ]);
  assert.deepEqual(process.stdout, []);
});

Deno.test("bindlink reads BINDLINK_PROXIES and shows no password of it", async () => {
  await using process = bindlink(["slave", "--proxy-target", "m:1"], {
    BINDLINK_PROXIES: "socks5://u:Hunter2pw@h:99999",
  });
  assert.equal((await process.status).code, 2);
  assert.match(process.output, /^error: BINDLINK_PROXIES "socks5:\/\/\*\*\*@h:99999": /);
  assert.ok(!process.output.includes("Hunter2pw"));
});

Deno.test("bindlink --help ends well when nobody reads it", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", MOD, "slave", "--help"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assert.equal((await child.status).code, 0);
  assert.equal(stderr, "");
});

Deno.test("bindlink stops at SIGTERM and at SIGINT with exit code 0, stdout untouched", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using process = bindlink(masterArgs("--metrics", "none"));
    await process.waitForLine(/Running as master/);
    process.kill(signal);
    assert.equal((await process.status).code, 0, process.output);
    assert.deepEqual(process.stdout, []);
  }
});

Deno.test("bindlink exits with 1 and one line when the system refuses what was named", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using process = bindlink(masterArgs("--metrics", `127.0.0.1:${taken.addr.port}`));
  assert.equal((await process.status).code, 1);
  const errors = process.stderr.filter((line) => !/^\d{4}-/.test(line));
  assert.equal(errors.length, 1, process.output);
  assert.match(errors[0] ?? "", /^error: Cannot serve metrics on 127\.0\.0\.1:\d+: /);
});

Deno.test("bindlink --log-level debug adds the stack to a failure", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const metrics = `127.0.0.1:${taken.addr.port}`;
  await using process = bindlink(masterArgs("--metrics", metrics, "--log-level", "debug"));
  assert.equal((await process.status).code, 1);
  assert.match(process.output, /\n\s+at .*http_server\.ts/);
});

Deno.test("bindlink --log-format json writes nothing but JSON lines", async () => {
  await using process = bindlink(masterArgs("--metrics", "none", "--log-format", "json"));
  await process.waitForLine(/Running as master/);
  assert.equal((await process.stop()).code, 0);
  for (const line of process.stderr) assert.equal(typeof JSON.parse(line).message, "string");
});

Deno.test("StopSignals aborts at the first signal and exits at the second", async () => {
  const exitCodes: number[] = [];
  using stop = new StopSignals((code) => exitCodes.push(code));
  Deno.kill(Deno.pid, "SIGTERM");
  await awaitCondition("the abort", () => stop.signal.aborted, { intervalMs: 5 });
  assert.deepEqual(exitCodes, []);
  // Not SIGINT: `deno test` itself ends at that one.
  Deno.kill(Deno.pid, "SIGTERM");
  await awaitCondition("the exit", () => exitCodes.length > 0, { intervalMs: 5 });
  assert.deepEqual(exitCodes, [143]);
});
