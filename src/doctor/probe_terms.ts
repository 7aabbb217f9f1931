/**
 * What a probe session takes and gives. Types only.
 *
 * @module
 */

import type { SlaveIdentity } from "../daemon_options.ts";
import type { DatagramSocket } from "../linkmap/datagram_socket.ts";
import type { LinkSettings } from "../multiplexer/link_settings.ts";
import type { NetAddress } from "../net_address.ts";
import type { Refusal, Welcome } from "../peer/handshake_payload.ts";
import type { SecureContext } from "../tunnel/tunnel.ts";

/** What a session works with: of the daemon's context what is not the tun's. */
export type ProbeContext =
  & Omit<SecureContext, "tundev" | "deliver" | "reschedule" | "open" | "bindUdp" | "flush">
  & { readonly identity: SlaveIdentity; readonly wantedMtuBytes: number };

/** What the master answered to the handshake. */
export interface HandshakeAnswer {
  readonly answer: Welcome | Refusal;
  readonly roundTripMs: number;
  readonly clockBehindMs: number;
}

/** A ping that was answered. */
export interface Echo {
  readonly linkId: number;
  /** Its send time as the ping said it, u32 µs: what it is known by. */
  readonly sentUs: number;
  /** What it took to get there, u32 µs, with the unknown offset of the two clocks. */
  readonly transitUs: number;
  /** Monotonic ms when the answer came. */
  readonly receivedMs: number;
}

/** A way that is open. */
export interface OpenWay {
  readonly id: number;
  readonly name: string;
  readonly settings: LinkSettings;
  readonly socket: DatagramSocket;
  readonly remote: NetAddress;
}
