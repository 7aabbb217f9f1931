/**
 * Random and mutated bytes into everything that reads what a SOCKS5 proxy sends. Nothing may throw,
 * ask for bytes beyond the longest message, or read outside of the packet.
 */

import assert from "node:assert/strict";
import {
  MAX_REPLY_BYTES,
  parseCredentialsReply,
  parseMethodReply,
  parseReply,
  type ParseStep,
} from "../../src/linkmap/socks5_message.ts";
import { craftUdpHeader, stripUdpHeader } from "../../src/linkmap/socks5_udp_header.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../src/wire/packet.ts";
import { Mutator } from "../support/mutate.ts";
import { testSeed } from "../support/rng.ts";
import { craftRelayed, craftReply, dataOffset } from "../support/socks5_wire.ts";

const HOSTS = ["192.0.2.1", "2001:db8::1", "a", "master.example", "n".repeat(255)];
const CASES = 200_000;

Deno.test("SOCKS5 answers: no bytes throw, and no parser asks beyond the longest answer", () => {
  const seed = testSeed();
  const corpus = [
    Uint8Array.of(5, 0),
    Uint8Array.of(5, 2),
    Uint8Array.of(1, 0),
    craftReply(7),
    ...HOSTS.map((hostname) => craftReply(0, { hostname, port: 1080 })),
  ];
  const mutator = new Mutator(seed, corpus);
  const bytes = new Uint8Array(1_024);
  const reached = { done: 0, need: 0, bad: 0 };
  for (let i = 0; i < CASES; i++) {
    const answer = bytes.subarray(0, mutator.next(bytes));
    const steps: ParseStep<unknown>[] = [
      parseMethodReply(answer, [0, 2]),
      parseCredentialsReply(answer),
      parseReply(answer),
    ];
    for (const step of steps) {
      reached[step.kind]++;
      if (step.kind !== "need") continue;
      const askedBytes = answer.length + step.needBytes;
      assert.ok(
        step.needBytes >= 1 && askedBytes <= MAX_REPLY_BYTES,
        `seed ${seed}, case ${i}: asks for ${step.needBytes} after ${answer.length}`,
      );
    }
  }
  assert.ok(reached.done > 0 && reached.need > 0 && reached.bad > 0, JSON.stringify(reached));
});

Deno.test("SOCKS5 UDP headers: no bytes throw, and the header ends where another reader says", () => {
  const seed = testSeed();
  const data = Uint8Array.from({ length: 40 }, (_, i) => i);
  const corpus = [
    ...HOSTS.map((hostname) => craftRelayed({ hostname, port: 4000 }, data)),
    ...HOSTS.map((host) => craftUdpHeader({ host, port: 53 })),
  ];
  const mutator = new Mutator(seed, corpus);
  const packet = new Packet(1_024);
  const bytes = new Uint8Array(1_024);
  let good = 0;
  for (let i = 0; i < CASES; i++) {
    const length = mutator.next(bytes);
    const datagram = bytes.subarray(0, length);
    packet.fill(datagram);
    const result = stripUdpHeader(packet);
    const expected = dataOffset(datagram);
    const where = `seed ${seed}, case ${i}: ${datagram.subarray(0, 32)}`;
    assert.equal(packet.end, HEADROOM_BYTES + length, where);
    if (result === 0) {
      good++;
      assert.equal(packet.start - HEADROOM_BYTES, expected, where);
    } else {
      assert.ok(
        result === DropReason.BAD_SOCKS_HEADER || result === DropReason.SOCKS_FRAGMENT,
        where,
      );
      assert.equal(packet.start, HEADROOM_BYTES, where);
      assert.equal(expected, -1, where);
    }
  }
  assert.ok(good > CASES / 100, `only ${good} got through: the corpus is no good`);
});
