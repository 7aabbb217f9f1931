/**
 * Memory whose address is given to the kernel.
 *
 * The trap: V8 keeps the bytes of a typed array of up to 64 bytes inside its own heap, and moves them
 * at the next garbage collection; an address taken before is then somebody else's memory. The bytes
 * of an explicit `ArrayBuffer` lie outside that heap and stay where they are. So every small thing
 * (a struct, a path, a pollfd) is cut from an arena, and the address of anything else is only taken of
 * buffers too large for V8's heap.
 *
 * The second trap: an address is a plain number and keeps nothing alive; an optimizing compiler may see
 * the last use of a buffer before the call that writes into it. So an arena is held by this module until it is
 * freed, and freeing is explicit.
 *
 * @module
 */

/** A piece of an arena; not to be used after the arena was freed. */
export interface ArenaBlock {
  /** Address of the first byte. */
  readonly address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
}

/** A buffer that is cut into blocks, which all live until `free`. */
export class Arena implements Disposable {
  readonly #buffer: ArrayBuffer;
  readonly #address: number;
  #usedBytes = 0;

  /** @param sizeBytes room for all blocks, each rounded up to 8. */
  constructor(sizeBytes: number) {
    this.#buffer = new ArrayBuffer(Math.max(sizeBytes, MIN_ADDRESSABLE_BYTES));
    this.#address = addressOf(new Uint8Array(this.#buffer));
    live.add(this.#buffer);
  }

  /** Arenas that are not freed yet, for tests. */
  static get liveCount(): number {
    return live.size;
  }

  /**
   * Cuts a block of zeroes, aligned to 8 bytes: enough for each struct used here.
   * @throws Error when the arena is full: it was made too small.
   */
  take(sizeBytes: number): ArenaBlock {
    const start = this.#usedBytes;
    if (start + sizeBytes > this.#buffer.byteLength) {
      throw new Error(
        `Invariant: arena of ${this.#buffer.byteLength} bytes has no ${sizeBytes} left`,
      );
    }
    this.#usedBytes = (start + sizeBytes + 7) & ~7;
    return {
      address: this.#address + start,
      bytes: new Uint8Array(this.#buffer, start, sizeBytes),
      view: new DataView(this.#buffer, start, sizeBytes),
    };
  }

  /** Lets the memory go; no call may be using it. Idempotent. */
  free(): void {
    live.delete(this.#buffer);
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

/** An arena that holds one NUL-terminated string. @throws Error when `text` holds a NUL. */
export class CString implements Disposable {
  readonly #arena: Arena;
  /** Address of the first byte. */
  readonly address: number;

  constructor(text: string) {
    if (text.includes("\0")) throw new Error("Invariant: NUL byte in a C string");
    const encoded = new TextEncoder().encode(text);
    this.#arena = new Arena(encoded.length + 1);
    const block = this.#arena.take(encoded.length + 1);
    block.bytes.set(encoded);
    this.address = block.address;
  }

  [Symbol.dispose](): void {
    this.#arena.free();
  }
}

/**
 * Hot. The address of a long-lived buffer's first byte, looked up once and remembered (15 ns; making a
 * view for a `buffer` parameter costs 100).
 *
 * The caller checks offsets against `bytes.length` on every use: when the buffer has been given to a
 * worker that length is 0, and the address must not be used. It also keeps `bytes` referenced beyond the
 * call.
 * @throws Error for a buffer that may move (small, or resizable).
 */
export function addressOf(bytes: Uint8Array<ArrayBuffer>): number {
  return addresses.get(bytes) ?? findAddress(bytes);
}

function findAddress(bytes: Uint8Array<ArrayBuffer>): number {
  if (bytes.buffer.byteLength < MIN_ADDRESSABLE_BYTES || bytes.buffer.resizable) {
    throw new Error(`Invariant: address of a buffer that may move (${bytes.length} bytes)`);
  }
  const address = Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
  addresses.set(bytes, address);
  return address;
}

/** Keeps each arena's memory until it is freed. */
const live = new Set<ArrayBuffer>();

const addresses = new WeakMap<Uint8Array<ArrayBuffer>, number>();

/** V8's limit for bytes on its heap is 64 (`typed_array_max_size_in_heap`); twice that, to be safe. */
const MIN_ADDRESSABLE_BYTES = 128;
