import assert from "node:assert/strict";
import { formatAddress, type NetAddress } from "../../../src/net_address.ts";
import { WebServer } from "../../../src/web/web_server.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { sampleReport } from "./sample_report.ts";

interface Started {
  readonly server: WebServer;
  readonly logger: RecordingLogger;
  readonly privateLogger: RecordingLogger;
  readonly looks: () => number;
}

async function start(host = "127.0.0.1", token: string | null = null, port = 0): Promise<Started> {
  const logger = new RecordingLogger();
  const privateLogger = new RecordingLogger();
  let looks = 0;
  const server = await WebServer.start({
    spec: { host, port, token },
    look: () => {
      looks++;
      return sampleReport();
    },
    command: () => null,
    logger,
    privateLogger,
    clock: () => performance.now(),
  });
  return { server, logger, privateLogger, looks: () => looks };
}

Deno.test("WebServer on loopback answers without a token and logs where", async () => {
  const { server, logger, privateLogger } = await start();
  await using _server = server;
  const url = `http://${formatAddress(server.address)}/`;
  assert.deepEqual(logger.events, [{ text: "info Serving the web page", properties: { url } }]);
  assert.deepEqual(privateLogger.events, []);
  const live = await fetch(`${url}api/live`);
  assert.equal(live.status, 200);
  assert.equal((await live.json()).history.last, 1);
});

Deno.test("WebServer on other addresses makes up a token, which only the log is told", async () => {
  const { server, logger, privateLogger } = await start("0.0.0.0");
  await using _server = server;
  assert.deepEqual(logger.events, []);
  const [event] = privateLogger.events;
  const { port } = server.address;
  const match = /^http:\/\/([^/]+):(\d+)\/#token=([\w-]{32})$/.exec(String(event?.properties.url));
  assert.deepEqual([match?.[2], match?.[1] === "0.0.0.0"], [String(port), false]);
  const live = `http://127.0.0.1:${port}/api/live`;
  const refused = await fetch(live);
  assert.deepEqual([refused.status, (await refused.text()).includes("report")], [401, false]);
  const right = await fetch(live, { headers: { authorization: `Bearer ${match?.[3]}` } });
  assert.equal(right.status, 200);
  await right.body?.cancel();
});

Deno.test("WebServer asks for a token that was given, on loopback too, and logs it nowhere", async () => {
  const token = "given-token-0123";
  const { server, logger, privateLogger } = await start("127.0.0.1", token);
  await using _server = server;
  const refused = await fetch(`http://${formatAddress(server.address)}/api/live`);
  assert.equal(refused.status, 401);
  await refused.body?.cancel();
  assert.equal(logger.count("info Serving the web page"), 1);
  assert.equal(JSON.stringify([logger.events, privateLogger.events]).includes(token), false);
});

Deno.test("WebServer says what to do when its port is taken", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assert.rejects(
    start("127.0.0.1", null, taken.addr.port),
    /^Error: Cannot serve the web page on 127\.0\.0\.1:\d+: .* \(choose another address with --http /,
  );
});

Deno.test("WebServer looks at the daemon once a second, however many browsers ask", async () => {
  const { server, looks } = await start();
  await using _server = server;
  const startedMs = performance.now();
  const url = `http://${formatAddress(server.address)}/api/live`;
  await awaitCondition("a third look", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(url)));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    return texts.every((text) => JSON.parse(text).history.last >= 3);
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  assert(looks() >= 3 && looks() <= 1 + seconds, `${looks()} looks in ${seconds} s`);
});

Deno.test("WebServer outlives browsers that vanish, send half a command or nonsense, and logs none of it", async () => {
  const { server, logger, privateLogger } = await start();
  await using _server = server;
  const before = logger.events.length;
  const head =
    "POST /api/command HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
  const requests = [
    "GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    `${head}Content-Length: 100\r\n\r\n{"command":`,
    `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"com`,
    "GET / HTTP/1.1\r\n\r\n",
    "\x16\x03\x01 hello\r\n\r\n",
    `GET /${"x".repeat(100_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
  ];
  for (const request of requests) {
    using conn = await Deno.connect(server.address);
    const bytes = new TextEncoder().encode(request);
    // The server may hang up in the middle of nonsense.
    for (let n = 0; n < bytes.length;) {
      const written = await conn.write(bytes.subarray(n)).catch(() => null);
      if (written === null) break;
      n += written;
    }
  }
  const answer = await fetch(`http://${formatAddress(server.address)}/api/live`);
  assert.equal(answer.status, 200);
  await answer.body?.cancel();
  assert.deepEqual([logger.events.length, privateLogger.events.length], [before, 0]);
});

Deno.test("WebServer's end frees the port and stops looking", async () => {
  const { server, looks } = await start();
  await server[Symbol.asyncDispose]();
  const before = looks();
  Deno.listen(server.address).close();
  assert.equal(looks(), before);
});

Deno.test("WebServer logs nothing for a Host that is no host, so that nobody fills log and events", async () => {
  const { server, logger, privateLogger } = await start();
  await using _server = server;
  const before = logger.events.length;
  assert.match(await answerTo(server.address, "[::1"), /^HTTP\/1\.1 400 /);
  assert.deepEqual([logger.events.length, privateLogger.events.length], [before, 0]);
});

/** What is answered at first to a request with that Host. */
async function answerTo(address: NetAddress, host: string): Promise<string> {
  using conn = await Deno.connect(address);
  await conn.write(new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
  const buffer = new Uint8Array(1024);
  const length = await conn.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, length ?? 0));
}
