/**
 * Counts the bytes of JavaScript heap that a tun with vnet headers allocates, in a process of its own:
 *
 * ```
 * deno run -A --v8-flags=--expose-gc,--min-semi-space-size=64,--max-semi-space-size=64 \
 *   tests/unit/tundev/offload_allocation_main.ts
 * ```
 *
 * The system calls are left out. Prints a JSON object, bytes per packet: of superpackets that are read, cut, copied into
 * slots and joined again, over IPv4 and over IPv6, and of packets that are read and written one by one.
 *
 * @module
 */

import { type OffloadFile, TunOffload } from "../../../src/tundev/tun_offload.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { GsoType, VNET_HEADER_BYTES, VnetFlag, VnetHeader } from "../../../src/wire/vnet_header.ts";
import { craftTcpSegment } from "../../support/tcp_segment.ts";

/** Until V8 has compiled everything as well as it can. */
const WARM_UP_PKTS = 90_000;
const MEASURED_PKTS = 45_000;
/** A background task's garbage may fall into one of them: the least counts. */
const ROUNDS = 5;

/** Packets of a superpacket, and what each carries: MTU 1400 less 52 bytes of headers. */
const SUPERPACKET_PKTS = 45;
const SEGMENT_BYTES = 1_348;
/** The last segment is shorter. */
const PAYLOAD_BYTES = SUPERPACKET_PKTS * SEGMENT_BYTES - 100;

const ACK_PSH = 0x18;
/** Two no-operations and timestamps, as Linux sends them. */
const OPTIONS = [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8];

/** Gives the same read for ever. */
class EndlessFile implements OffloadFile {
  readonly takesUdpRuns = true;
  writes = 0;
  readonly #bytes: Uint8Array;

  constructor(packet: Uint8Array, fields: Partial<VnetHeader>) {
    this.#bytes = new Uint8Array(VNET_HEADER_BYTES + packet.length);
    Object.assign(new VnetHeader(), fields).write(new DataView(this.#bytes.buffer), 0);
    this.#bytes.set(packet, VNET_HEADER_BYTES);
  }

  read(bytes: Uint8Array<ArrayBuffer>, offset: number): number {
    bytes.set(this.#bytes, offset);
    return this.#bytes.length;
  }

  write(_bytes: Uint8Array<ArrayBuffer>, start: number, end: number): number {
    this.writes++;
    return end - start;
  }
}

/** Reads, keeps what came in slots, as the tunnel does, and writes it. */
class Rig {
  readonly file: EndlessFile;
  readonly #offload: TunOffload;
  readonly #slots = Array.from({ length: SUPERPACKET_PKTS }, () => new Packet(2_000));
  #filled = 0;

  constructor(file: EndlessFile) {
    this.file = file;
    this.#offload = new TunOffload(file, (reason) => {
      throw new Error(`Invariant: lost for ${reason}`);
    });
  }

  run(packets: number): void {
    let done = 0;
    while (done < packets) {
      this.#filled = 0;
      this.#offload.read(this.#keep, 0);
      for (let i = 0; i < this.#filled; i++) this.#offload.send(this.#slots[i]!);
      done += this.#filled;
    }
  }

  readonly #keep = (packet: Packet): void => this.#slots[this.#filled++]!.copyFrom(packet);
}

/** @param pktsPerWrite what is expected. @returns bytes of heap per packet. */
function measure(file: EndlessFile, pktsPerWrite: number): number {
  const rig = new Rig(file);
  rig.run(WARM_UP_PKTS);
  let leastBytes = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    collectGarbage();
    const writes = file.writes;
    const before = Deno.memoryUsage().heapUsed;
    rig.run(MEASURED_PKTS);
    leastBytes = Math.min(leastBytes, Deno.memoryUsage().heapUsed - before);
    if (file.writes - writes !== MEASURED_PKTS / pktsPerWrite) {
      throw new Error(`Invariant: ${file.writes - writes} writes`);
    }
  }
  return Math.max(0, leastBytes / MEASURED_PKTS);
}

function superpackets(version: 4 | 6): EndlessFile {
  const data = new Uint8Array(PAYLOAD_BYTES).fill(7);
  return new EndlessFile(
    // A sequence number beyond 31 bits is no small integer.
    craftTcpSegment({ version, sequence: 0xfffff000, flags: ACK_PSH, options: OPTIONS, data }),
    {
      flags: VnetFlag.NEEDS_CSUM,
      gsoType: version === 4 ? GsoType.TCPV4 : GsoType.TCPV6,
      segmentBytes: SEGMENT_BYTES,
    },
  );
}

function singles(): EndlessFile {
  const data = new Uint8Array(SEGMENT_BYTES).fill(7);
  return new EndlessFile(
    craftTcpSegment({ sequence: 0xfffff000, flags: ACK_PSH, options: OPTIONS, data }),
    { flags: VnetFlag.NEEDS_CSUM, checksumStart: 20, checksumOffset: 16 },
  );
}

function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) {
    throw new Error("Cannot measure allocations without --v8-flags=--expose-gc");
  }
  gc();
}

if (import.meta.main) {
  const result = {
    superpacketsIpv4: measure(superpackets(4), SUPERPACKET_PKTS),
    superpacketsIpv6: measure(superpackets(6), SUPERPACKET_PKTS),
    singles: measure(singles(), 1),
  };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(result)}\n`));
}
