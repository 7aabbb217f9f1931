import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { TcpSocket } from "../../../src/linkmap/tcp_socket.ts";
import { PORTION_UNITS, TcpTurns } from "../../../src/linkmap/tcp_turns.ts";
import { DropCounters } from "../../../src/wire/drop_reason.ts";
import { createSlots } from "../../support/datagram_rigs.ts";

/** A connection that always has more to read, until it has been read so often: the other end floods. */
function floodingConn(reads: number, frameBytes: number): Deno.TcpConn {
  const frame = new Uint8Array(2 + frameBytes);
  frame.set([frameBytes >> 8, frameBytes & 255, 0x42, 0x4c]);
  let at = 0;
  const conn: Pick<Deno.TcpConn, "read" | "write" | "close"> = {
    read: (into) => {
      if (reads-- === 0) return Promise.resolve(null);
      for (let i = 0; i < into.length; i++) into[i] = frame[at++ % frame.length]!;
      return Promise.resolve(into.length);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    close: () => {},
  };
  return conn as Deno.TcpConn;
}

Deno.test("TcpSockets leave the event loop its turns while frames pour in, however many they are", async () => {
  for (
    const [connections, frameBytes, atMostPkts] of [[1, 32, 128], [40, 32, 128], [5, 20_000, 16]]
  ) {
    const turns = new TcpTurns();
    const remote = { hostname: "192.0.2.1", port: 1 };
    const terms = { side: "opened", label: "tcp", remote, drops: new DropCounters() } as const;
    const received = new Array<number>(connections!).fill(0);
    let isOver = false;
    const all = received.map(async (_, i) => {
      using socket = new TcpSocket(floodingConn(20, frameBytes!), { ...terms, turns });
      const slots = createSlots(1);
      while (await socket.receive(slots) > 0) received[i]!++;
    });
    const total = (): number => received.reduce((sum, it) => sum + it, 0);
    const watch = async (): Promise<number[]> => {
      const counts = [];
      for (let before = 0; !isOver; before = total()) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        counts.push(total() - before);
      }
      return counts;
    };
    const watching = watch();
    await Promise.all(all);
    isOver = true;
    const counts = await watching;
    const what = `${connections} connections, frames of ${frameBytes} bytes`;
    assert(total() > connections! * 20, what);
    assert(Math.max(...counts) <= atMostPkts!, `${what}: ${Math.max(...counts)} in a turn`);
  }
});

Deno.test("TcpSockets that share turns get the same of them", async () => {
  const turns = new TcpTurns();
  const remote = { hostname: "192.0.2.1", port: 1 };
  const terms = { side: "opened", label: "tcp", remote, drops: new DropCounters() } as const;
  const received = new Array<number>(20).fill(0);
  let longest = 0;
  await Promise.all(received.map(async (_, i) => {
    using socket = new TcpSocket(floodingConn(20, 100), { ...terms, turns });
    const slots = createSlots(1);
    while (await socket.receive(slots) > 0) {
      received[i]!++;
      longest = Math.max(longest, Math.max(...received) - Math.min(...received));
      if (received[i]! >= 1_000) break;
    }
  }));
  assert(received.every((it) => it === 1_000));
  assert(longest <= 2 * PORTION_UNITS, `one is ${longest} frames ahead of another`);
});
