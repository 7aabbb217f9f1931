import assert from "node:assert/strict";
import { formatAddress } from "../../../src/net_address.ts";
import { MetricsServer } from "../../../src/metrics/http_server.ts";
import type { DaemonSnapshot } from "../../../src/snapshot.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { sampleDaemon } from "./sample_snapshot.ts";

const ANY_PORT = { host: "127.0.0.1", port: 0, isDefault: false };

async function withServer(
  snapshot: () => DaemonSnapshot,
  use: (url: string, logger: RecordingLogger) => Promise<void>,
): Promise<void> {
  const logger = new RecordingLogger();
  await using server = await MetricsServer.start(ANY_PORT, { snapshot }, logger);
  assert.ok(server !== null);
  await use(`http://${formatAddress(server.address)}`, logger);
}

Deno.test("MetricsServer serves /metrics in the text format", async () => {
  await withServer(sampleDaemon, async (url) => {
    const response = await fetch(`${url}/metrics`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.match(await response.text(), /\nbindlink_uptime_seconds 61.5\n/);
  });
});

Deno.test("MetricsServer serves /healthz as JSON, 503 when no link is up", async () => {
  let snapshot = sampleDaemon();
  await withServer(() => snapshot, async (url) => {
    const well = await fetch(`${url}/healthz`);
    assert.equal(well.status, 200);
    assert.deepEqual((await well.json()).links, { up: 1, known: 1 });
    snapshot = sampleDaemon({ links: [] });
    const ill = await fetch(`${url}/healthz`);
    assert.equal(ill.status, 503);
    assert.equal((await ill.json()).status, "no link is up");
  });
});

Deno.test("MetricsServer answers HEAD without a body, and nothing but GET and HEAD", async () => {
  await withServer(sampleDaemon, async (url) => {
    const head = await fetch(`${url}/metrics`, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    const post = await fetch(`${url}/metrics`, { method: "POST", body: "x" });
    assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
    await post.body?.cancel();
  });
});

Deno.test("MetricsServer answers 404 elsewhere and says where to look", async () => {
  await withServer(sampleDaemon, async (url) => {
    const response = await fetch(`${url}/`);
    assert.equal(response.status, 404);
    assert.match(await response.text(), /\/metrics and \/healthz/);
  });
});

Deno.test("MetricsServer answers 500 when the snapshot fails, and goes on", async () => {
  let isBroken = true;
  const snapshot = (): DaemonSnapshot => {
    if (isBroken) throw new Error("not now");
    return sampleDaemon();
  };
  await withServer(snapshot, async (url, logger) => {
    const broken = await fetch(`${url}/metrics`);
    assert.equal(broken.status, 500);
    assert.doesNotMatch(await broken.text(), /not now/);
    assert.equal(logger.count("warn A request for metrics failed"), 1);
    isBroken = false;
    const mended = await fetch(`${url}/metrics`);
    assert.equal(mended.status, 200);
    await mended.body?.cancel();
  });
});

Deno.test("MetricsServer.start goes on without when the default port is taken", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const logger = new RecordingLogger();
  const spec = { host: "127.0.0.1", port: taken.addr.port, isDefault: true };
  assert.equal(await MetricsServer.start(spec, { snapshot: sampleDaemon }, logger), null);
  assert.match(
    logger.events[0]?.text ?? "",
    /^warn Cannot serve metrics on 127\.0\.0\.1:\d+: .*; going on without$/,
  );
});

Deno.test("MetricsServer.start fails when a port that was named is taken", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const spec = { host: "127.0.0.1", port: taken.addr.port, isDefault: false };
  await assert.rejects(
    MetricsServer.start(spec, { snapshot: sampleDaemon }, new RecordingLogger()),
    (error) => {
      assert.ok(error instanceof Error && error.cause instanceof Deno.errors.AddrInUse);
      assert.match(
        error.message,
        /Cannot serve metrics on .*\(choose another address with --metrics/,
      );
      return true;
    },
  );
});

Deno.test("MetricsServer.close frees the port, waits for no idle connection, and may be repeated", async () => {
  const server = await MetricsServer.start(
    ANY_PORT,
    { snapshot: sampleDaemon },
    new RecordingLogger(),
  );
  assert.ok(server !== null);
  using _idle = await Deno.connect(server.address);
  await Promise.all([server.close(), server.close()]);
  Deno.listen(server.address).close();
});

Deno.test("MetricsServer logs nothing for a Host that is no host", async () => {
  const logger = new RecordingLogger();
  await using server = await MetricsServer.start(ANY_PORT, { snapshot: sampleDaemon }, logger);
  assert(server);
  const before = logger.events.length;
  using conn = await Deno.connect(server.address);
  await conn.write(new TextEncoder().encode("GET /metrics HTTP/1.1\r\nHost: [::1\r\n\r\n"));
  const buffer = new Uint8Array(1024);
  const length = await conn.read(buffer);
  assert.match(new TextDecoder().decode(buffer.subarray(0, length ?? 0)), /^HTTP\/1\.1 404 /);
  assert.equal(logger.events.length, before);
});
