/**
 * What a packet's way through a session costs without its cipher, and what it costs to find session and
 * route among a thousand; in a process of its own:
 *
 * ```
 * deno run -A --v8-flags=--expose-gc,--min-semi-space-size=64,--max-semi-space-size=64 \
 *   tests/bench/session_cost_main.ts
 * ```
 *
 * The young generation is so large that no collection falls into a measurement: what the heap grows
 * by is what was allocated. Prints a JSON object: path -> { bytes, nanoseconds } per packet.
 *
 * @module
 */

import type { AeadProvider } from "../../src/peer/aead.ts";
import { CipherId } from "../../src/peer/aead.ts";
import { InnerRoutes } from "../../src/peer/inner_routes.ts";
import { SessionTable } from "../../src/peer/session_table.ts";
import { prependDataHeader, stripDataHeader } from "../../src/wire/data_header.ts";
import { HEADROOM_BYTES, Packet } from "../../src/wire/packet.ts";
import { readReceiverIndex, writeTransportHeader } from "../../src/wire/transport_header.ts";
import { mulberry32 } from "../support/rng.ts";
import { sessionPair } from "../support/session_pair.ts";

const ENTRIES = 1_000;
/** Until V8 has compiled everything as well as it can. */
const WARM_UP_PKTS = 300_000;
const MEASURED_PKTS = 200_000;
/** A background task's garbage may fall into one of them: the least counts. */
const ROUNDS = 7;

/** Per packet. */
interface Cost {
  readonly bytes: number;
  readonly nanoseconds: number;
}

/** An AEAD that costs nothing: all that is left is the session's own work. */
const NO_CIPHER: AeadProvider = {
  label: "none",
  ciphers: [CipherId.CHACHA20_POLY1305],
  createSealer: () => ({ seal(): void {}, [Symbol.dispose](): void {} }),
  createOpener: () => ({ open: () => true, [Symbol.dispose](): void {} }),
};

if (import.meta.main) {
  const costs: Record<string, Cost> = {
    seal: measure(sealing()),
    open: measure(opening()),
    openLargeNumbers: measure(opening(2 ** 33)),
    sessionTable: measure(tableLookups()),
    routesIpv4: measure(routeLookups(4)),
    routesIpv6: measure(routeLookups(6)),
  };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(costs)}\n`));
}

function measure(run: (packets: number) => void): Cost {
  run(WARM_UP_PKTS);
  let bytes = Infinity;
  let nanoseconds = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    collectGarbage();
    const before = Deno.memoryUsage().heapUsed;
    const startedMs = performance.now();
    run(MEASURED_PKTS);
    nanoseconds = Math.min(nanoseconds, (performance.now() - startedMs) * 1e6 / MEASURED_PKTS);
    bytes = Math.min(bytes, Deno.memoryUsage().heapUsed - before);
  }
  return { bytes: Math.max(0, bytes / MEASURED_PKTS), nanoseconds };
}

/** Data header and seal, round over three links. */
function sealing(): (packets: number) => void {
  const { initiator } = sessionPair({ provider: NO_CIPHER });
  const inner = new Packet(2_048);
  inner.fill(new Uint8Array(1_400));
  const { start } = inner;
  const sealed = new Packet(2_048);
  return (packets) => {
    for (let i = 0; i < packets; i++) {
      prependDataHeader(inner, 0, 7, 123_456, i);
      if (initiator.seal(inner, 1 + i % 3, sealed) < 0) throw new Error("A packet was refused");
      inner.start = start;
    }
  };
}

/** Header written (some 4 ns), open, data header, round over three links, each number once. */
function opening(firstSeqNo = 0): (packets: number) => void {
  const { responder } = sessionPair({ provider: NO_CIPHER });
  const packet = new Packet(2_048);
  const end = HEADROOM_BYTES + 1_444;
  // As LinkCounters does it: a number beyond 2^31 in a variable that a closure keeps is a heap object each time.
  const next = Float64Array.of(firstSeqNo);
  return (packets) => {
    for (let i = 0; i < packets; i++) {
      packet.start = HEADROOM_BYTES;
      packet.end = end;
      const linkId = 1 + i % 3;
      writeTransportHeader(packet.view, HEADROOM_BYTES, linkId, 0, next[0]!++);
      if (responder.open(packet, linkId) < 0) throw new Error("A packet was refused");
      if (stripDataHeader(packet) < 0) throw new Error("A packet was refused");
    }
  };
}

/** A datagram's index read and looked up, each of them in turn. */
function tableLookups(): (packets: number) => void {
  const random = mulberry32(1);
  const table = new SessionTable<{ readonly name: string }>((lengthBytes) =>
    Uint8Array.from({ length: lengthBytes }, () => random() * 256)
  );
  const datagrams = new DataView(new ArrayBuffer(16 * ENTRIES));
  for (let i = 0; i < ENTRIES; i++) {
    const index = table.freeIndex();
    table.set(index, { name: `slave ${i}` });
    writeTransportHeader(datagrams, 16 * i, 1, index, 0);
  }
  return (packets) => {
    for (let i = 0; i < packets; i++) {
      const index = readReceiverIndex(datagrams, 16 * (i * 7 % ENTRIES));
      if (table.get(index) === undefined) throw new Error("A session was not found");
    }
  };
}

/** A packet's destination looked up, each of them in turn. */
function routeLookups(version: 4 | 6): (packets: number) => void {
  const routes = new InnerRoutes<{ readonly name: string }>([
    { address: "10.10.0.1", prefixBits: 16 },
    { address: "fd12:3456:789a:1::1", prefixBits: 64 },
  ]);
  for (let host = 2; host < ENTRIES + 2; host++) {
    routes.add({ name: `slave ${host}` }, [
      { address: `10.10.${host >> 8}.${host & 255}`, prefixBits: 16 },
      { address: `fd12:3456:789a:1::${host.toString(16)}`, prefixBits: 64 },
    ]);
  }
  const packet = new Packet(2_048);
  packet.fill(new Uint8Array(1_400));
  const { view, start } = packet;
  view.setUint8(start, version << 4);
  if (version === 6) view.setBigUint64(start + 24, 0xfd12_3456_789a_0001n);
  const lastWord = start + (version === 4 ? 16 : 36);
  const network = version === 4 ? 0x0a0a_0000 : 0;
  return (packets) => {
    for (let i = 0; i < packets; i++) {
      view.setUint32(lastWord, network + 2 + i * 7 % ENTRIES);
      if (routes.findByDestination(packet) === null) throw new Error("A route was not found");
    }
  };
}

function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) {
    throw new Error("Cannot measure allocations without --v8-flags=--expose-gc");
  }
  gc();
}
