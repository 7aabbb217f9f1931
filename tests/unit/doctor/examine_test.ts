/**
 * The doctor's probes against a real master, over loopback and through proxies in this process. What needs networks that are broken
 * stands in tests/e2e/doctor_test.ts.
 */

import assert from "node:assert/strict";
import { loadLibc } from "../../../ffi/libc.ts";
import { loadLibcrypto } from "../../../ffi/libcrypto.ts";
import { runCommand } from "../../../src/commands/run_command.ts";
import { runDaemon } from "../../../src/run_daemon.ts";
import type { Configuration } from "../../../src/reload/reloader.ts";
import { examine } from "../../../src/doctor/examine.ts";
import type { Finding } from "../../../src/doctor/finding.ts";
import { FakeCommandIo } from "../../support/fake_command_io.ts";
import { HostileSocks5Server } from "../../support/hostile_socks5_server.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { Socks5Server } from "../../support/socks5_server.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { reactorsSettled } from "../../../src/wait_loop.ts";
import { master as masterOptions, request as parse } from "../cli/judge.ts";

loadLibc();
loadLibcrypto();

/** A configuration that is never read anew. */
const NO_CONFIGURATION: Configuration = {
  read: () => Promise.reject(new Error("not asked")),
  setLog: () => {},
  onAsked: () => ({ [Symbol.dispose]: () => {} }),
};

