/**
 * What follows from a master's welcome at the slave's machine: the tundev's addresses and MTU, and a line in the log.
 *
 * @module
 */

import type { Welcome } from "../peer/handshake_payload.ts";
import { describeCipher } from "./cipher_names.ts";
import type { SecureContext } from "./tunnel.ts";

/** Says that the slave has joined a master, or another run of it. */
export function tellJoined(
  { logger, provider }: SecureContext,
  welcome: Welcome,
  isFirst: boolean,
): void {
  logger.info(isFirst ? "Joined the master" : "Joined the master again", {
    as: welcome.name,
    addresses: welcome.addresses.map((it) => `${it.address}/${it.prefixBits}`).join(", "),
    mtu: welcome.mtuBytes,
    cipher: describeCipher(welcome.cipher),
    by: provider.label,
    master: welcome.software,
  });
}

/** Gives the tundev what the master assigned; what fails is said, and the tunnel goes on. */
export function assignToTundev(
  { logger, tundev, onAssigned }: SecureContext,
  { addresses, mtuBytes }: Welcome,
): void {
  try {
    for (const problem of tundev.configure({ addresses, mtuBytes })) logger.warn(problem);
    onAssigned?.(addresses);
  } catch (error) {
    logger.error("Cannot give the tun device what the master assigned", { error });
  }
}
