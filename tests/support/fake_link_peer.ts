/**
 * The far side of a slave's links on a fake network: a bare socket that the test reads and writes.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { LinkOpener } from "../../src/linkmap/link_opener.ts";
import type { LinkSpec } from "../../src/linkmap/link_spec.ts";
import { DEFAULT_LINK_SETTINGS } from "../../src/multiplexer/link_settings.ts";
import type { NetAddress } from "../../src/net_address.ts";
import { Packet } from "../../src/wire/packet.ts";
import { type FakeDatagramSocket, FakeNetwork } from "./fake_datagram_socket.ts";

/** Where it is. */
export const FAKE_PEER: NetAddress = { hostname: "192.0.2.100", port: 4321 };

/** A datagram and where it came from. */
export interface SourcedDatagram {
  readonly bytes: Uint8Array;
  readonly source: NetAddress;
}

/** One link's spec. */
export function fakeLinkSpec(id: number): LinkSpec {
  return {
    id,
    name: `phone${id}`,
    targets: [{ host: "master", port: 4321 }],
    allowsTcp: false,
    proxy: null,
    settings: DEFAULT_LINK_SETTINGS,
  };
}

/** The peer. */
export class FakeLinkPeer implements Disposable {
  readonly network = new FakeNetwork();
  readonly socket = this.network.bind(FAKE_PEER);
  /** Sockets that were opened for links, in order. */
  readonly opened: FakeDatagramSocket[] = [];
  #nextPort = 1_000;

  /** Opens links on the fake network. */
  readonly open: LinkOpener = () => {
    const socket = this.network.bind({ hostname: "192.0.2.1", port: this.#nextPort++ });
    this.opened.push(socket);
    return Promise.resolve({ socket, remote: FAKE_PEER, transport: "udp", alternatives: 0 });
  };

  send(bytes: Uint8Array, dst: NetAddress): void {
    const packet = new Packet();
    packet.fill(bytes);
    assert.equal(this.socket.send(packet, dst), 0);
  }

  /** The next datagram for the peer. */
  async next(): Promise<SourcedDatagram> {
    const slot = { packet: new Packet(), source: FAKE_PEER };
    assert.equal(await this.socket.receive([slot]), 1);
    return { bytes: slot.packet.toBytes().slice(), source: slot.source };
  }

  [Symbol.dispose](): void {
    this.socket.close();
    for (const socket of this.opened) socket.close();
  }
}

/** Lets what was sent arrive: fake sockets need a few turns of the microtask queue. */
export async function settle(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (condition()) return;
    await Promise.resolve();
  }
  assert(condition(), "did not happen");
}