/** A master with a stand-in for the tun, and two slaves. */
class LoopbackMaster implements AsyncDisposable {
  readonly port: number;
  readonly stateDir: string;
  readonly #folder: TempDir;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  private constructor(
    folder: TempDir,
    port: number,
    running: (signal: AbortSignal) => Promise<void>,
  ) {
    this.#folder = folder;
    this.stateDir = folder.path;
    this.port = port;
    this.#running = running(this.#stop.signal);
  }

  static async start(): Promise<LoopbackMaster> {
    const folder = new TempDir();
    const port = freePort();
    const line = `--state-dir ${folder.path} --listen 127.0.0.1:${port} --metrics none ` +
      "--connect-tcp 127.0.0.1:9";
    const options = await masterOptions(line);
    const logger = new RecordingLogger();
    const started = Promise.withResolvers<void>();
    const info = logger.info.bind(logger);
    logger.info = (message, properties): void => {
      info(message, properties);
      if (message.startsWith("Running as")) started.resolve();
    };
    const master = new LoopbackMaster(
      folder,
      port,
      (signal) =>
        runDaemon(options, { logger, signal, version: "0", configuration: NO_CONFIGURATION }),
    );
    await Promise.race([started.promise, master.#running]);
    return master;
  }

  async invite(name: string): Promise<string> {
    const io = new FakeCommandIo();
    await runCommand({
      kind: "invite",
      stateDir: this.stateDir,
      name,
      endpoints: [{ host: "127.0.0.1", port: this.port }],
      publicKey: null,
      showsQr: false,
    }, io);
    return io.stdout.text.trim();
  }

  async revoke(name: string): Promise<void> {
    await runCommand({ kind: "revoke", stateDir: this.stateDir, name }, new FakeCommandIo());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await reactorsSettled();
    this.#folder[Symbol.dispose]();
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function tokenOfAnotherMaster(): Promise<string> {
  await using other = await LoopbackMaster.start();
  return await other.invite("laptop");
}

async function run(line: string): Promise<readonly Finding[]> {
  const request = await parse(`doctor --metrics none --connect-tcp 127.0.0.1:9 ${line}`);
  assert.ok(request.kind === "doctor");
  return await examine(request, () => {}, [50]);
}

function textOf(findings: readonly Finding[], about: string, check: string): string {
  const found = findings.find((it) => it.about === about && it.check === check);
  return found === undefined
    ? assert.fail(`nothing about ${about}, ${check}: ${JSON.stringify(findings, null, 1)}`)
    : `${found.verdict} ${found.text}`;
}

Deno.test("the doctor measures links over UDP, alone and together, and one through a proxy over TCP", async () => {
  await using master = await LoopbackMaster.start();
  const token = await master.invite("laptop");
  await using relay = Socks5Server.listen();
  await using tcpOnly = Socks5Server.listen({ udp: "refuse" });
  const findings = await run(
    `${token} --proxies relay=127.0.0.1:${relay.address.port},tcp=127.0.0.1:${tcpOnly.address.port} ` +
      `--targets direct=127.0.0.1:${master.port}`,
  );
  assert.match(textOf(findings, "token", "token"), /^ok .*this slave is laptop/);
  for (const name of ["direct", "relay"]) {
    assert.match(textOf(findings, `link ${name}`, "udp"), /^ok UDP goes through/);
    assert.match(textOf(findings, `link ${name}`, "mtu"), /^ok/);
    assert.match(textOf(findings, `link ${name}`, "rates"), /to the master .*back not measured/);
  }
  assert.match(
    textOf(findings, "link tcp", "udp"),
    /^fault the proxy does not relay UDP.*over TCP/,
  );
  assert.match(textOf(findings, "link tcp", "rates"), /^ok to the master/);
});

Deno.test("the doctor leaves metered links alone, unless told otherwise, and looks at idle ones when asked", async () => {
  await using master = await LoopbackMaster.start();
  const token = await master.invite("laptop");
  const request = await parse(
    `doctor ${token} --metrics none --targets a=127.0.0.1:${master.port};metered --nat-timeout`,
  );
  assert.ok(request.kind === "doctor");
  const findings = await examine(request, () => {}, [50]);
  assert.match(textOf(findings, "link a", "delay"), /^ok/);
  assert.match(textOf(findings, "link a", "rates"), /^unchecked its rate: the link is metered/);
  // The stand-in has no kernel that answers pings.
  assert.match(textOf(findings, "link a", "nat-timeout"), /^unchecked .*no reply/);
});

Deno.test("the doctor tells apart what is wrong with proxies, endpoints and the token", async () => {
  await using master = await LoopbackMaster.start();
  const token = await master.invite("laptop");
  await master.revoke("laptop");
  await using web = HostileSocks5Server.listen({
    methodReply: new TextEncoder().encode("HTTP/1.0 400 Bad Request\r\n"),
  });
  await using closed = Socks5Server.listen({ credentials: { username: "u", password: "p" } });
  const { port } = closed.address;
  const proxies = [
    `away=127.0.0.1:${freePort()}`,
    `web=127.0.0.1:${web.address.port}`,
    `closed=127.0.0.1:${port}`,
    `wrong=socks5://u:q@127.0.0.1:${port}`,
  ];
  const findings = await run(
    `${token} --measure none --proxies ${proxies.join()} ` +
      `--targets ok=127.0.0.1:${master.port},port=127.0.0.1:${freePort()} --interfaces doctor0`,
  );
  assert.match(textOf(findings, "link away", "proxy"), /connection refused/);
  assert.match(textOf(findings, "link web", "proxy"), /is no SOCKS5 proxy/);
  assert.match(textOf(findings, "link closed", "proxy"), /wants user name and password/);
  assert.match(textOf(findings, "link wrong", "proxy"), /refuses user name and password/);
  assert.match(textOf(findings, "link port", "master"), /no master listens/);
  assert.match(textOf(findings, "link doctor0", "interface"), /no interface doctor0/);
  assert.match(textOf(findings, "token", "token"), /^fault refused: the master has revoked/);
});

Deno.test("a master that does not know the token answers nothing, and the doctor says that somebody listens", async () => {
  const token = await tokenOfAnotherMaster();
  await using master = await LoopbackMaster.start();
  const findings = await run(`${token} --measure none --targets a=127.0.0.1:${master.port}`);
  assert.match(textOf(findings, "link a", "master"), /^fault something listens .*this token/);
});

Deno.test("the doctor prints a report, or JSON, and its exit code says whether there is a fault", async () => {
  await using master = await LoopbackMaster.start();
  await master.invite("laptop");
  const line = `doctor --master --state-dir ${master.stateDir} --listen 127.0.0.1:${master.port}`;
  const more = "--connect-tcp 127.0.0.1:9";
  const io = new FakeCommandIo();
  assert.equal(await runCommand(await parse(`${line} ${more}`), io), 0);
  assert.match(io.stdout.text, /a master runs; 0 of 1 slaves are connected[^]*No fault was found/);

  using empty = new TempDir();
  const json = new FakeCommandIo();
  const away = `doctor --json --state-dir ${empty.path} ${more}`;
  assert.equal(await runCommand(await parse(away), json), 1);
  assert.equal(JSON.parse(json.stdout.text).status, "fault");
});
