/**
 * Streams whose every piece counts, inside a namespace, as a process of its own. One of:
 *
 * ```
 * stream_tool_main.ts tcp-sink PORT                        {"timesMs", "bytes"}: each millisecond with data
 * stream_tool_main.ts tcp-source HOST PORT MS              sends all it can for that long
 * stream_tool_main.ts udp-sink PORT                        {"arrivals"}: [number, sent, received], ms
 * stream_tool_main.ts udp-source HOST PORT BYTES PPS MS    {"sent"}
 * ```
 *
 * Sinks print `ready` first and their figures when stdin ends. Times are wall clock in ms with
 * fractions: all processes of one machine share it.
 *
 * @module
 */

import {
  AF_INET,
  IPPROTO_TCP,
  loadRelayLibc,
  SOCK_STREAM,
  sockaddr,
  SOCKADDR_BYTES,
  TCP_CONGESTION,
} from "./relay_libc.ts";

/** A packet's number and time of sending. */
const STAMP_BYTES = 12;

const encoder = new TextEncoder();

if (import.meta.main) {
  const [mode = "", ...rest] = Deno.args;
  if (mode === "tcp-sink") await tcpSink(Number(rest[0]));
  else if (mode === "tcp-source") tcpSource(rest[0]!, Number(rest[1]), Number(rest[2]));
  else if (mode === "udp-sink") await udpSink(Number(rest[0]));
  else if (mode === "udp-source") {
    await udpSource(rest[0]!, Number(rest[1]), rest.slice(2).map(Number));
  } else throw new Error(`Cannot do "${mode}"`);
}

async function tcpSink(port: number): Promise<void> {
  const listener = Deno.listen({ port });
  const timesMs: number[] = [];
  const bytes: number[] = [];
  const reading = (async (): Promise<void> => {
    using conn = await listener.accept();
    const buffer = new Uint8Array(262_144);
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) return;
      const ms = wallMs();
      if (timesMs.length > 0 && ms - timesMs.at(-1)! < 1) bytes[bytes.length - 1]! += count;
      else {
        timesMs.push(ms);
        bytes.push(count);
      }
    }
  })().catch(() => {}); // closed under it
  await untilStdinEnds();
  print({ timesMs, bytes });
  void reading;
  Deno.exit(0);
}

/** By plain C calls, since Deno cannot name the congestion control; blocks this thread. */
function tcpSource(hostname: string, port: number, durationMs: number): void {
  const libc = loadRelayLibc();
  const fd = libc.socket(AF_INET, SOCK_STREAM, 0);
  const cubic = Uint8Array.from("cubic", (letter) => letter.charCodeAt(0));
  if (libc.setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, cubic, cubic.length) < 0) {
    throw new Error("Cannot set TCP_CONGESTION to cubic");
  }
  if (libc.connect(fd, sockaddr(hostname, port), SOCKADDR_BYTES) < 0) {
    throw new Error(`Cannot connect to ${hostname}:${port}`);
  }
  const chunk = new Uint8Array(new ArrayBuffer(65_536));
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs && libc.write(fd, chunk, chunk.length) > 0);
}

async function udpSink(port: number): Promise<void> {
  const conn = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port });
  const arrivals: [number, number, number][] = [];
  void (async (): Promise<void> => {
    const buffer = new Uint8Array(2_048);
    for (;;) {
      const [bytes] = await conn.receive(buffer);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      arrivals.push([view.getUint32(0), view.getFloat64(4), wallMs()]);
    }
  })().catch(() => {}); // closed under it
  await untilStdinEnds();
  print({ arrivals });
  Deno.exit(0);
}

async function udpSource(
  hostname: string,
  port: number,
  [bytes = 0, packetsPerSecond = 0, durationMs = 0]: readonly number[],
): Promise<void> {
  const conn = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  const payload = new Uint8Array(Math.max(STAMP_BYTES, bytes));
  const view = new DataView(payload.buffer);
  const startMs = performance.now();
  let sent = 0;
  for (;;) {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs >= durationMs) break;
    while (sent <= elapsedMs * packetsPerSecond / 1_000) {
      view.setUint32(0, sent++);
      view.setFloat64(4, wallMs());
      await conn.send(payload, { transport: "udp", hostname, port }).catch(() => {});
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  conn.close();
  print({ sent });
}

function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

async function untilStdinEnds(): Promise<void> {
  Deno.stdout.writeSync(encoder.encode("ready\n"));
  for await (const _ of Deno.stdin.readable); // nothing is said to it: only the end counts
}

function print(value: unknown): void {
  const line = encoder.encode(`${JSON.stringify(value)}\n`);
  for (let done = 0; done < line.length;) done += Deno.stdout.writeSync(line.subarray(done));
}
