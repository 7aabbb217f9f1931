/**
 * Counts the bytes of JavaScript heap that the packet path allocates, in a process of its own:
 *
 * ```
 * deno run -A --unstable-net --v8-flags=--expose-gc,--min-semi-space-size=64,--max-semi-space-size=64 \
 *   tests/bench/allocation_main.ts
 * ```
 *
 * The young generation is so large that no collection falls into a measurement: what the heap grows
 * by is what was allocated. Prints a JSON object: path -> bytes per packet.
 *
 * @module
 */

import type { DatagramSlot } from "../../src/linkmap/datagram_socket.ts";
import { UdpSocket } from "../../src/linkmap/udp_socket.ts";
import { Packet } from "../../src/wire/packet.ts";
import { EngineRig } from "./engine_rig.ts";
import { NO_CIPHER, SecureEngineRig } from "./secure_engine_rig.ts";

/** Until V8 has compiled everything as well as it can. */
const WARM_UP_PKTS = 200_000;
const MEASURED_PKTS = 100_000;
/** A background task's garbage may fall into one of them: the least counts. */
const ROUNDS = 5;

if (import.meta.main) {
  await using rig = await EngineRig.create();
  await using secure = await SecureEngineRig.create(NO_CIPHER);
  const out = (packets: number): Promise<void> => Promise.resolve(rig.sendOut(packets));
  const back = (packets: number): Promise<void> => rig.bringBack(packets);
  const result = {
    engineOut: await measure(out, MEASURED_PKTS),
    engineBack: await measure(back, MEASURED_PKTS),
    secureThrough: await measure((n) => secure.sendThrough(n), MEASURED_PKTS),
    portableSocket: await measureSocket(),
  };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(result)}\n`));
}

async function measure(
  run: (packets: number) => Promise<void>,
  packets: number,
): Promise<number> {
  await run(WARM_UP_PKTS * packets / MEASURED_PKTS);
  let leastBytes = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    collectGarbage();
    const before = Deno.memoryUsage().heapUsed;
    await run(packets);
    leastBytes = Math.min(leastBytes, Deno.memoryUsage().heapUsed - before);
  }
  return Math.max(0, leastBytes / packets);
}

/** One datagram sent and received over loopback by the portable socket: Deno's own allocations, mostly. */
async function measureSocket(): Promise<number> {
  using a = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  using b = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  const packet = new Packet(2_048);
  packet.fill(new Uint8Array(1_384));
  const slots = Array.from({ length: 8 }, (): DatagramSlot => ({
    packet: new Packet(2_048),
    source: a.localAddress,
  }));
  return await measure(async (packets) => {
    for (let sent = 0; sent < packets; sent += slots.length) {
      for (let i = 0; i < slots.length; i++) a.send(packet, b.localAddress);
      for (let received = 0; received < slots.length;) received += await b.receive(slots);
    }
  }, MEASURED_PKTS / 10);
}

function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) {
    throw new Error("Cannot measure allocations without --v8-flags=--expose-gc");
  }
  gc();
}
