/**
 * Asks servers of a namespace again and again, each time by a connection of its own, or is one of them. One of:
 *
 * ```
 * answer_probe_main.ts ask MS HOST:PORT SOCKET HOST:PORT   `/healthz`, the control socket's `status`, the server below, in turn
 * answer_probe_main.ts serve PORT                          answers every request; runs until stdin ends
 * answer_probe_main.ts socks PORT                          a SOCKS5 server; runs until stdin ends
 * ```
 *
 * The first prints `{"healthzMs", "statusMs", "bareMs"}`, each a list; the others `ready`.
 *
 * @module
 */

import { requestControl } from "../../../src/control/control_client.ts";
import { Socks5Server } from "../../support/socks5_server.ts";

/** Between two rounds. */
const PAUSE_MS = 30;

const encoder = new TextEncoder();

if (import.meta.main) {
  const [mode = "", ...rest] = Deno.args;
  if (mode === "ask") await ask(Number(rest[0]), rest.slice(1));
  else if (mode === "serve") await serve(Number(rest[0]));
  else if (mode === "socks") await serveSocks(Number(rest[0]));
  else throw new Error(`Cannot do "${mode}": not ask, serve or socks`);
}

async function ask(
  durationMs: number,
  [healthz = "", socket = "", bare = ""]: readonly string[],
): Promise<void> {
  const healthzMs: number[] = [];
  const statusMs: number[] = [];
  const bareMs: number[] = [];
  // A report compares with one of a second ago, or waits for it.
  await requestControl(socket, { command: "status" });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) {
    healthzMs.push(await timeOf(() => fetchOnce(healthz)));
    statusMs.push(await timeOf(() => requestControl(socket, { command: "status" })));
    bareMs.push(await timeOf(() => fetchOnce(bare)));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  print(JSON.stringify({ healthzMs, statusMs, bareMs }));
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** A connection, a request, and the answer to its end. @throws Error when it is not 200. */
async function fetchOnce(where: string): Promise<void> {
  const [hostname = "", port = ""] = where.split(":");
  using conn = await Deno.connect({ hostname, port: Number(port) });
  await conn.write(
    encoder.encode(`GET /healthz HTTP/1.1\r\nHost: ${where}\r\nConnection: close\r\n\r\n`),
  );
  const buffer = new Uint8Array(65_536);
  let head = "";
  for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
    if (head === "") head = new TextDecoder().decode(buffer.subarray(0, n));
  }
  if (!head.startsWith("HTTP/1.1 200")) throw new Error(`${where} answers ${head}`);
}

async function serve(port: number): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => print("ready") },
    () => new Response("ok\n"),
  );
  await untilStdinEnds();
  await server.shutdown();
}

async function serveSocks(port: number): Promise<void> {
  await using _server = Socks5Server.listen({ hostname: "0.0.0.0", port });
  print("ready");
  await untilStdinEnds();
}

async function untilStdinEnds(): Promise<void> {
  for await (const _ of Deno.stdin.readable); // nothing is said to it: only the end counts
}

function print(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}
