/**
 * Facts about links for the doctor's tests: those that a test is not about.
 *
 * @module
 */

import type { FloodResult } from "../../../src/doctor/flood.ts";
import type { AnsweredWay, LinkFacts, WayFacts } from "../../../src/doctor/link_facts.ts";
import type { LinkMeasures } from "../../../src/doctor/link_measures.ts";
import type { Refusal, Welcome } from "../../../src/peer/handshake_payload.ts";

export function link(facts: Partial<LinkFacts>): LinkFacts {
  return {
    name: "phone1",
    via: "no proxy",
    device: null,
    nameFault: "",
    proxy: null,
    udp: { outcome: "not-tried" },
    tcp: { outcome: "not-tried" },
    allowsTcp: true,
    ...facts,
  };
}

export function silent(): WayFacts {
  return { outcome: "silent", endpoint: "203.0.113.5:4321", sendFault: "" };
}

export function answered(answer: Welcome | Refusal, clockBehindMs = 0): AnsweredWay {
  const endpoint = "203.0.113.5:4321";
  return { outcome: "answered", endpoint, roundTripMs: 41, answer, clockBehindMs };
}

export function welcome(): Welcome {
  return {
    kind: "welcome",
    version: 2,
    cipher: 1,
    instanceId: "0123456789abcdef",
    sessionIndex: 1,
    addresses: [{ address: "10.10.10.2", prefixBits: 24 }],
    mtuBytes: 1_340,
    name: "laptop",
    software: "bindlink 0.1.0",
  };
}

export function refusal(code: number, minVersion = 2, maxVersion = 2): Refusal {
  return {
    kind: "refusal",
    code,
    minVersion,
    maxVersion,
    lastStamp: new Uint8Array(12),
    software: "bindlink 9",
  };
}

export function flooded(result: Partial<FloodResult> = {}): FloodResult {
  return {
    rateBps: 8e6,
    isAtLeast: false,
    loadedMs: 80,
    sentBytes: 1e6,
    ...result,
  };
}

export function measures(some: Partial<LinkMeasures> = {}): LinkMeasures {
  return {
    id: 1,
    name: "phone1",
    transport: "udp",
    idleMs: 40,
    idleLostFraction: 0,
    mtu: { packetBytes: 1_378, passesFull: null, tunnelBytes: 1_340 },
    up: flooded(),
    down: { kind: "measured", rateBps: 9e6, limit: "link" },
    ...some,
  };
}
