import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { DatagramSocket } from "../../../src/linkmap/datagram_socket.ts";
import { connectTcp } from "../../../src/linkmap/tcp_connect.ts";
import { MIN_DATAGRAM_BYTES } from "../../../src/linkmap/tcp_framing.ts";
import type { TcpSocket } from "../../../src/linkmap/tcp_socket.ts";
import { DropCounters } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { createSlots } from "../../support/datagram_rigs.ts";
import { readLines } from "../../support/read_lines.ts";

const HOST = "127.0.0.1";

function connect(port: number): Promise<TcpSocket> {
  return connectTcp({ remote: { hostname: HOST, port }, drops: new DropCounters() });
}

/** Sends a datagram with that byte at its end, and waits for it to come back. */
async function say(socket: DatagramSocket, port: number, byte: number): Promise<void> {
  const packet = datagramOf(byte);
  assert.equal(socket.send(packet, { hostname: HOST, port }), 0);
  const [slot] = createSlots(1);
  assert.equal(await socket.receive([slot!]), 1);
  assert.deepEqual(slot!.packet.toBytes(), packet.toBytes());
}

/** As short as a datagram of ours can be. */
function datagramOf(byte: number): Packet {
  const packet = new Packet(MIN_DATAGRAM_BYTES);
  packet.fill(new Uint8Array(MIN_DATAGRAM_BYTES));
  packet.bytes.set([0x42, 0x4c], packet.start);
  packet.bytes[packet.end - 1] = byte;
  return packet;
}

Deno.test("TcpListener outlives a lack of file descriptors, and its connections too", async () => {
  const main = fileURLToPath(import.meta.resolve("../../support/tcp_echo_main.ts"));
  const config = fileURLToPath(import.meta.resolve("../../../deno.json"));
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      'ulimit -n 64; exec "$@"',
      "sh",
      Deno.execPath(),
      ...["run", "-A", "--no-check", "--config", config, main],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const conns: TcpSocket[] = [];
  try {
    const lines = readLines(child.stdout)[Symbol.asyncIterator]();
    const port = Number((await lines.next()).value);
    using early = await connect(port);
    await say(early, port, 1);
    // The system accepts for the listener, up to its backlog: so all of these succeed.
    while (conns.length < 80) conns.push(await connect(port));
    assert.match(
      String((await lines.next()).value),
      /^Cannot accept TCP connections now: .*os error 24/,
    );
    await say(early, port, 2);
    for (const conn of conns) conn.close();
    using late = await connect(port);
    await say(late, port, 3);
    await lines.return?.();
  } finally {
    for (const conn of conns) conn.close();
    child.kill();
    await child.status;
  }
});
