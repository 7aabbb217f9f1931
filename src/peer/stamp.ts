/**
 * The stamp in a slave's hello: TAI64N (https://cr.yp.to/libtai/tai64.html), 12 bytes, big-endian: 8 of
 * seconds, 4 of nanoseconds. No clock needs to be right: a stamp only has to be later than the one before
 * it, so that an initiation that was recorded cannot be played again. Pure.
 *
 * @module
 */

/** Bytes of a stamp. */
export const STAMP_BYTES = 12;

/** What stands for "none" where a stamp is expected: earlier than any. */
export const NO_STAMP: Readonly<Uint8Array<ArrayBuffer>> = new Uint8Array(STAMP_BYTES);

/** TAI64 counts from 2^62, and TAI was 10 s before UTC in 1970; leap seconds since are left out, as WireGuard does. */
const TAI_OFFSET_S = 10;

/** The largest: TAI64 reserves seconds from 2^63 on. */
const MAX_SECONDS_HIGH = 0x7fff_ffff;

const NANOSECONDS_PER_S = 1_000_000_000;

/**
 * The stamp of a moment.
 * @param wallClockMs ms since 1970; a clock that stands before 1970, or at no number, counts as 1970.
 */
export function stampOf(wallClockMs: number): Uint8Array<ArrayBuffer> {
  const ms = Number.isFinite(wallClockMs) ? Math.max(0, Math.floor(wallClockMs)) : 0;
  const seconds = Math.floor(ms / 1_000) + TAI_OFFSET_S;
  return encode(
    0x4000_0000 + Math.floor(seconds / 0x1_0000_0000),
    seconds % 0x1_0000_0000,
    (ms % 1_000) * 1_000_000,
  );
}

/** The moment of a stamp, ms since 1970. Any 12 bytes. */
export function momentOf(stamp: Uint8Array): number {
  const view = new DataView(stamp.buffer, stamp.byteOffset, STAMP_BYTES);
  const seconds = (view.getUint32(0) - 0x4000_0000) * 0x1_0000_0000 + view.getUint32(4);
  return (seconds - TAI_OFFSET_S) * 1_000 + view.getUint32(8) / 1_000_000;
}

/** Less than 0: `a` is earlier than `b`; 0: the same; more: later. Any 12 bytes. */
export function compareStamps(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < STAMP_BYTES; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The next later stamp: a nanosecond more. The very last one has no later one and stays.
 * @param stamp one for which {@link isStamp} holds, or {@link NO_STAMP}.
 */
export function nextStamp(stamp: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(stamp.buffer, stamp.byteOffset, STAMP_BYTES);
  let high = view.getUint32(0);
  let low = view.getUint32(4);
  let nanoseconds = view.getUint32(8) + 1;
  if (nanoseconds >= NANOSECONDS_PER_S) {
    nanoseconds = 0;
    low += 1;
  }
  if (low > 0xffff_ffff) {
    low = 0;
    high += 1;
  }
  return high > MAX_SECONDS_HIGH ? Uint8Array.from(stamp) : encode(high, low, nanoseconds);
}

/** Whether bytes are a stamp: 12 of them, less than 2^63 seconds, less than a second of nanoseconds. */
export function isStamp(bytes: Uint8Array): boolean {
  if (bytes.length !== STAMP_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, STAMP_BYTES);
  return view.getUint32(0) <= MAX_SECONDS_HIGH && view.getUint32(8) < NANOSECONDS_PER_S;
}

function encode(high: number, low: number, nanoseconds: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(STAMP_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, high);
  view.setUint32(4, low);
  view.setUint32(8, nanoseconds);
  return bytes;
}
