/**
 * Makes the tunnel that the options ask for, with the real ciphers, sockets, clocks and randomness.
 *
 * @module
 */

import { openAeadProvider } from "./crypto/aead_provider.ts";
import { openMac1 } from "./crypto/mac1.ts";
import { randomBytes, randomHex } from "./crypto/random_bytes.ts";
import { nodeDiffieHellman } from "./crypto/x25519.ts";
import type { DaemonOptions } from "./daemon_options.ts";
import type { IoEngine } from "./linkmap/io_engine.ts";
import { createLinkOpener } from "./linkmap/link_opener.ts";
import { describeError } from "./log.ts";
import type { MasterState } from "./master_state.ts";
import { PacketPool } from "./multiplexer/packet_pool.ts";
import type { Routing } from "./routing/routing.ts";
import { LegacyTunnel } from "./tunnel/legacy_tunnel.ts";
import { MasterTunnel } from "./tunnel/master_tunnel.ts";
import { SlaveTunnel } from "./tunnel/slave_tunnel.ts";
import type { SecureContext, Tunnel, TunnelContext } from "./tunnel/tunnel.ts";

/** Bytes of an instance id: two runs of one program share one by chance in 2^64. */
const INSTANCE_ID_BYTES = 8;

/** How long datagrams that say goodbye get to leave. They need a turn of the event loop; a full socket would need longer. */
const FLUSH_MS = 20;

/** What {@link openTunnel} gives to a tunnel besides what it makes itself. */
export interface TunnelParts
  extends Pick<TunnelContext, "tundev" | "deliver" | "drops" | "logger" | "clock" | "reschedule"> {
  readonly engine: IoEngine;
  readonly routing: Routing;
  readonly version: string;
  /** A master's, with sessions; else null. */
  readonly state: MasterState | null;
}

/** Makes it; nothing is opened before its `start`. @throws Error when no cipher works. */
export async function openTunnel(options: DaemonOptions, parts: TunnelParts): Promise<Tunnel> {
  const { engine: { bindUdp, dialTcp }, routing, state, version, ...given } = parts;
  // The legacy protocol has no probes: what is too large for a path is to be fragmented there.
  const forbidsFragments = options.protocol === "secure";
  const context: TunnelContext = {
    ...given,
    open: createLinkOpener(given.drops, bindUdp, forbidsFragments, routing.ways, dialTcp),
    bindUdp: (where) => bindUdp({ ...where, forbidsFragments }),
    wallClock: Date.now,
    rng: Math.random,
  };
  if (options.protocol === "legacy") return new LegacyTunnel(options, context);
  const secure: SecureContext = {
    ...context,
    onAssigned: (addresses) => routing.handleAssigned(addresses),
    pool: new PacketPool(),
    provider: await openAeadProvider({
      onUnusable: (implementation, error) =>
        given.logger.debug(`Cannot use ${implementation}`, { reason: describeError(error) }),
    }),
    dh: nodeDiffieHellman,
    randomBytes,
    instanceId: randomHex(INSTANCE_ID_BYTES),
    software: `bindlink ${version}`,
    flush: () => new Promise((resolve) => setTimeout(resolve, FLUSH_MS)),
  };
  if (options.role === "slave") return new SlaveTunnel(options, secure);
  if (state === null) throw new Error("Invariant: a master without its state");
  const mac1 = await openMac1(state.store.keyPair.publicKey);
  return new MasterTunnel(options, { ...secure, mac1 }, state.store);
}
