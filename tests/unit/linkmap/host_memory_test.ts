import assert from "node:assert/strict";
import { HostMemory } from "../../../src/linkmap/host_memory.ts";
import type { ResolveOptions } from "../../../src/linkmap/resolve.ts";

const MASTER = { host: "master.example", port: 4321 };
const FOUND = [{ hostname: "192.0.2.1", port: 4321 }];

/** A name server that answers, or does not, and who remembers its answers. */
class NameServer {
  readonly asked: ResolveOptions[] = [];
  answers = true;
  readonly hosts = new HostMemory((_target, options = {}) => {
    this.asked.push(options);
    return this.answers ? Promise.resolve(FOUND) : Promise.reject(new Error("no answer"));
  });
}

Deno.test("a host that was found once is found while no name server answers", async () => {
  const server = new NameServer();
  assert.deepEqual(await server.hosts.resolve(MASTER), FOUND);
  server.answers = false;
  assert.deepEqual(await server.hosts.resolve({ ...MASTER, port: 5 }), [
    { hostname: "192.0.2.1", port: 5 },
  ]);
});

Deno.test("a host that was never found is not", async () => {
  const server = new NameServer();
  server.answers = false;
  assert(!server.hosts.knows(MASTER.host));
  await assert.rejects(server.hosts.resolve(MASTER), /no answer/);
  server.answers = true;
  await server.hosts.resolve(MASTER);
  assert(server.hosts.knows(MASTER.host));
});

Deno.test("a name server is waited for less where an answer is known", async () => {
  const server = new NameServer();
  await server.hosts.resolve(MASTER, { timeoutMs: 10_000 });
  await server.hosts.resolve(MASTER, { timeoutMs: 10_000 });
  assert.deepEqual(server.asked.map(({ timeoutMs }) => timeoutMs), [10_000, 1_500]);
});

Deno.test("who gives up gets no old answer", async () => {
  const server = new NameServer();
  await server.hosts.resolve(MASTER);
  server.answers = false;
  const reason = new Error("stop");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(server.hosts.resolve(MASTER, { signal }), reason);
});
