import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { StopSignals } from "../../src/main.ts";
import { VERSION } from "../../src/version.ts";
import { awaitCondition } from "../support/await_condition.ts";
import { TestProcess } from "../support/process.ts";
import { TOKEN } from "./cli/judge.ts";

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
function masterArgs(stateDir: StateDir, ...more: string[]): string[] {
  const listen = `127.0.0.1:${freeUdpPort()}`;
  const args = ["master", "--listen", listen, "--connect-tcp", "127.0.0.1:1"];
  return [...args, "--state-dir", stateDir.path, ...more];
}

/** A state directory that goes when it is disposed of. */
class StateDir implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "bindlink-main-" });

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

Deno.test("bindlink without arguments shows its help on stderr and exits with 2", async () => {
  await using process = bindlink([]);
  assert.equal((await process.status).code, 2);
  assert.match(process.stderr.join("\n"), /bindlink slave --token/);
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
  await using process = bindlink(["slave", "--proxies", "h:99999"], { BINDLINK_TOKEN: TOKEN });
  assert.equal((await process.status).code, 2);
  assert.deepEqual(process.stderr, [
    'error: --proxies "h:99999": the port must be a number from 1 to 65535',
  ]);
  assert.deepEqual(process.stdout, []);
});

Deno.test("bindlink reads BINDLINK_PROXIES and shows no password of it", async () => {
  await using process = bindlink(["slave"], {
    BINDLINK_TOKEN: TOKEN,
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
    using stateDir = new StateDir();
    await using process = bindlink(masterArgs(stateDir, "--metrics", "none"));
    await process.waitForLine(/Running as master/);
    process.kill(signal);
    assert.equal((await process.status).code, 0, process.output);
    assert.deepEqual(process.stdout, []);
  }
});

Deno.test("bindlink exits with 1 and one line when the system refuses what was named", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using stateDir = new StateDir();
  await using process = bindlink(masterArgs(stateDir, "--metrics", `127.0.0.1:${taken.addr.port}`));
  assert.equal((await process.status).code, 1);
  const errors = process.stderr.filter((line) => !/^\d{4}-/.test(line));
  assert.equal(errors.length, 1, process.output);
  assert.match(errors[0] ?? "", /^error: Cannot serve metrics on 127\.0\.0\.1:\d+: /);
});

Deno.test("bindlink --log-level debug adds the stack to a failure", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const metrics = `127.0.0.1:${taken.addr.port}`;
  using stateDir = new StateDir();
  await using process = bindlink(
    masterArgs(stateDir, "--metrics", metrics, "--log-level", "debug"),
  );
  assert.equal((await process.status).code, 1);
  assert.match(process.output, /\n\s+at .*http_server\.ts/);
});

Deno.test("bindlink --log-format json writes nothing but JSON lines", async () => {
  using stateDir = new StateDir();
  await using process = bindlink(masterArgs(stateDir, "--metrics", "none", "--log-format", "json"));
  await process.waitForLine(/Running as master/);
  assert.equal((await process.stop()).code, 0);
  for (const line of process.stderr) assert.equal(typeof JSON.parse(line).message, "string");
});

Deno.test("bindlink's commands go from an invitation to a stored join", async () => {
  using stateDir = new StateDir();
  const run = async (...args: string[]): Promise<readonly string[]> => {
    await using process = bindlink([...args, "--state-dir", stateDir.path]);
    assert.equal((await process.status).code, 0, process.output);
    return process.stdout;
  };
  const [token = ""] = await run("invite", "laptop", "--endpoint", "203.0.113.5:4321");
  assert.match(token, /^bindlink1_[\w-]+$/);
  const slaves: unknown = JSON.parse((await run("slaves", "--json")).join("\n"));
  assert.match(JSON.stringify(slaves), /"laptop"/);
  await run("join", token, "--proxies", "192.0.2.1:1080");
  await run("revoke", "laptop");
});

Deno.test("bindlink reads a token from stdin and stores it", async () => {
  using stateDir = new StateDir();
  const args = ["join", "-", "--state-dir", stateDir.path];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", MOD, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(`${TOKEN}\n`));
  await stdin.close();
  const { code, stdout, stderr } = await child.output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, output);
  assert.ok(!output.includes(TOKEN), output);
  const stored = new TextDecoder().decode(Deno.readFileSync(`${stateDir.path}/slave.json`));
  assert.ok(stored.includes(TOKEN));
});

Deno.test("bindlink's commands answer a mistake with 2, the system's refusal with 1", async () => {
  using stateDir = new StateDir();
  await using wrong = bindlink(["revoke", "nobody", "--state-dir", stateDir.path]);
  assert.equal((await wrong.status).code, 2, wrong.output);
  assert.match(wrong.stderr.join("\n"), /^error: [^\n]*"nobody"[^\n]*$/);
  const file = `${stateDir.path}/file`;
  Deno.writeTextFileSync(file, "");
  await using refused = bindlink(["invite", "laptop", "--state-dir", file]);
  assert.equal((await refused.status).code, 1, refused.output);
  assert.match(refused.stderr.join("\n"), /^error: Cannot [^\n]*$/);
});

Deno.test("bindlink shows no token that was typed where a name belongs", async () => {
  using stateDir = new StateDir();
  await using process = bindlink(["revoke", TOKEN, "--state-dir", stateDir.path]);
  assert.equal((await process.status).code, 2);
  assert.match(process.stderr.join("\n"), /^error: There is no slave "\*\*\*"/);
});

Deno.test("bindlink reads its file anew on SIGHUP, keeps to the old one when it is wrong, and ends as ever", async () => {
  using stateDir = new StateDir();
  const file = `${stateDir.path}/master.toml`;
  Deno.writeTextFileSync(file, 'log-level = "info"');
  await using process = bindlink(masterArgs(stateDir, "--metrics", "none", "--config", file));
  await process.waitForLine(/Running as master/);
  const ask = async (text: string, expected: RegExp): Promise<void> => {
    const mark = process.mark();
    Deno.writeTextFileSync(file, text);
    process.kill("SIGHUP");
    await process.waitForLine(expected, 10_000, mark);
  };
  await ask('log-level = "debug"', /Configuration read anew changes="Log level is debug"/);
  await ask("\nmtuu = 1", /Cannot reload: .*master\.toml:2: unknown key/);
  await ask("mtu = 1300", /Some options hold from the next start on options=mtu$/);
  await ask(
    'log-format = "json"',
    /"message":"Configuration read anew".*"changes":"Log format is json"/,
  );
  assert.equal((await process.stop()).code, 0);
});

Deno.test("bindlink --help loads neither the engine nor cryptography", () => {
  const seen = new Set<string>();
  const visit = (url: string): void => {
    if (seen.has(url)) return;
    seen.add(url);
    if (!url.startsWith("file:") || !url.endsWith(".ts")) return;
    // `import type` is gone when the program runs, `import()` comes later.
    const statements = /^(?:import|export) (?!type\b)[^;]*?from "([^"]+)"/gm;
    for (const [, specifier = ""] of Deno.readTextFileSync(new URL(url)).matchAll(statements)) {
      visit(specifier.startsWith(".") ? new URL(specifier, url).href : specifier);
    }
  };
  visit(new URL("../../src/main.ts", import.meta.url).href);
  assert.ok([...seen].some((url) => url.endsWith("/src/cli/parser.ts")));
  const heavy =
    /\/src\/(?:peer|state|crypto|commands|tunnel|tundev|linkmap)\/|noble|sodium|\/ffi\//;
  assert.deepEqual([...seen].filter((url) => heavy.test(url)), []);
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
