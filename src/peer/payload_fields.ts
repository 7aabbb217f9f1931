/**
 * The fixed fields of the handshake's payloads, and what values they can have. Pure.
 *
 * @module
 */

import { CipherId } from "./aead.ts";

/** Bytes of an instance id. */
const INSTANCE_ID_BYTES = 8;

/** Smallest and largest MTU that a tunnel can have: those of src/tun_limits.ts, whose reasons they have. */
const MIN_MTU_BYTES = 576;
const MAX_MTU_BYTES = 65_000;

/** Throws unless a field of ours is one that the other end can decode. */
export function check(isSound: boolean, what: string): void {
  if (!isSound) throw new Error(`Invariant: ${what} cannot be encoded`);
}

/** An integer of 1..255. */
export function isByte(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 255;
}

/** Two versions of 1..255, the lower first. */
export function isVersionRange(minVersion: number, maxVersion: number): boolean {
  return isByte(minVersion) && isByte(maxVersion) && minVersion <= maxVersion;
}

/** An MTU that a tunnel can have, in bytes. */
export function isMtu(mtuBytes: number): boolean {
  return Number.isInteger(mtuBytes) && mtuBytes >= MIN_MTU_BYTES && mtuBytes <= MAX_MTU_BYTES;
}

/** A number of 32 bits. */
export function isUint32(value: number): boolean {
  return value === value >>> 0;
}

/** A cipher that this program knows. */
export function isCipherId(value: number): value is CipherId {
  return value === CipherId.CHACHA20_POLY1305 || value === CipherId.AES_256_GCM;
}

/** The 8 bytes of 16 hex digits. */
export function instanceBytesOf(instanceId: string): Uint8Array<ArrayBuffer> {
  check(/^[0-9a-f]{16}$/.test(instanceId), "instance id");
  return Uint8Array.from(instanceId.match(/../g)!, (digits) => parseInt(digits, 16));
}

/** 8 bytes as 16 hex digits. */
export function instanceIdAt(bytes: Uint8Array, offset: number): string {
  const id = bytes.subarray(offset, offset + INSTANCE_ID_BYTES);
  return Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A big-endian number of 16 bits. */
export function uint16At(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! << 8 | bytes[offset + 1]!;
}

/** A big-endian number of 32 bits. */
export function uint32At(bytes: Uint8Array, offset: number): number {
  return (uint16At(bytes, offset) << 16 | uint16At(bytes, offset + 2)) >>> 0;
}
