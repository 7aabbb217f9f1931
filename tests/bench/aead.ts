/**
 * Processor time of sealing and opening a packet, for each implementation and cipher that this machine has; what the
 * choice of an implementation costs at start; and one key agreement.
 *
 * @module
 */

import { x25519 } from "@noble/curves/ed25519.js";
import { type AeadImplementation, openAeadProvider } from "../../src/crypto/aead_provider.ts";
import { nodeDiffieHellman } from "../../src/crypto/x25519.ts";
import { AEAD_TAG_BYTES, type AeadProvider, type CipherId } from "../../src/peer/aead.ts";
import { Packet } from "../../src/wire/packet.ts";
import { CIPHER_NAMES } from "../support/aead_oracle.ts";
import type { Benchmark, Figure } from "./benchmark.ts";
import { median, spread } from "./statistics.ts";

const PACKET_BYTES = 1_400;
const ROUNDS = 9;
/** As many as a batch has, so that a packet's slot is not the one just used. */
const SLOTS = 64;

/** See the module. */
export const AEAD: Benchmark = {
  name: "aead",
  title: `Sealing and opening ${PACKET_BYTES} bytes, per packet`,
  findObstacle: () => Promise.resolve(null),
  async run({ isQuick, progress }): Promise<Figure[]> {
    const packets = isQuick ? 4_000 : 40_000;
    const opening: Figure[] = [];
    const runs: Run[] = [];
    for (const only of ["libcrypto", "libsodium"] satisfies AeadImplementation[]) {
      const startMs = performance.now();
      const provider = await openIfThere(only);
      if (provider === null) continue;
      const value = performance.now() - startMs;
      const note = "once at start, its check included";
      opening.push({ what: `choosing ${provider.label}`, value, unit: "ms", note });
      for (const cipher of provider.ciphers) runs.push(...runsOf(provider, cipher));
    }
    try {
      return [...measure(runs, packets, progress), ...opening, ...agreements(isQuick ? 50 : 500)];
    } finally {
      for (const run of runs) run[Symbol.dispose]();
    }
  },
};

/** One thing to measure. */
interface Run extends Disposable {
  readonly what: string;
  readonly microseconds: number[];
  repeat(packets: number): void;
}

function runsOf(provider: AeadProvider, cipher: CipherId): Run[] {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const sealer = provider.createSealer(cipher, key);
  const opener = provider.createOpener(cipher, key);
  const slots = (): Packet[] => Array.from({ length: SLOTS }, () => new Packet(PACKET_BYTES + 100));
  const [plain, sealed, opened] = [slots(), slots(), slots()];
  const name = `${CIPHER_NAMES[cipher]}, ${provider.label}`;
  const { start } = new Packet(0);
  const end = start + PACKET_BYTES;
  let seqNo = 0;
  const seal = (packets: number): void => {
    for (let i = 0; i < packets; i++, seqNo++) {
      const src = plain[i % SLOTS]!.bytes;
      const dst = sealed[i % SLOTS]!.bytes;
      sealer.seal(src, start, end, dst, start, 1, seqNo);
    }
  };
  const open = (packets: number): void => {
    for (let i = 0; i < packets; i++) {
      const src = sealed[i % SLOTS]!.bytes;
      const dst = opened[i % SLOTS]!.bytes;
      const isOpen = opener.open(src, start, end + AEAD_TAG_BYTES, dst, start, 1, i % SLOTS);
      if (!isOpen) throw new Error(`${name} refused its own packet`);
    }
  };
  /** Each slot holds the packet of its own number again. */
  const openOwn = (packets: number): void => {
    seqNo = 0;
    seal(SLOTS);
    open(packets);
  };
  return [
    { what: `seal, ${name}`, microseconds: [], repeat: seal, [Symbol.dispose]: dispose(sealer) },
    { what: `open, ${name}`, microseconds: [], repeat: openOwn, [Symbol.dispose]: dispose(opener) },
  ];
}

function dispose(handle: Disposable): () => void {
  return () => handle[Symbol.dispose]();
}

/** They take turns, so that what else the machine does meets all of them. */
function measure(
  runs: readonly Run[],
  packets: number,
  progress: (text: string) => void,
): Figure[] {
  for (const run of runs) run.repeat(packets); // warm
  for (let round = 0; round < ROUNDS; round++) {
    progress(`round ${round + 1} of ${ROUNDS}`);
    for (const run of runs) {
      const startMs = performance.now();
      run.repeat(packets);
      run.microseconds.push((performance.now() - startMs) * 1e3 / packets);
    }
  }
  return runs.map(({ what, microseconds }) => ({
    what,
    value: median(microseconds),
    unit: "µs",
    note: `median of ${ROUNDS}, ${spread(microseconds, 2)}`,
  }));
}

/** A handshake has four at each end. */
function agreements(times: number): Figure[] {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const point = nodeDiffieHellman.publicKey(secret);
  const time = (what: string, agree: () => unknown): Figure => {
    const microseconds: number[] = [];
    for (let i = 0; i < times; i++) {
      const startMs = performance.now();
      agree();
      microseconds.push((performance.now() - startMs) * 1e3);
    }
    return { what, value: median(microseconds), unit: "µs", note: `median of ${times}` };
  };
  return [
    time("X25519, node:crypto", () => nodeDiffieHellman.sharedSecret(secret, point)),
    time("X25519, noble", () => x25519.getSharedSecret(secret, point)),
  ];
}

async function openIfThere(only: AeadImplementation): Promise<AeadProvider | null> {
  try {
    return await openAeadProvider({ only });
  } catch {
    return null; // and the daemon would take the other one
  }
}
