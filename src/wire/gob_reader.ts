/**
 * Reads the primitives of a Go `encoding/gob` stream: messages, unsigned and signed integers,
 * counted bytes, struct field numbers. It knows no types; gob_types.ts and gob_value.ts do.
 *
 * Source of the format: https://pkg.go.dev/encoding/gob, "Encoding Details", and the grammar at the
 * end of Go's src/encoding/gob/doc.go.
 *
 * Errors are sticky instead of thrown: after the first one every read gives 0, every loop over
 * fields ends, and `failed` says so. So a decoder reads straight on and asks once at the end.
 *
 * @module
 */

/** "If the value is less than 128 it is transmitted as one byte"; above stands a negated byte count. */
const MAX_ONE_BYTE_UINT = 0x7f;

/** An integer has at most 64 bits. */
const MAX_UINT_BYTES = 8;

const TWO_POW_31 = 2 ** 31;
const TWO_POW_32 = 2 ** 32;

/**
 * A position in a gob stream. The bytes are borrowed until the next `open`: a decoder keeps one
 * reader for all its packets.
 *
 * @example
 * ```ts
 * import { GobReader } from "./gob_reader.ts";
 *
 * const reader = new GobReader(Uint8Array.of(3, 0xfe, 0x01, 0x2c), 0, 4); // one message: uint(300)
 * reader.readMessage();
 * if (reader.readUint() !== 300 || reader.failed) throw new Error("not 300");
 * ```
 */
export class GobReader {
  /** How many values nobody wanted so far: gob_value.ts counts them here, and bounds them. */
  skippedValues = 0;
  #bytes: Uint8Array;
  #streamEnd: number;
  #at: number;
  #messageEnd: number;
  #failed = false;
  // The last integer, in two halves: 64 bits do not fit a number.
  #high = 0;
  #low = 0;

  /** Reads `bytes[start..end)`; no message is open at first. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#messageEnd = start;
    this.#streamEnd = end;
  }

  /** Begins anew with `bytes[start..end)`, as a new reader would. */
  open(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#messageEnd = start;
    this.#streamEnd = end;
    this.#failed = false;
    this.skippedValues = 0;
  }

  /** Whether anything was wrong so far. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Offset of the next byte in the bytes given to the constructor. */
  get position(): number {
    return this.#at;
  }

  /** Bytes left in the open message. */
  get remainingBytes(): number {
    return this.#messageEnd - this.#at;
  }

  /** Makes all later reads give nothing. */
  fail(): void {
    this.#failed = true;
    this.#at = this.#streamEnd;
    this.#messageEnd = this.#streamEnd;
  }

  /** Opens the next message: its length, then that many bytes, which must be there. */
  readMessage(): void {
    this.#messageEnd = this.#streamEnd;
    const lengthBytes = this.readUint();
    if (lengthBytes > this.#streamEnd - this.#at) return this.fail();
    this.#messageEnd = this.#at + lengthBytes;
  }

  /** Reads past what is left of the open message. */
  skipMessage(): void {
    this.#at = this.#messageEnd;
  }

  /** Hot. Reads an unsigned integer; it saturates at 2^53 - 1. */
  readUint(): number {
    // Most are of one byte, and hostile streams of nothing else.
    const at = this.#at;
    if (at < this.#messageEnd) {
      const first = this.#bytes[at]!;
      if (first <= MAX_ONE_BYTE_UINT) {
        this.#at = at + 1;
        return first;
      }
    }
    this.skipUint();
    return Math.min(this.#high * TWO_POW_32 + this.#low, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Reads a signed integer: "bits 1 upward contain the value; bit 0 says whether they should be
   * complemented". It saturates at 2^53 - 1 either way.
   */
  readInt(): number {
    this.skipUint();
    const half = this.#high * TWO_POW_31 + (this.#low >>> 1);
    const isNegative = (this.#low & 1) === 1;
    return isNegative
      ? Math.max(-half - 1, Number.MIN_SAFE_INTEGER)
      : Math.min(half, Number.MAX_SAFE_INTEGER);
  }

  /** Reads past an integer of any kind; floats and booleans are sent as unsigned integers too. */
  skipUint(): void {
    this.#high = 0;
    this.#low = 0;
    if (this.#at >= this.#messageEnd) return this.fail();
    const first = this.#bytes[this.#at++]!;
    if (first <= MAX_ONE_BYTE_UINT) {
      this.#low = first;
      return;
    }
    const countBytes = 0x100 - first;
    if (countBytes > MAX_UINT_BYTES || countBytes > this.remainingBytes) return this.fail();
    for (let i = 0; i < countBytes; i++) {
      this.#high = (this.#high << 8 | this.#low >>> 24) >>> 0;
      this.#low = (this.#low << 8 | this.#bytes[this.#at++]!) >>> 0;
    }
  }

  /** Reads past a string or byte slice: a count, then the bytes. @returns where the bytes begin. */
  skipBytes(): number {
    const countBytes = this.readUint();
    if (countBytes > this.remainingBytes) this.fail();
    if (this.#failed) return this.#streamEnd;
    const start = this.#at;
    this.#at += countBytes;
    return start;
  }

  /**
   * Reads how many elements a slice, array or map has. Each takes at least one byte, so a count
   * beyond the stream's end is refused before anything is done for it. (Not the message's end: a
   * value with interfaces in it goes on over several messages.)
   */
  readCount(): number {
    const count = this.readUint();
    if (count > this.#streamEnd - this.#at) this.fail();
    return this.#failed ? 0 : count;
  }

  /**
   * Reads on in a struct: fields are sent as the difference to the number of the one before (-1
   * at first), then the value; a difference of 0 ends the struct.
   * @returns the field's number (may exceed what the struct has), or -1 at the end or after a failure.
   */
  readFieldNumber(previous: number): number {
    const delta = this.readUint();
    return delta === 0 ? -1 : previous + delta;
  }

  /** Whether the bytes from `start` to `end` are exactly this ASCII text. */
  hasText(start: number, end: number, text: string): boolean {
    if (end - start !== text.length) return false;
    for (let i = 0; i < text.length; i++) {
      if (this.#bytes[start + i] !== text.charCodeAt(i)) return false;
    }
    return true;
  }
}
