/**
 * A packet buffer: one slot that is made once and used for many packets.
 *
 * A packet's bytes are `bytes[start..end)`. In front of it stands headroom, so that the tunnel's
 * header, and the SOCKS5 header before it, are written without moving the packet. Everything that
 * carries a packet passes the slot itself, never a `subarray`: making a view costs more than all
 * the header work (measured facts: new Uint8Array(1500) 1,200 ns, subarray 60 ns, slot + offset 3 ns).
 *
 * @module
 */

/** Room in front of a packet: link header (16) + SOCKS5 UDP header with a 255-byte name (262), rounded up. */
export const HEADROOM_BYTES = 320;

/** Largest packet a slot holds by default: the largest UDP payload over IPv4 (65535 - 20 - 8). */
export const MAX_PACKET_BYTES = 65_507;

/** Room behind a packet, for a seal's tag. */
export const TAILROOM_BYTES = 32;

/**
 * A packet is copied together with what stands behind it, up to a multiple of this: so a few kept views do for all
 * lengths, and none is made per packet (104 bytes each). As many views as the packets of an ordinary path need.
 */
const WINDOW_BYTES = 256;
const WINDOWS = 6;

/** What slots share from which nothing was copied yet. */
const NO_WINDOWS: (Uint8Array | null)[] = [];

/** Memory that slots stand in. */
export class PacketMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;

  /** @param lengthBytes at least 128, as its address may be asked for: see ffi/arena.ts. */
  constructor(lengthBytes: number) {
    const buffer = new ArrayBuffer(lengthBytes);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  /** What a slot takes, in bytes, its headroom and tailroom included. */
  static slotBytes(capacityBytes: number): number {
    return HEADROOM_BYTES + capacityBytes + TAILROOM_BYTES;
  }
}

/**
 * One reusable slot. Whoever is handed a packet borrows it until it returns, unless the callee's
 * documentation says otherwise; a callee that moves `start` or `end` puts them back.
 *
 * @example
 * ```ts
 * import { Packet } from "./packet.ts";
 *
 * const packet = new Packet(1500);
 * packet.fill(Uint8Array.of(0x45, 0x00));
 * packet.start -= 1; // prepend one byte
 * packet.bytes[packet.start] = 7;
 * if (packet.length !== 3) throw new Error("unexpected length");
 * ```
 */
export class Packet {
  /** The memory that the slot stands in, headroom and tailroom included. Made once; its address never changes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory, for multi-byte fields. */
  readonly view: DataView<ArrayBuffer>;
  /** Offset of the first byte of the packet in `bytes`. */
  start: number;
  /** Offset after the last byte of the packet in `bytes`. */
  end: number;
  /** Its TCP or UDP checksum is still to be computed: the field means nothing, see vnet_header.ts. A copy has it too. */
  isPartial = false;
  /** Largest packet that fits, in bytes. */
  capacityBytes: number;
  /** Where the headroom ends in `bytes`, and a packet begins that is put in. */
  first: number;
  /** Views of `bytes` from one offset on, by length; made when first needed. */
  #windows = NO_WINDOWS;
  #windowsStart = 0;
  /** View of `bytes` for {@link Packet.copyTo}: one of a packet that ends as the one before did needs none made. */
  #tail: Uint8Array<ArrayBuffer> | null = null;
  #tailStart = 0;
  #tailEnd = 0;

  /**
   * @param capacityBytes the largest packet that fits between headroom and tailroom.
   * @param memory that the slot shares with others, and has from `at` on; without it, it has its own, from 0 on.
   */
  constructor(
    capacityBytes: number = MAX_PACKET_BYTES,
    memory: PacketMemory = new PacketMemory(PacketMemory.slotBytes(capacityBytes)),
    at = 0,
  ) {
    this.bytes = memory.bytes;
    this.view = memory.view;
    this.capacityBytes = capacityBytes;
    this.first = at + HEADROOM_BYTES;
    this.start = this.first;
    this.end = this.first;
  }

  /** Bytes in the packet. */
  get length(): number {
    return this.end - this.start;
  }

  /** Makes the packet empty, at the place where headroom ends. */
  reset(): void {
    this.isPartial = false;
    this.start = this.first;
    this.end = this.first;
  }

  /**
   * Hot. The slot is moved to another place of its memory, where a packet stands or is to be made: one that has other packets in front
   * of it and behind it, so there is no tailroom, and headroom only if those in front are done with.
   */
  place(start: number, end: number): void {
    this.isPartial = false;
    this.first = start;
    this.start = start;
    this.end = end;
    this.capacityBytes = end - start;
  }

  /**
   * Replaces the packet by a copy of `src`.
   * @throws RangeError when `src` does not fit: callers check lengths of foreign bytes before.
   */
  fill(src: Uint8Array): void {
    if (src.length > this.capacityBytes) this.#refuse(src.length);
    this.start = this.first;
    this.end = this.first + src.length;
    this.isPartial = false;
    this.bytes.set(src, this.start);
  }

  /** Hot. Replaces the packet by a copy of another one. @throws RangeError when it does not fit. */
  copyFrom(src: Packet): void {
    const lengthBytes = src.end - src.start;
    const window = src.#window(lengthBytes);
    if (window === null || window.length > this.capacityBytes) {
      this.fill(src.bytes.subarray(src.start, src.end));
      this.isPartial = src.isPartial;
      return;
    }
    if (lengthBytes > this.capacityBytes) this.#refuse(lengthBytes);
    this.bytes.set(window, this.first);
    this.start = this.first;
    this.end = this.first + lengthBytes;
    this.isPartial = src.isPartial;
  }

  /** Hot. Copies the packet from an offset on to `dst`, where there is room. */
  copyTo(dst: Uint8Array, at: number, fromBytes: number): void {
    const start = this.start + fromBytes;
    const { end } = this;
    let tail = this.#tail;
    if (tail === null || start !== this.#tailStart || end !== this.#tailEnd) {
      this.#tail = tail = this.bytes.subarray(start, end);
      this.#tailStart = start;
      this.#tailEnd = end;
    }
    dst.set(tail, at);
  }

  /** A view of the packet's bytes. Allocates: for tests and cold paths only. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(this.start, this.end);
  }

  /** A kept view that begins with the packet; null: the packet is too long for one. */
  #window(lengthBytes: number): Uint8Array | null {
    const index = (lengthBytes - 1) >> 8; // / WINDOW_BYTES
    const end = this.start + (index + 1) * WINDOW_BYTES;
    if (index < 0 || index >= WINDOWS || end > this.bytes.length) return null;
    if (this.#windows === NO_WINDOWS) this.#windows = new Array(WINDOWS).fill(null);
    else if (this.#windowsStart !== this.start) this.#windows.fill(null);
    this.#windowsStart = this.start;
    return this.#windows[index] ??= this.bytes.subarray(this.start, end);
  }

  #refuse(lengthBytes: number): never {
    throw new RangeError(`Cannot fill packet: ${lengthBytes} bytes exceed ${this.capacityBytes}`);
  }
}
