/**
 * The UDP half of the in-process SOCKS5 server: one association's relay. It reads and writes the
 * SOCKS5 UDP header by its own code, so that it checks the client's instead of repeating it.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { DatagramSlot } from "../../src/linkmap/datagram_socket.ts";
import { isSameAddress, type NetAddress } from "../../src/net_address.ts";
import { UdpSocket } from "../../src/linkmap/udp_socket.ts";
import { Packet } from "../../src/wire/packet.ts";
import { craftRelayed, dataOffset, headerAddress } from "./socks5_wire.ts";

/**
 * What a datagram passes on its way between client and relay: the place of a link emulator. Bytes
 * are the whole SOCKS5 datagram, borrowed until return; `deliver` may be called later, or never, or
 * at once, and borrows likewise. `deliver` is the same function for all datagrams of an association.
 */
export interface DatagramEmulator {
  /** Client to target. */
  up(bytes: Uint8Array, deliver: (bytes: Uint8Array) => void): void;
  /** Target to client. */
  down(bytes: Uint8Array, deliver: (bytes: Uint8Array) => void): void;
}

/** What a relay is made of. */
export interface Socks5RelayOptions {
  /** Local IP that the client talks to. */
  readonly clientSideHost: string;
  /** The client's IP; datagrams from others are dropped. */
  readonly clientHost: string;
  /** The port that the client declared, or 0: then the first sender is the client. */
  readonly clientPort: number;
  /** Local IP for the way to the targets; null for any, both families. */
  readonly outgoingHost: string | null;
  readonly emulator: DatagramEmulator | null;
}

/** Datagrams to a name that wait for its address, at most; the rest is dropped. */
const MAX_WAITING_DATAGRAMS = 64;

/** Longest header in front of an answer: RSV FRAG ATYP, IPv6 address, port. */
const ANSWER_HEADER_BYTES = 22;

/** A relay between one client and any targets, with a socket for either side. */
export class Socks5Relay implements Disposable {
  /** Datagrams passed on. */
  upDatagrams = 0;
  downDatagrams = 0;
  /** Datagrams that were no good, or not from the client. */
  dropped = 0;
  readonly #inner: UdpSocket;
  readonly #outer: UdpSocket;
  readonly #options: Socks5RelayOptions;
  readonly #ended: Promise<unknown>;
  readonly #names = new Map<string, string | Uint8Array[]>();
  readonly #answer = new Uint8Array(ANSWER_HEADER_BYTES + 65_507);
  // One object serves all sends: UdpSocket.send borrows it until it returns.
  readonly #outgoing = { bytes: new Uint8Array(0), start: 0, end: 0 };
  #client: NetAddress | null = null;
  #lastTarget: NetAddress = { hostname: "", port: 0 };
  #lastSource: NetAddress = { hostname: "", port: 0 };
  #lastSourceHeader = new Uint8Array(0);
  readonly #forwardUp = (bytes: Uint8Array): void => this.#toTarget(bytes);
  readonly #forwardDown = (bytes: Uint8Array): void => this.#toClient(bytes);

  /** Opens both sockets and starts. @throws Error when either can't be bound. */
  constructor(options: Socks5RelayOptions) {
    this.#options = options;
    this.#inner = UdpSocket.bind({ hostname: options.clientSideHost, port: 0 });
    try {
      this.#outer = bindOutgoing(options.outgoingHost);
    } catch (error) {
      this.#inner.close();
      throw error;
    }
    this.#ended = Promise.all([
      pump(this.#inner, (slot) => this.#fromClient(slot)),
      pump(this.#outer, (slot) => this.#fromTarget(slot)),
    ]);
  }

  /** Where the client sends to. */
  get address(): NetAddress {
    return this.#inner.localAddress;
  }

