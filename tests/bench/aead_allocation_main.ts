/**
 * Counts the bytes of JavaScript heap that sealing and opening allocate, in a process of its own; see
 * allocation_main.ts for the flags and why. Prints a JSON object: implementation -> bytes per packet, for each that
 * this machine has.
 *
 * @module
 */

import { type AeadImplementation, openAeadProvider } from "../../src/crypto/aead_provider.ts";
import { AEAD_TAG_BYTES, type AeadProvider, type CipherId } from "../../src/peer/aead.ts";
import { Packet } from "../../src/wire/packet.ts";

const PACKET_BYTES = 1_400;
/** Until V8 has compiled everything as well as it can. */
const WARM_UP_PKTS = 40_000;
const MEASURED_PKTS = 20_000;
/** A background task's garbage may fall into one of them: the least counts. */
const ROUNDS = 5;
const SLOTS = 64;

if (import.meta.main) {
  const result: Record<string, number> = {};
  for (const only of ["libcrypto", "libsodium"] satisfies AeadImplementation[]) {
    const provider = await openIfThere(only);
    if (provider === null) continue;
    result[only] = Math.max(...provider.ciphers.map((cipher) => measure(provider, cipher)));
  }
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(result)}\n`));
}

/** Bytes for a packet sealed and opened. */
function measure(provider: AeadProvider, cipher: CipherId): number {
  const key = crypto.getRandomValues(new Uint8Array(32));
  using sealer = provider.createSealer(cipher, key);
  using opener = provider.createOpener(cipher, key);
  const slots = Array.from({ length: SLOTS }, () => new Packet(2_000));
  const run = (packets: number): void => {
    for (let i = 0; i < packets; i++) {
      const { bytes, start } = slots[i % SLOTS]!;
      const sealed = slots[(i + 1) % SLOTS]!.bytes;
      const end = start + PACKET_BYTES;
      // A counter that has left 32 bits behind: it is no small integer.
      const seqNo = 2 ** 33 + i;
      sealer.seal(bytes, start, end, sealed, start, 1, seqNo);
      if (!opener.open(sealed, start, end + AEAD_TAG_BYTES, sealed, start, 1, seqNo)) {
        throw new Error("A packet was refused");
      }
    }
  };
  run(WARM_UP_PKTS);
  let leastBytes = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    collectGarbage();
    const before = Deno.memoryUsage().heapUsed;
    run(MEASURED_PKTS);
    leastBytes = Math.min(leastBytes, Deno.memoryUsage().heapUsed - before);
  }
  return Math.max(0, leastBytes / MEASURED_PKTS);
}

function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) {
    throw new Error("Cannot measure allocations without --v8-flags=--expose-gc");
  }
  gc();
}

async function openIfThere(only: AeadImplementation): Promise<AeadProvider | null> {
  try {
    return await openAeadProvider({ only });
  } catch {
    return null;
  }
}
