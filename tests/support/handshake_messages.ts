/**
 * A hello, a welcome and a refusal as they are usual, for tests to vary.
 *
 * @module
 */

import { CipherId } from "../../src/peer/aead.ts";
import {
  type Hello,
  MIN_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type Refusal,
  RefusalCode,
  type Welcome,
} from "../../src/peer/handshake_payload.ts";
import { stampOf } from "../../src/peer/stamp.ts";

export const HELLO: Hello = {
  minVersion: MIN_PROTOCOL_VERSION,
  maxVersion: PROTOCOL_VERSION,
  instanceId: "0123456789abcdef",
  stamp: stampOf(1_750_000_000_000),
  ciphers: [CipherId.AES_256_GCM, CipherId.CHACHA20_POLY1305],
  mtuBytes: 1_380,
  software: "bindlink 0.1.0",
};

export const WELCOME: Welcome = {
  kind: "welcome",
  version: PROTOCOL_VERSION,
  cipher: CipherId.AES_256_GCM,
  instanceId: "fedcba9876543210",
  sessionIndex: 0xcafe4711,
  addresses: [
    { address: "10.10.10.2", prefixBits: 24 },
    { address: "fd12:3456:789a::2", prefixBits: 64 },
  ],
  mtuBytes: 1_380,
  name: "laptop",
  software: "bindlink 0.1.0",
};

export const REFUSAL: Refusal = {
  kind: "refusal",
  code: RefusalCode.STALE_STAMP,
  minVersion: MIN_PROTOCOL_VERSION,
  maxVersion: PROTOCOL_VERSION,
  lastStamp: stampOf(1_760_000_000_000),
  software: "bindlink 0.1.0",
};
