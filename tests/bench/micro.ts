/**
 * Processor time of the parts, in this process.
 *
 * @module
 */

import type { ControlPacket } from "../../src/wire/control_packet.ts";
import { decodeLegacyControl, encodeLegacyControl } from "../../src/wire/legacy_control.ts";
import { Packet } from "../../src/wire/packet.ts";
import type { Benchmark, Figure } from "./benchmark.ts";
import { EngineRig } from "./engine_rig.ts";
import { SecureEngineRig } from "./secure_engine_rig.ts";
import { median, spread } from "./statistics.ts";

const ROUNDS = 7;

/** See the module. */
export const MICRO: Benchmark = {
  name: "micro",
  title: "Processor time of the parts",
  findObstacle: () => Promise.resolve(null),
  async run({ isQuick }): Promise<Figure[]> {
    const packets = isQuick ? 50_000 : 500_000;
    await using rig = await EngineRig.create();
    await using secure = await SecureEngineRig.create();
    const control: ControlPacket = { seqNo: 1_700_000_000, received: new Map() };
    for (let id = 1; id <= 3; id++) control.received.set(id, 12_345_678 * id);
    const encoded = new Packet();
    encodeLegacyControl(control, encoded);
    const decoded: ControlPacket = { seqNo: 0, received: new Map() };
    const encode = repeat(() => encodeLegacyControl(control, encoded));
    const decode = repeat(() => decodeLegacyControl(encoded, decoded));
    return [
      await time("engine out, legacy, per packet", (n) => rig.sendOut(n), packets),
      await time("engine back, legacy, per packet with its copy", (n) => rig.bringBack(n), packets),
      await time("engine out and back, secure, per packet", (n) => secure.sendThrough(n), packets),
      await time("control packet of 3 links, encode", encode, packets / 5),
      await time("control packet of 3 links, decode", decode, packets / 5),
    ];
  },
};

function repeat(run: () => number): (times: number) => void {
  return (times) => {
    for (let i = 0; i < times; i++) {
      if (run() < 0) throw new Error("A control packet was refused");
    }
  };
}

async function time(
  what: string,
  run: (times: number) => void | Promise<void>,
  times: number,
): Promise<Figure> {
  await run(times); // warm
  const nanoseconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    await run(times);
    nanoseconds.push((performance.now() - startMs) * 1e6 / times);
  }
  const note = `median of ${ROUNDS}, ${spread(nanoseconds, 0)}`;
  return { what, value: median(nanoseconds), unit: "ns", note };
}
