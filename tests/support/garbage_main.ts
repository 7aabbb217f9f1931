/**
 * Sends garbage over UDP, from a namespace:
 *
 * ```
 * deno run -A --unstable-net tests/support/garbage_main.ts random 10.1.1.2:4000 12000000 SEED
 * deno run -A --unstable-net tests/support/garbage_main.ts mutated 10.1.1.2:4000 12000000 SEED
 * ```
 *
 * `random`: bytes that mean nothing, some with the four bytes of a good header in front. `mutated`:
 * good data and control packets for many link ids, each changed in a few places, a few not at all.
 * Prints `{"datagrams":N,"bytes":N}`.
 *
 * @module
 */

import { ORIGINAL_VECTORS } from "./control_vectors.ts";
import { Mutator } from "./mutate.ts";
import { mulberry32 } from "./rng.ts";
import { craftUdp4 } from "./udp4_packet.ts";

const MAX_DATAGRAM_BYTES = 1_472;

/** After as many datagrams the receiver gets a pause: what it cannot take in, the kernel would drop unseen. */
const BURST_PKTS = 32;
const PAUSE_MS = 1;

/** Behind 'B' 'L': of the legacy protocol 'C' and 'D', of the secure one 'I', 'R', 'K' and 'T'. */
const TYPES = [0x43, 0x44, 0x49, 0x52, 0x4b, 0x54];

/** Writes a datagram to the beginning of `into`. @returns its length in bytes. */
type Source = (into: Uint8Array) => number;

function randomSource(seed: number): Source {
  const random = mulberry32(seed);
  return (into) => {
    const length = Math.floor(random() * (MAX_DATAGRAM_BYTES + 1));
    for (let i = 0; i < length; i++) into[i] = random() * 256;
    if (random() < 0.5) into.set([0x42, 0x4c, TYPES[Math.floor(random() * TYPES.length)]!]);
    return length;
  };
}

function mutatedSource(seed: number): Source {
  const header = (type: number, id: number): number[] => [0x42, 0x4c, type, id];
  const corpus: Uint8Array[] = [];
  for (const id of [1, 2, 3, 200]) {
    for (const { bytes } of ORIGINAL_VECTORS) {
      corpus.push(Uint8Array.of(...header(0x43, id), ...bytes));
    }
    for (const payloadBytes of [40, 1_300, 1_300, 1_300]) {
      const packet = craftUdp4({ payload: new Uint8Array(payloadBytes) });
      corpus.push(Uint8Array.of(...header(0x44, id), ...packet));
    }
  }
  const mutator = new Mutator(seed, corpus);
  return (into) => mutator.next(into);
}

const [kind, target = "", totalBytes, seed] = Deno.args;
const source = kind === "random" ? randomSource(Number(seed)) : mutatedSource(Number(seed));
const { hostname, port } = new URL(`udp://${target}`);
const to: Deno.NetAddr = { transport: "udp", hostname, port: Number(port) };
const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
const buffer = new Uint8Array(MAX_DATAGRAM_BYTES);
let datagrams = 0;
let bytes = 0;
while (bytes < Number(totalBytes)) {
  const length = source(buffer);
  await socket.send(buffer.subarray(0, length), to);
  bytes += length;
  if (++datagrams % BURST_PKTS === 0) await new Promise((done) => setTimeout(done, PAUSE_MS));
}
socket.close();
// deno-lint-ignore no-console
console.log(JSON.stringify({ datagrams, bytes }));
