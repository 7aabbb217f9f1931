/**
 * A TCP listener that sends every datagram back: a process of its own, so that a test can give it few
 * file descriptors. Prints its port, and a line for each warning.
 *
 * @module
 */

import { TcpAdmission } from "../../src/linkmap/tcp_admission.ts";
import { TcpListener } from "../../src/linkmap/tcp_listener.ts";
import type { TcpSocket } from "../../src/linkmap/tcp_socket.ts";
import { TcpTurns } from "../../src/linkmap/tcp_turns.ts";
import { DropCounters } from "../../src/wire/drop_reason.ts";
import { createSlots } from "./datagram_rigs.ts";

const listener = TcpListener.open({
  hostname: "127.0.0.1",
  port: 0,
  drops: new DropCounters(),
  logger: {
    debug: () => {},
    info: () => {},
    warn: (message, properties) => print(`${message}: ${properties?.["reason"]}`),
    error: () => {},
  },
  clock: () => performance.now(),
  admission: new TcpAdmission<TcpSocket>(() => true),
  turns: new TcpTurns(),
  pump: async (socket) => {
    const [slot] = createSlots(1);
    while (await socket.receive([slot!]) > 0) socket.send(slot!.packet, slot!.source);
  },
  onSocketClosed: () => {},
});
print(String(listener.localAddress.port));

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
