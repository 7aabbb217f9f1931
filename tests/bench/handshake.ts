/**
 * Processor time of handshakes, and of what comes as one and is none: in this process, without network.
 *
 * @module
 */

import { openAeadProvider } from "../../src/crypto/aead_provider.ts";
import { nodeDiffieHellman } from "../../src/crypto/x25519.ts";
import type { AeadProvider } from "../../src/peer/aead.ts";
import { CookieChecker } from "../../src/peer/cookie.ts";
import type { DiffieHellman } from "../../src/peer/key_pair.ts";
import { nobleDiffieHellman } from "../../src/peer/primitives.ts";
import { HandshakeAnswer } from "../../src/peer/responder.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import type { Packet } from "../../src/wire/packet.ts";
import type { Benchmark, Figure } from "./benchmark.ts";
import { forgeInitiation, HandshakeRig, randomBytes } from "./handshake_rig.ts";
import { median, spread } from "./statistics.ts";

const ROUNDS = 7;
/** Forged initiations in turn, each from a source of its own. */
const FORGED = 256;
const PORT = 5_000;

/** See the module. */
export const HANDSHAKE: Benchmark = {
  name: "handshake",
  title: "Handshakes, and what is refused as one",
  findObstacle: () => Promise.resolve(null),
  async run({ isQuick, progress }): Promise<Figure[]> {
    const provider = await openAeadProvider();
    const times = isQuick ? 20 : 200;
    progress("whole handshakes");
    return [
      ...await measureWhole("node:crypto", nodeDiffieHellman, provider, times),
      ...await measureWhole("noble", nobleDiffieHellman, provider, Math.ceil(times / 5)),
      ...await measureRefusals(provider, isQuick ? 1_000 : 10_000, progress),
    ];
  },
};

/** A second's worth of handshakes of a processor that does nothing else. */
async function measureWhole(
  name: string,
  dh: DiffieHellman,
  provider: AeadProvider,
  times: number,
): Promise<Figure[]> {
  using rig = await HandshakeRig.create(dh, provider);
  const responderPerSecond: number[] = [];
  const bothPerSecond: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    let responderMs = 0;
    const startMs = performance.now();
    for (let i = 0; i < times; i++) {
      rig.initiate();
      const responderStartMs = performance.now();
      rig.respond(HandshakeAnswer.WELCOME);
      responderMs += performance.now() - responderStartMs;
      rig.finish();
    }
    if (round < 0) continue; // warm
    responderPerSecond.push(1_000 * times / responderMs);
    bothPerSecond.push(1_000 * times / (performance.now() - startMs));
  }
  const figure = (what: string, values: readonly number[]): Figure => ({
    what: `${what}, X25519 by ${name}`,
    value: Math.round(median(values)),
    unit: "/s",
    note: `median of ${ROUNDS}, ${spread(values, 0)}`,
  });
  return [
    figure("initiation to welcome at the master", responderPerSecond),
    figure("both ends, initiation to session", bothPerSecond),
  ];
}

/** What comes as an initiation and costs no Diffie-Hellman. */
async function measureRefusals(
  provider: AeadProvider,
  times: number,
  progress: (text: string) => void,
): Promise<Figure[]> {
  using rig = await HandshakeRig.create(nodeDiffieHellman, provider);
  const checker = new CookieChecker(rig.masterKey, randomBytes, rig.mac1);
  const good = forge(rig.masterKey);
  const bad = forge(randomBytes(32));
  const sources = good.map((_, i) => `198.51.${i >> 4}.${i & 15}:${PORT + i}`);
  const receive = (packets: readonly Packet[], i: number): number =>
    rig.receive(packets[i % FORGED]!, sources[i % FORGED]!);
  const nothing = (): void => {};
  const cases: {
    readonly what: string;
    readonly prepare: () => void;
    readonly run: () => void;
  }[] = [
    {
      what: "mac1 checked, right",
      prepare: nothing,
      run: repeat(times, (i) => checker.hasGoodMac1(good[i % FORGED]!), true),
    },
    {
      what: "mac1 wrong: refused",
      prepare: nothing,
      run: repeat(times, (i) => receive(bad, i), DropReason.BAD_MAC),
    },
    {
      what: "mac1 right, under load: a cookie reply",
      prepare: () => enterLoad(rig, good),
      run: repeat(times, (i) => {
        rig.now += 2; // 500 a second, and 1,000 may be answered
        return receive(good, i);
      }, HandshakeAnswer.COOKIE),
    },
    {
      what: "mac1 right, cookies used up: refused",
      prepare: (): void => {
        enterLoad(rig, good);
        while (receive(good, 0) === HandshakeAnswer.COOKIE);
      },
      run: repeat(times, (i) => receive(good, i), DropReason.HANDSHAKE_FLOOD),
    },
  ];
  const figures = cases.map(({ what, prepare, run }) => {
    progress(what);
    return time(what, { prepare, run }, times);
  });
  progress("copies");
  return [...figures, timeCopies(rig)];
}

/** An exact copy of an initiation that was answered: the stored answer again. */
function timeCopies(rig: HandshakeRig): Figure {
  // As many as one answer is given away at once.
  const copies = 250;
  const values: number[] = [];
  for (let round = -2; round < 5 * ROUNDS; round++) {
    rig.initiate();
    rig.respond(HandshakeAnswer.WELCOME);
    const startMs = performance.now();
    for (let i = 0; i < copies; i++) rig.respond(HandshakeAnswer.COPY);
    if (round >= 0) values.push((performance.now() - startMs) * 1e3 / copies);
    rig.finish();
  }
  const note = `median of ${values.length}, ${spread(values, 2)}`;
  return { what: "exact copy: the stored answer", value: median(values), unit: "µs", note };
}

function forge(masterKey: Uint8Array): Packet[] {
  return Array.from({ length: FORGED }, () => forgeInitiation(masterKey));
}

/** More initiations in a second than are read without a proof of the address. */
function enterLoad(rig: HandshakeRig, good: readonly Packet[]): void {
  rig.now += 10_000;
  for (let i = 0; i < FORGED; i++) rig.receive(good[i]!, `203.0.113.1:${i}`);
}

function repeat<Result>(
  times: number,
  run: (i: number) => Result,
  expected: Result,
): () => void {
  return () => {
    for (let i = 0; i < times; i++) {
      const result = run(i);
      if (result !== expected) throw new Error(`${result} instead of ${expected}`);
    }
  };
}

function time(
  what: string,
  { prepare, run }: { readonly prepare: () => void; readonly run: () => void },
  times: number,
): Figure {
  const microseconds: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    prepare();
    const startMs = performance.now();
    run();
    if (round >= 0) microseconds.push((performance.now() - startMs) * 1e3 / times); // else warm
  }
  const note = `median of ${ROUNDS}, ${spread(microseconds, 2)}`;
  return { what, value: median(microseconds), unit: "µs", note };
}
