/**
 * One TCP transfer whose every byte is checked, as two programs for namespaces:
 *
 * ```
 * deno run -A tests/support/tcp_transfer_main.ts receive 10.10.10.1 7000   # one connection, to its end
 * deno run -A tests/support/tcp_transfer_main.ts send 10.10.10.1 7000      # until its stdin ends
 * ```
 *
 * Both print a line `{"bytes":N,"sha256":"...","longestPauseMs":N}` at the end; the receiver prints
 * `listening` first, both print `{"progress":N}` about every 200 ms. A pause is the time between two bytes.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mulberry32 } from "./rng.ts";

const CHUNK_BYTES = 65_536;
const PROGRESS_MS = 200;
/** Chunks of random bytes made once; each chunk sent is one of them with its number written in front. */
const SEED = 7;

async function receive(hostname: string, port: number): Promise<void> {
  const listener = Deno.listen({ hostname, port });
  print("listening");
  using conn = await listener.accept();
  listener.close();
  const tally = new Tally();
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) break;
    tally.add(buffer.subarray(0, count));
  }
  tally.finish();
}

async function send(hostname: string, port: number): Promise<void> {
  using conn = await Deno.connect({ hostname, port });
  let isOver = false;
  const untilStdinEnds = (async () => {
    for await (const _ of Deno.stdin.readable) { /* only its end counts */ }
    isOver = true;
  })();
  const random = mulberry32(SEED);
  const chunk = Uint8Array.from({ length: CHUNK_BYTES }, () => random() * 256);
  const view = new DataView(chunk.buffer);
  const tally = new Tally();
  for (let number = 0; !isOver; number++) {
    view.setUint32(0, number);
    for (let sent = 0; sent < CHUNK_BYTES;) sent += await conn.write(chunk.subarray(sent));
    tally.add(chunk);
  }
  await untilStdinEnds;
  await conn.closeWrite();
  // The other end closes when it has read all: only then is the transfer over.
  await conn.read(new Uint8Array(1));
  tally.finish();
}

/** Counts and hashes what went by. */
class Tally {
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #shownMs = 0;
  #addedMs: number | null = null;
  #longestPauseMs = 0;

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    const now = performance.now();
    this.#longestPauseMs = Math.max(this.#longestPauseMs, now - (this.#addedMs ?? now));
    this.#addedMs = now;
    if (now - this.#shownMs < PROGRESS_MS) return;
    this.#shownMs = now;
    print(JSON.stringify({ progress: this.#bytes }));
  }

  finish(): void {
    const longestPauseMs = Math.round(this.#longestPauseMs);
    const sha256 = this.#hash.digest("hex");
    print(JSON.stringify({ bytes: this.#bytes, sha256, longestPauseMs }));
  }
}

function print(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

// Last, since classes are not there before their lines have run.
if (import.meta.main) {
  const [role, hostname = "", port] = Deno.args;
  if (role === "receive") await receive(hostname, Number(port));
  else await send(hostname, Number(port));
}
