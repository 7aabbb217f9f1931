/**
 * A service that speaks first and then says everything back, as SSH does when one types; and its client:
 *
 * ```
 * deno run -A tests/support/echo_main.ts serve 127.0.0.1 22     # prints "listening"
 * deno run -A tests/support/echo_main.ts talk 127.0.0.1 2222    # prints {"banner":"...","bytes":N,"medianMs":N}
 * ```
 *
 * The client ends with an error when what comes back is not what it said.
 *
 * @module
 */

import { mulberry32 } from "./rng.ts";

const BANNER = "SSH-2.0-echo\r\n";

/** Words of one byte, then longer ones, up to what fills every buffer on the way. */
const WORD_BYTES = [...new Array(50).fill(1), 100, 1_300, 1_400, 10_000, 500_000];

async function serve(hostname: string, port: number): Promise<void> {
  const listener = Deno.listen({ hostname, port });
  print("listening");
  for await (const conn of listener) answer(conn).catch(() => {}); // the client's matter
}

async function answer(conn: Deno.TcpConn): Promise<void> {
  await writeAll(conn, new TextEncoder().encode(BANNER));
  await conn.readable.pipeTo(conn.writable);
}

async function talk(hostname: string, port: number): Promise<void> {
  using conn = await Deno.connect({ hostname, port });
  const banner = new TextDecoder().decode(await readExactly(conn, BANNER.length));
  const random = mulberry32(1);
  const timesMs: number[] = [];
  let bytes = 0;
  for (const lengthBytes of WORD_BYTES) {
    const word = Uint8Array.from({ length: lengthBytes }, () => random() * 256);
    const startMs = performance.now();
    const [echo] = await Promise.all([readExactly(conn, lengthBytes), writeAll(conn, word)]);
    timesMs.push(performance.now() - startMs);
    if (!word.every((byte, i) => byte === echo[i])) throw new Error("Not what was said");
    bytes += lengthBytes;
  }
  timesMs.sort((a, b) => a - b);
  const medianMs = timesMs[timesMs.length >> 1];
  print(JSON.stringify({ banner: banner.trim(), bytes, medianMs }));
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

async function readExactly(conn: Deno.TcpConn, lengthBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthBytes);
  for (let read = 0; read < lengthBytes;) {
    const count = await conn.read(bytes.subarray(read));
    if (count === null) throw new Error(`The connection ended ${lengthBytes - read} bytes early`);
    read += count;
  }
  return bytes;
}

function print(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

const [role, hostname = "", port] = Deno.args;
if (role === "serve") await serve(hostname, Number(port));
else await talk(hostname, Number(port));
