import assert from "node:assert/strict";
import { requestControl } from "../../../src/control/control_client.ts";
import {
  type ControlHandler,
  type ControlLimits,
  ControlServer,
} from "../../../src/control/control_server.ts";
import type { ControlRequest } from "../../../src/control/control_message.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { countOpenFds } from "../../support/open_fds.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { TempDir } from "../../support/temp_dir.ts";

/** A server on a socket of its own, which tells back what it was asked. */
class Rig implements AsyncDisposable {
  readonly folder = new TempDir();
  readonly path = `${this.folder.path}/master.sock`;
  readonly logger = new RecordingLogger();
  server: ControlServer | null = null;

  async start(
    handler: ControlHandler = tellBack,
    limits: ControlLimits = { timeoutMs: 5_000, maxConnections: 16 },
  ): Promise<ControlServer> {
    return this.server = await ControlServer.start(this.path, handler, this.logger, limits);
  }

  /** Sends bytes as they are; what comes back until the server closes. */
  async sendRaw(bytes: Uint8Array): Promise<string> {
    const connection = await Deno.connect({ transport: "unix", path: this.path });
    try {
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
      return await new Response(connection.readable).text();
    } catch (error) {
      // The server may close before it has taken everything.
      if (error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset) {
        return "cut";
      }
      throw error;
    } finally {
      try {
        connection.close();
      } catch {
        // its stream did
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server?.[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

function tellBack(request: ControlRequest): ControlRequest {
  return request;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("ControlServer answers a request with what the handler gives", async () => {
  await using rig = new Rig();
  await rig.start();
  const answer = await requestControl(rig.path, { command: "x", name: "ü", list: [1] });
  assert.deepEqual(answer, { result: { v: 1, command: "x", name: "ü", list: [1] } });
});

Deno.test("ControlServer awaits a handler, and answers nothing by null", async () => {
  await using rig = new Rig();
  await rig.start(async (request) => {
    await Promise.resolve();
    return request.command === "nothing" ? undefined : "done";
  });
  assert.deepEqual(await requestControl(rig.path, { command: "x" }), { result: "done" });
  assert.deepEqual(await requestControl(rig.path, { command: "nothing" }), { result: null });
});

Deno.test("ControlServer hands a handler's error over, a wrong usage as such", async () => {
  await using rig = new Rig();
  await rig.start((request) => {
    throw request.command === "usage" ? new UsageError("Asked wrongly") : new Error("Disk on fire");
  });
  await assert.rejects(
    requestControl(rig.path, { command: "usage" }),
    /^UsageError: Asked wrongly$/,
  );
  await assert.rejects(requestControl(rig.path, { command: "x" }), /^Error: Disk on fire$/);
});

Deno.test("ControlServer's socket is private, also where the umask and the directory are not", async () => {
  await using rig = new Rig();
  Deno.chmodSync(rig.folder.path, 0o777);
  const umask = Deno.umask(0);
  try {
    await rig.start();
    assert.equal(Deno.umask(0), 0);
  } finally {
    Deno.umask(umask);
  }
  assert.equal(Deno.statSync(rig.path).mode! & 0o7777, 0o600);
  assert.deepEqual(rig.folder.names(), ["master.sock"]);
});

Deno.test("ControlServer takes over what a dead process left", async () => {
  await using rig = new Rig();
  // Deno removes the path it bound; renamed, the socket stays as after a crash.
  for (const name of ["master.sock", ".s-left-over-1"]) {
    const dead = Deno.listen({ transport: "unix", path: `${rig.folder.path}/a` });
    Deno.renameSync(`${rig.folder.path}/a`, `${rig.folder.path}/${name}`);
    dead.close();
  }
  const longAgo = new Date(Date.now() - 3_600_000);
  Deno.utimeSync(`${rig.folder.path}/.s-left-over-1`, longAgo, longAgo);
  assert.equal(await requestControl(rig.path, { command: "x" }), null);
  await rig.start(() => "alive");
  assert.deepEqual(await requestControl(rig.path, { command: "x" }), { result: "alive" });
  assert.deepEqual(rig.folder.names(), ["master.sock"]);
});

Deno.test("ControlServer removes its socket, and not that of the one after it", async () => {
  await using rig = new Rig();
  const first = await rig.start();
  await first[Symbol.asyncDispose]();
  assert.deepEqual(rig.folder.names(), []);
  await rig.start(() => "second");
  await first[Symbol.asyncDispose]();
  assert.deepEqual(await requestControl(rig.path, { command: "x" }), { result: "second" });
});

Deno.test("ControlServer leaves alone what another daemon has bound and is about to rename", async () => {
  await using rig = new Rig();
  const path = `${rig.folder.path}/.s-other-1`;
  using _other = Deno.listen({ transport: "unix", path });
  await rig.start();
  assert.deepEqual(rig.folder.names(), [".s-other-1", "master.sock"]);
});

Deno.test("ControlServer that ends leaves the socket of one that has taken its path", async () => {
  await using rig = new Rig();
  const first = await rig.start(() => "first");
  await rig.start(() => "second");
  await first[Symbol.asyncDispose]();
  assert.deepEqual(await requestControl(rig.path, { command: "x" }), { result: "second" });
});

Deno.test("ControlServer that ends does not wait for what it was asked to do", async () => {
  await using rig = new Rig();
  const asked = Promise.withResolvers<void>();
  const server = await rig.start(() => {
    asked.resolve();
    return new Promise(() => {});
  });
  const answer = assert.rejects(requestControl(rig.path, { command: "x" }), /it ended, or closed/);
  await asked.promise;
  await server[Symbol.asyncDispose]();
  await answer;
});

Deno.test("ControlServer answers garbage with an error and goes on", async () => {
  await using rig = new Rig();
  await rig.start();
  const garbage = [
    "\n",
    "hello\n",
    "[]\n",
    "null\n",
    "{}\n",
    '{"v":1}\n',
    '{"v":"1","command":"x"}\n',
    '{"v":1,"command":7}\n',
    '{"v":1,"command":"x"\n',
    "GET / HTTP/1.1\r\n\r\n",
    "\xff\xfe\0\0\n",
  ];
  for (const text of garbage) {
    const answer = JSON.parse(await rig.sendRaw(bytesOf(text)));
    assert.match(answer.error, /^Cannot read control request/, text);
  }
  assert.notEqual(await requestControl(rig.path, { command: "x" }), null);
});

Deno.test("ControlServer refuses a request that does not end", async () => {
  await using rig = new Rig();
  const seen: unknown[] = [];
  await rig.start((request) => seen.push(request));
  const answer = await rig.sendRaw(new Uint8Array(1_000_000).fill(0x20));
  assert.match(answer, /^cut$|longer than 65536 bytes/);
  const longest = `{"v":1,"command":"${"x".repeat(65_536 - 20)}"}`;
  assert.equal(longest.length, 65_536);
  assert.match(await rig.sendRaw(bytesOf(`${longest}\n`)), /"result":1/);
  assert.match(await rig.sendRaw(bytesOf(`${longest} \n`)), /longer than 65536 bytes/);
  assert.equal(seen.length, 1);
});

Deno.test("ControlServer tells a program of another version which end to update", async () => {
  await using rig = new Rig();
  await rig.start();
  await assert.rejects(
    requestControl(rig.path, { v: 2, command: "x" }),
    /does not understand this program's commands: it is older; restart it/,
  );
  await assert.rejects(
    requestControl(rig.path, { v: 0, command: "x" }),
    /does not understand this program's commands: this program is older; update it/,
  );
});

Deno.test("ControlServer closes a connection that says nothing, or half a request", async () => {
  await using rig = new Rig();
  await rig.start(() => "x", { timeoutMs: 50, maxConnections: 16 });
  for (const text of ["", '{"v":1,']) {
    assert.equal(await rig.sendRaw(bytesOf(text)), "");
  }
});

Deno.test("ControlServer serves a bounded number at a time, and the others after them", async () => {
  await using rig = new Rig();
  let running = 0;
  let most = 0;
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await rig.start(async () => {
    most = Math.max(most, ++running);
    await released;
    running--;
  }, { timeoutMs: 10_000, maxConnections: 3 });
  const answers = Array.from({ length: 8 }, () => requestControl(rig.path, { command: "x" }));
  await awaitCondition("three at work", () => running === 3);
  release();
  assert.equal((await Promise.all(answers)).length, 8);
  assert.equal(most, 3);
});

Deno.test("ControlServer closes with connections open, and leaves nothing open", async () => {
  const before = countOpenFds();
  {
    await using rig = new Rig();
    await rig.start();
    using idle = await Deno.connect({ transport: "unix", path: rig.path });
    const isAccepted = awaitCondition("it to be accepted", () => countOpenFds() >= before + 3);
    await isAccepted;
    await rig.server?.[Symbol.asyncDispose]();
    assert.equal(await idle.read(new Uint8Array(1)), null);
  }
  await awaitCondition("all files closed", () => countOpenFds() === before);
});

Deno.test("ControlServer says when its path is too long, and what to do", async () => {
  using folder = new TempDir();
  const path = `${folder.path}/${"x".repeat(100)}/master.sock`;
  await assert.rejects(
    ControlServer.start(path, () => null, new RecordingLogger()),
    /^Error: Cannot listen on control socket ".*": the path has \d+ bytes.*--state-dir\)$/,
  );
});

Deno.test("ControlServer can be where its path is just short enough", async () => {
  using folder = new TempDir();
  const spareBytes = 107 - `${folder.path}//master.sock`.length;
  const inner = `${folder.path}/${"x".repeat(spareBytes)}`;
  Deno.mkdirSync(inner);
  const path = `${inner}/master.sock`;
  assert.equal(path.length, 107);
  await using _server = await ControlServer.start(path, () => "x", new RecordingLogger());
  assert.deepEqual(await requestControl(path, { command: "x" }), { result: "x" });
});

Deno.test("ControlServer says why it cannot listen", async () => {
  using folder = new TempDir();
  await assert.rejects(
    ControlServer.start(`${folder.path}/none/master.sock`, () => null, new RecordingLogger()),
    /^Error: Cannot listen on control socket ".*none\/master\.sock"$/,
  );
});
