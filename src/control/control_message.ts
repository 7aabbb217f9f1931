/**
 * What goes over the control socket: one line of JSON each way.
 *
 * A request is `{"v":1,"command":"revoke","name":"laptop"}`; an answer `{"v":1,"result":...}`, or
 * `{"v":1,"error":"...","kind":"usage"}`, of which `kind` decides the command's exit code.
 *
 * @module
 */

/** The version of these messages. A newer one is needed only when older programs would get it wrong. */
export const CONTROL_VERSION = 1;

/** What is asked: a command and its arguments. */
export type ControlRequest = Readonly<Record<string, unknown>>;

/** Longest request, in bytes: an invitation with some endpoints has a few hundred. */
export const MAX_REQUEST_BYTES = 64 * 1024;

/** Longest answer, in bytes: 10,000 slaves have about 2 MB. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** The end of a line. */
const LINE_FEED = 0x0a;

/** Why a line could not be read. */
export class LineError extends Error {
  override readonly name = "LineError";
}

/**
 * Reads up to the first line feed.
 * @throws LineError: longer than `maxBytes`, or the other end closed before. Deno's errors.
 */
export async function readLine(
  reader: { read(into: Uint8Array): Promise<number | null> },
  maxBytes: number,
): Promise<string> {
  let line = new Uint8Array(0);
  const piece = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const n = await reader.read(piece);
    if (n === null) throw new LineError("the connection was closed");
    const end = piece.subarray(0, n).indexOf(LINE_FEED);
    const usedBytes = end < 0 ? n : end;
    if (line.length + usedBytes > maxBytes) throw new LineError(`longer than ${maxBytes} bytes`);
    const longer = new Uint8Array(line.length + usedBytes);
    longer.set(line);
    longer.set(piece.subarray(0, usedBytes), line.length);
    line = longer;
    if (end >= 0) return new TextDecoder().decode(line);
  }
}

/** Writes a message as a line. @throws Deno's errors */
export async function writeLine(
  writer: { write(from: Uint8Array): Promise<number> },
  message: ControlRequest,
): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
  for (let writtenBytes = 0; writtenBytes < bytes.length;) {
    writtenBytes += await writer.write(bytes.subarray(writtenBytes));
  }
}

/** A line as an object; null when it is no JSON object. */
export function parseMessage(line: string): ControlRequest | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? { ...value }
      : null;
  } catch {
    return null;
  }
}

/** A socket hands over up to about 200 KiB at once. */
const PIECE_BYTES = 64 * 1024;
