/**
 * Where a handshake came from, as far as it is asked: most of a flood is refused before anybody asks.
 *
 * @module
 */

import type { DatagramSocket } from "../linkmap/datagram_socket.ts";
import { formatAddress, type NetAddress } from "../net_address.ts";
import type { HandshakeSource } from "../peer/responder_options.ts";

/** The source of one handshake after the other. */
export class HandshakeOrigin implements HandshakeSource {
  readonly #isLinkAddress: (text: string) => boolean;
  #socket: DatagramSocket | null = null;
  #source: NetAddress | null = null;
  /** Empty: not asked for yet. */
  #text = "";

  /** @param isLinkAddress whether a live link leads to an address. */
  constructor(isLinkAddress: (text: string) => boolean) {
    this.#isLinkAddress = isLinkAddress;
  }

  /** From now on it is this one, until the next. */
  set(socket: DatagramSocket, source: NetAddress): this {
    this.#socket = socket;
    this.#source = source;
    this.#text = "";
    return this;
  }

  /** See {@link HandshakeSource.text}. */
  get text(): string {
    if (this.#text === "" && this.#source !== null) this.#text = formatAddress(this.#source);
    return this.#text;
  }

  /** See {@link HandshakeSource.isProven}. */
  get isProven(): boolean {
    return this.#socket?.transport === "tcp" || this.#isLinkAddress(this.text);
  }
}
