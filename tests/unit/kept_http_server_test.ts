import assert from "node:assert/strict";
import { KeptHttpServer } from "../../src/kept_http_server.ts";
import { RecordingLogger } from "../support/recording_logger.ts";

const LISTEN = { host: "127.0.0.1", port: 0 };
const REQUEST = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

Deno.test("KeptHttpServer's end waits a second for an answer, and no longer", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  const logger = new RecordingLogger();
  const handler = (): Promise<Response> => {
    asked.resolve();
    return answer.promise;
  };
  const server = new KeptHttpServer({ listen: LISTEN, what: "a test", logger, handler });
  using conn = await Deno.connect(server.address);
  await conn.write(REQUEST);
  await asked.promise;
  const beganMs = performance.now();
  await server.close();
  const tookMs = performance.now() - beganMs;
  assert(tookMs > 900 && tookMs < 3_000, `${tookMs}`);
  Deno.listen(server.address).close();
  answer.resolve(new Response("late"));
  // To the end: nothing of it is left for the next test.
  while (await conn.read(new Uint8Array(1_024)) !== null);
  assert.deepEqual(logger.events, []);
});

Deno.test("KeptHttpServer's end lets an answer under way be read whole", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  const handler = (): Promise<Response> => {
    asked.resolve();
    return answer.promise;
  };
  const logger = new RecordingLogger();
  const server = new KeptHttpServer({ listen: LISTEN, what: "a test", logger, handler });
  const response = fetch(`http://127.0.0.1:${server.address.port}/`);
  await asked.promise;
  const closed = server.close();
  answer.resolve(new Response("whole"));
  assert.equal(await (await response).text(), "whole");
  await closed;
});
