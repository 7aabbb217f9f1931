/**
 * Known payload inside a namespace, sent or checked, as a process of its own. One of:
 *
 * ```
 * payload_tool_main.ts tcp-sink PORT            checks; prints a StreamReport for each connection at its end
 * payload_tool_main.ts tcp-send HOST PORT MS    sends as fast as it goes; prints {"bytes"} when all of it has arrived
 * payload_tool_main.ts udp-sink PORT            checks; prints a DatagramReport each second
 * payload_tool_main.ts udp-send HOST PORT PPS   sends; prints {"sent"} each second
 * ```
 *
 * All but tcp-send print `ready` first and run until their stdin ends; the last line is the whole of it.
 *
 * @module
 */

import { KnownBytes, MAX_VIEW_BYTES } from "./known_bytes.ts";
import { DatagramCheck, MAX_DATAGRAM_BYTES, NumberedDatagrams } from "./numbered_datagrams.ts";
import { StreamCheck } from "./stream_check.ts";

const SEED = 20_261_129;

/** Receives under way at once: one alone would bring one datagram per turn of the event loop. */
const RECEIVES = 16;
/** Steps in which datagrams are sent, in ms. */
const STEP_MS = 5;
/** What a step sends at most after a pause. */
const MAX_BURST_PKTS = 64;

const encoder = new TextEncoder();
const known = new KnownBytes(SEED);

if (import.meta.main) {
  const [mode = "", ...rest] = Deno.args;
  if (mode === "tcp-sink") await sinkStreams(Number(rest[0]));
  else if (mode === "tcp-send") await sendStream(addressOf(rest), Number(rest[2]));
  else if (mode === "udp-sink") await sinkDatagrams(Number(rest[0]));
  else if (mode === "udp-send") await sendDatagrams(addressOf(rest), Number(rest[2]));
  else throw new Error(`Cannot do "${mode}": not tcp-sink, tcp-send, udp-sink or udp-send`);
}

async function sinkStreams(port: number): Promise<void> {
  const listener = Deno.listen({ hostname: "0.0.0.0", port });
  const buffer = new Uint8Array(MAX_VIEW_BYTES);
  const serving = (async (): Promise<void> => {
    // One at a time: so does who sends.
    for await (const conn of listener) {
      const check = new StreamCheck(known);
      for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
        check.take(buffer.subarray(0, n));
      }
      print(check.report());
      conn.close();
    }
  })();
  await untilStdinEnds();
  listener.close();
  await serving;
}

async function sendStream(to: Deno.NetAddr, durationMs: number): Promise<void> {
  using conn = await Deno.connect({ hostname: to.hostname, port: to.port });
  let bytes = 0;
  for (const endMs = performance.now() + durationMs; performance.now() < endMs;) {
    bytes += await conn.write(known.at(bytes, MAX_VIEW_BYTES));
  }
  await conn.closeWrite();
  await conn.read(new Uint8Array(1)); // null: the other end has read it all, and closed
  print({ bytes });
}

async function sinkDatagrams(port: number): Promise<void> {
  const conn = listenDatagrams(port);
  const check = new DatagramCheck(known);
  const loops = Array.from({ length: RECEIVES }, async () => {
    const buffer = new Uint8Array(2_048);
    for (;;) {
      const [datagram] = await conn.receive(buffer);
      check.take(datagram);
    }
  });
  const timer = setInterval(() => print(check.report()), 1_000);
  await untilStdinEnds();
  clearInterval(timer);
  conn.close();
  await Promise.allSettled(loops); // they end when the socket is closed
  print(check.report());
}

async function sendDatagrams(to: Deno.NetAddr, packetsPerSecond: number): Promise<void> {
  const conn = listenDatagrams(0);
  const datagrams = new NumberedDatagrams(known);
  const buffer = new Uint8Array(MAX_DATAGRAM_BYTES);
  let sent = 0;
  let dueFromMs = performance.now();
  let isEnding = false;
  const ending = untilStdinEnds().then(() => isEnding = true);
  const timer = setInterval(() => print({ sent }), 1_000);
  while (!isEnding) {
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    const now = performance.now();
    const due = Math.floor((now - dueFromMs) * packetsPerSecond / 1_000);
    dueFromMs += due * 1_000 / packetsPerSecond;
    for (let i = Math.min(due, MAX_BURST_PKTS); i > 0; i--) {
      await conn.send(datagrams.write(sent, buffer), to);
      sent++;
    }
  }
  await ending;
  clearInterval(timer);
  conn.close();
  print({ sent });
}

async function untilStdinEnds(): Promise<void> {
  Deno.stdout.writeSync(encoder.encode("ready\n"));
  for await (const _ of Deno.stdin.readable); // nothing is said to it: only the end counts
}

function listenDatagrams(port: number): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port });
}

function addressOf([hostname = "", port = ""]: readonly string[]): Deno.NetAddr {
  return { transport: "udp", hostname, port: Number(port) };
}

function print(value: unknown): void {
  Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(value)}\n`));
}
