/**
 * Which endpoints of the master an invitation names.
 *
 * @module
 */

import { formatHostPort, type HostPort } from "../net_address.ts";
import { UsageError } from "../usage_error.ts";
import { type InterfaceAddress, publicAddresses } from "./public_addresses.ts";

/** What is known of where slaves reach the master. */
export interface EndpointSources {
  /** Named by this invitation. */
  readonly given: readonly HostPort[];
  /** Named by one before. */
  readonly remembered: readonly HostPort[];
  /** Port that the master listens on, or listened on last. */
  readonly port: number | undefined;
  networkInterfaces(): readonly InterfaceAddress[];
}

/** What is to stand in the token. */
export interface ChosenEndpoints {
  /** At least one, none twice. */
  readonly endpoints: readonly HostPort[];
  /** Whether nobody ever named them: they are this machine's own public addresses. */
  readonly areEndpointsGuessed: boolean;
}

/** Takes what was named, now or before, else guesses. @throws UsageError when there is nothing to guess from. */
export function chooseEndpoints(sources: EndpointSources): ChosenEndpoints {
  const named = sources.given.length > 0 ? sources.given : sources.remembered;
  if (named.length > 0) return { endpoints: withoutDoubles(named), areEndpointsGuessed: false };
  const port = sources.port ?? DEFAULT_PORT;
  const hosts = publicAddresses(sources.networkInterfaces());
  if (hosts.length > 0) {
    return { endpoints: hosts.map((host) => ({ host, port })), areEndpointsGuessed: true };
  }
  throw new UsageError(
    "Where slaves reach this master is not known, as this machine has no public address of its own: " +
      `name it with --endpoint HOST:PORT, e.g. --endpoint ${
        formatHostPort("vpn.example.org", port)
      }`,
  );
}

function withoutDoubles(endpoints: readonly HostPort[]): readonly HostPort[] {
  const byText = new Map(endpoints.map((it) => [formatHostPort(it.host, it.port), it]));
  return [...byText.values()];
}

/** What `--listen` is by default: the original's port. */
const DEFAULT_PORT = 4321;
