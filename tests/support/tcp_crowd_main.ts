/**
 * TCP connections that mean no good, from a namespace, until its stdin ends:
 *
 * ```
 * deno run -A tests/support/tcp_crowd_main.ts 10.1.9.2:4000 200 SEED
 * ```
 *
 * So many are held at once; one that the other end closes is opened again after a while. Each is of one of
 * these kinds, in turn: it says nothing; it says the right thing, a byte at a time, and never comes to an end;
 * it asks for a web page; it sends random bytes; it sends a right preamble and frames of random bytes.
 * Prints `{"open":N,"opened":N}` a few times a second: connections now, and so far.
 *
 * @module
 */

import { craftTcpPreamble } from "../../src/linkmap/tcp_framing.ts";
import { mulberry32 } from "./rng.ts";

/** Pause between two words of one connection, and before it is opened again. */
const PAUSE_MS = 500;
const PROGRESS_MS = 200;

/** What one kind of connection says next; null: nothing more. */
type Speech = (turn: number) => Uint8Array<ArrayBuffer> | null;

function speechOf(kind: number, random: () => number): Speech {
  const randomBytes = (length: number): Uint8Array<ArrayBuffer> =>
    Uint8Array.from({ length }, () => random() * 256);
  switch (kind) {
    case 0:
      return () => null;
    case 1:
      // Behind the preamble the longest frame there is: 0xff 0xe3.
      return (turn) => Uint8Array.of([...craftTcpPreamble(), 0xff, 0xe3][turn] ?? 0);
    case 2:
      return (turn) =>
        turn === 0 ? new TextEncoder().encode("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n") : null;
    case 3:
      return () => randomBytes(1_000);
    default:
      return (turn) => turn === 0 ? craftTcpPreamble() : frameOf(randomBytes(148));
  }
}

/** With a good header: an initiation, which is the dearest to look at. */
function frameOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  bytes.set([0x42, 0x4c, 0x49, 0]);
  return Uint8Array.of(bytes.length >> 8, bytes.length & 0xff, ...bytes);
}

const [target = "", count, seed] = Deno.args;
const { hostname, port } = new URL(`tcp://${target}`);
const random = mulberry32(Number(seed));
const open = new Set<Deno.TcpConn>();
let opened = 0;
let isOver = false;

async function keepOne(kind: number, delayMs: number): Promise<void> {
  await pause(delayMs);
  while (!isOver) {
    try {
      await beOne(speechOf(kind, random));
    } catch {
      // Closed by the other end, or by us: that is what is tried here.
    }
    await pause();
  }
}

async function beOne(speech: Speech): Promise<void> {
  const conn = await Deno.connect({ hostname, port: Number(port) });
  open.add(conn);
  opened++;
  try {
    const closed = conn.readable.pipeTo(new WritableStream(), { preventCancel: true });
    await Promise.race([closed, talk(conn, speech)]);
  } finally {
    open.delete(conn);
    conn.close();
  }
}

async function talk(conn: Deno.TcpConn, speech: Speech): Promise<void> {
  for (let turn = 0; !isOver; turn++) {
    const bytes = speech(turn);
    if (bytes !== null) await conn.write(bytes);
    await pause();
  }
}

function pause(ms: number = PAUSE_MS): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

// Not all in one instant.
for (let i = 0; i < Number(count); i++) keepOne(i % 5, i * PAUSE_MS / Number(count));
setInterval(() => {
  // deno-lint-ignore no-console
  console.log(JSON.stringify({ open: open.size, opened }));
}, PROGRESS_MS);
for await (const _ of Deno.stdin.readable) { /* only its end counts */ }
isOver = true;
Deno.exit(0);
