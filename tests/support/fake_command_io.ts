/**
 * The surroundings of a command in a test: what it wrote, and what it is given to read.
 *
 * @module
 */

import type { CommandIo } from "../../src/commands/command_io.ts";
import type { SyncWriter } from "../../src/text_output.ts";

/** Keeps what is written as text. */
class TextWriter implements SyncWriter {
  text = "";

  writeSync(bytes: Uint8Array): number {
    this.text += new TextDecoder().decode(bytes);
    return bytes.length;
  }
}

/** Fakes a terminal of 80 columns without colours, at a fixed time. */
export class FakeCommandIo implements CommandIo {
  readonly stdout = new TextWriter();
  readonly stderr = new TextWriter();
  hasColors = false;
  columns = 80;
  nowMs = Date.parse("2026-03-01T12:00:00.000Z");
  readonly stdin: { isTerminal: boolean; read(into: Uint8Array): Promise<number | null> };

  /** @param pieces what stdin gives, one by one. */
  constructor(...pieces: readonly string[]) {
    const rest = pieces.map((piece) => new TextEncoder().encode(piece));
    this.stdin = {
      isTerminal: false,
      read(into): Promise<number | null> {
        const piece = rest.shift();
        if (piece === undefined) return Promise.resolve(null);
        const n = Math.min(piece.length, into.length);
        into.set(piece.subarray(0, n));
        if (n < piece.length) rest.unshift(piece.subarray(n));
        return Promise.resolve(n);
      },
    };
  }

  now(): number {
    return this.nowMs;
  }
}