  /** Closes both sockets; idempotent. */
  close(): void {
    this.#inner.close();
    this.#outer.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Resolves when both loops have ended. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  #fromClient({ packet, source }: DatagramSlot): void {
    if (this.#client === null && this.#mayBeClient(source)) this.#client = source;
    if (this.#client === null || !isSameAddress(source, this.#client)) {
      this.dropped++;
      return;
    }
    const { emulator } = this.#options;
    const bytes = packet.bytes.subarray(packet.start, packet.end);
    if (emulator === null) this.#toTarget(bytes);
    else emulator.up(bytes, this.#forwardUp);
  }

  #mayBeClient(source: NetAddress): boolean {
    const { clientHost, clientPort } = this.#options;
    return source.hostname === clientHost && (clientPort === 0 || source.port === clientPort);
  }

  #toTarget(bytes: Uint8Array): void {
    const dataAt = dataOffset(bytes);
    if (dataAt < 0) {
      this.dropped++;
      return;
    }
    const { hostname, port } = headerAddress(bytes, dataAt);
    if (isIP(hostname) !== 0) {
      this.#sendOut(bytes, dataAt, hostname, port);
      return;
    }
    const known = this.#names.get(hostname);
    if (typeof known === "string") this.#sendOut(bytes, dataAt, known, port);
    else if (known === undefined) this.#resolve(hostname, bytes);
    else if (known.length < MAX_WAITING_DATAGRAMS) known.push(bytes.slice());
  }

  async #resolve(name: string, first: Uint8Array): Promise<void> {
    const waiting = [first.slice()];
    this.#names.set(name, waiting);
    try {
      const { address } = await lookup(name);
      this.#names.set(name, address);
      for (const bytes of waiting) this.#toTarget(bytes);
    } catch {
      this.dropped += waiting.length;
      this.#names.delete(name); // the next datagram asks again
    }
  }

  #sendOut(bytes: Uint8Array, dataAt: number, hostname: string, port: number): void {
    const last = this.#lastTarget;
    if (last.hostname !== hostname || last.port !== port) this.#lastTarget = { hostname, port };
    this.upDatagrams++;
    this.#send(this.#outer, bytes, dataAt, this.#lastTarget);
  }

  #fromTarget({ packet, source }: DatagramSlot): void {
    if (this.#client === null) {
      this.dropped++;
      return;
    }
    if (!isSameAddress(source, this.#lastSource)) {
      this.#lastSource = source;
      this.#lastSourceHeader = craftRelayed(source, new Uint8Array(0));
    }
    const header = this.#lastSourceHeader;
    this.#answer.set(header);
    this.#answer.set(packet.bytes.subarray(packet.start, packet.end), header.length);
    const bytes = this.#answer.subarray(0, header.length + packet.length);
    const { emulator } = this.#options;
    if (emulator === null) this.#toClient(bytes);
    else emulator.down(bytes, this.#forwardDown);
  }

  #toClient(bytes: Uint8Array): void {
    if (this.#client === null) return;
    this.downDatagrams++;
    this.#send(this.#inner, bytes, 0, this.#client);
  }

  #send(socket: UdpSocket, bytes: Uint8Array, start: number, dst: NetAddress): void {
    const outgoing = this.#outgoing;
    outgoing.bytes = bytes as Uint8Array<ArrayBuffer>;
    outgoing.start = start;
    outgoing.end = bytes.length;
    if (socket.send(outgoing, dst) < 0) this.dropped++;
  }
}

/** Both families where the machine has IPv6. */
function bindOutgoing(host: string | null): UdpSocket {
  if (host !== null) return UdpSocket.bind({ hostname: host, port: 0 });
  try {
    return UdpSocket.bind({ hostname: "::", port: 0 });
  } catch {
    return UdpSocket.bind({ hostname: "0.0.0.0", port: 0 });
  }
}

/** Hands each datagram on until the socket is closed. */
async function pump(socket: UdpSocket, callback: (slot: DatagramSlot) => void): Promise<void> {
  const slots = Array.from({ length: 8 }, (): DatagramSlot => ({
    packet: new Packet(),
    source: { hostname: "", port: 0 },
  }));
  for (;;) {
    const count = await socket.receive(slots);
    if (count === 0) return;
    for (let i = 0; i < count; i++) callback(slots[i]!);
  }
}
