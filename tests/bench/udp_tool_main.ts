/**
 * UDP load and measurement inside a namespace, as a process of its own. One of:
 *
 * ```
 * udp_tool_main.ts sink PORT                      counts until stdin ends; prints {"packets", "spanMs"}
 * udp_tool_main.ts hole PORT                      takes and counts nothing until stdin ends
 * udp_tool_main.ts blast HOST PORT BYTES PPS MS   sends; prints {"sent", "spanMs"}
 * udp_tool_main.ts echo PORT                      sends each datagram back until stdin ends
 * udp_tool_main.ts ping HOST PORT BYTES COUNT     one after the other; prints {"roundTripsUs", "lost"}
 * ```
 *
 * Those that wait for others print `ready` first. `blast` sends by sendmmsg, so that who is measured has the processors; the others
 * use Deno's own datagrams: about 130 thousand packets a second in one direction, some times what the portable engine carries.
 *
 * @module
 */

import { SocketAddress } from "../../ffi/socket_address.ts";
import { MAX_SEGMENTS, UdpFile } from "../../ffi/udp_file.ts";

/** How long `blast` rests between two bursts; what it could not send for longer than the other is left out. In ms. */
const BLAST_REST_MS = 0.2;
const BLAST_LATE_MS = 2;
/** Receives under way at once: one alone would bring one datagram per turn of the event loop. */
const RECEIVES = 16;
/** A ping that has not come back after this is lost, in ms. */
const PING_TIMEOUT_MS = 1_000;

const encoder = new TextEncoder();

if (import.meta.main) {
  const [mode = "", ...rest] = Deno.args;
  if (mode === "sink") await sink(Number(rest[0]));
  else if (mode === "hole") await hole(Number(rest[0]));
  else if (mode === "echo") await echo(Number(rest[0]));
  else if (mode === "blast") blast(addressOf(rest), numbersOf(rest));
  else if (mode === "ping") await ping(addressOf(rest), numbersOf(rest));
  else throw new Error(`Cannot do "${mode}": not sink, hole, blast, echo or ping`);
}

async function sink(port: number): Promise<void> {
  const conn = listen(port);
  let packets = 0;
  let firstMs = 0;
  let lastMs = 0;
  const receiving = receiveEach(conn, () => {
    lastMs = performance.now();
    if (packets++ === 0) firstMs = lastMs;
  });
  await untilStdinEnds();
  conn.close();
  await receiving;
  print({ packets, spanMs: lastMs - firstMs });
}

async function echo(port: number): Promise<void> {
  const conn = listen(port);
  const receiving = receiveEach(conn, (bytes, from) => conn.send(bytes, from));
  await untilStdinEnds();
  conn.close();
  await receiving;
}

/** Its buffer is full soon, and from there the kernel's work for a packet is little, and the same for all who are compared. */
async function hole(port: number): Promise<void> {
  using _file = UdpFile.open({ hostname: "0.0.0.0", port, bufferBytes: 4_096 });
  await untilStdinEnds();
}

function blast(
  to: Deno.NetAddr,
  [bytes = 0, packetsPerSecond = 0, durationMs = 0]: readonly number[],
): void {
  using file = UdpFile.open({ hostname: "0.0.0.0", port: 0 });
  const address = SocketAddress.from(to.hostname, to.port, false);
  const burst = new Uint8Array(bytes * MAX_SEGMENTS);
  const rest = new Int32Array(new SharedArrayBuffer(4));
  const maxDue = Math.ceil(packetsPerSecond * BLAST_LATE_MS / 1_000);
  const startMs = performance.now();
  let sent = 0;
  let settled = 0;
  for (let now = startMs; now - startMs < durationMs; now = performance.now()) {
    const due = Math.floor((now - startMs) * packetsPerSecond / 1_000);
    settled = Math.max(settled, due - maxDue);
    while (settled < due) {
      const pkts = Math.min(due - settled, MAX_SEGMENTS);
      const taken = file.sendEach(burst, 0, pkts * bytes, bytes, address);
      if (taken < 0) break; // full for the moment, or nobody is there yet
      sent += taken;
      settled += taken;
    }
    Atomics.wait(rest, 0, 0, BLAST_REST_MS);
  }
  print({ sent, spanMs: performance.now() - startMs });
}

async function ping(
  to: Deno.NetAddr,
  [bytes = 0, count = 0]: readonly number[],
): Promise<void> {
  const conn = listen(0);
  const payload = new Uint8Array(bytes);
  const view = new DataView(payload.buffer);
  const buffer = new Uint8Array(65_536);
  const roundTripsUs: number[] = [];
  let lost = 0;
  for (let serial = 0; serial < count; serial++) {
    view.setUint32(0, serial);
    const startMs = performance.now();
    await conn.send(payload, to);
    if (await receiveSerial(conn, buffer, serial)) {
      roundTripsUs.push((performance.now() - startMs) * 1_000);
    } else lost++;
  }
  conn.close();
  print({ roundTripsUs, lost });
}

/** Whether that ping's answer came. A late one of an earlier ping is skipped. */
async function receiveSerial(
  conn: Deno.DatagramConn,
  buffer: Uint8Array<ArrayBuffer>,
  serial: number,
): Promise<boolean> {
  let isLate = false;
  // A receive can't be taken back: one datagram to ourselves ends it.
  const timer = setTimeout(() => {
    isLate = true;
    const { port } = conn.addr as Deno.NetAddr;
    conn.send(new Uint8Array(4), { transport: "udp", hostname: "127.0.0.1", port });
  }, PING_TIMEOUT_MS);
  try {
    for (;;) {
      const [bytes] = await conn.receive(buffer);
      if (isLate) return false;
      if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === serial) return true;
    }
  } finally {
    clearTimeout(timer);
  }
}

async function receiveEach(
  conn: Deno.DatagramConn,
  callback: (bytes: Uint8Array<ArrayBuffer>, from: Deno.Addr) => void | Promise<unknown>,
): Promise<void> {
  const loops = Array.from({ length: RECEIVES }, async () => {
    const buffer = new Uint8Array(2_048);
    for (;;) {
      const [bytes, from] = await conn.receive(buffer);
      await callback(bytes, from);
    }
  });
  await Promise.allSettled(loops); // they end when the socket is closed
}

async function untilStdinEnds(): Promise<void> {
  Deno.stdout.writeSync(encoder.encode("ready\n"));
  for await (const _ of Deno.stdin.readable); // nothing is said to it: only the end counts
}

function listen(port: number): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port });
}

function addressOf([hostname = "", port = ""]: readonly string[]): Deno.NetAddr {
  return { transport: "udp", hostname, port: Number(port) };
}

function numbersOf(rest: readonly string[]): number[] {
  return rest.slice(2).map(Number);
}

function print(value: unknown): void {
  Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(value)}\n`));
}
