/**
 * What commands ask of a running slave, and what it answers.
 *
 * @module
 */

import type { LiveLinks } from "../live_links.ts";
import { UsageError } from "../usage_error.ts";
import { VERSION } from "../version.ts";
import type { ControlRequest } from "./control_message.ts";
import { decodeChange, decodeMode, decodeNewLinks } from "./link_requests.ts";

/** A slave's control socket in the state directory is called after its tun device, for there may be several. */
export function slaveSocketName(daemonName: string): string {
  return `${SLAVE_PREFIX}${daemonName}${SOCKET_SUFFIX}`;
}

/** The other way round; null: it is no slave's socket. */
export function daemonNameOf(socketName: string): string | null {
  if (!socketName.startsWith(SLAVE_PREFIX) || !socketName.endsWith(SOCKET_SUFFIX)) return null;
  const name = socketName.slice(SLAVE_PREFIX.length, -SOCKET_SUFFIX.length);
  return name === "" ? null : name;
}

/**
 * Does what is asked. Requests: `mode` (mode) is answered by null, `link.add` (links) by their names, `link.remove`,
 * `link.up`, `link.down` (name) and `link.set` (name, settings) by a `LinkOutcome`.
 * @throws UsageError: what was asked cannot be. Error: unknown or malformed.
 */
export function handleSlaveRequest(links: LiveLinks, request: ControlRequest): unknown {
  switch (request.command) {
    case "mode":
      return links.setMode(decodeMode(request.mode));
    case "link.add":
      return links.add(decodeNewLinks(request.links));
    case "link.remove":
      return links.remove(readName(request));
    case "link.up":
      return links.switchOn(readName(request));
    case "link.down":
      return links.switchOff(readName(request));
    case "link.set":
      return links.change(readName(request), decodeChange(request.settings));
    default:
      throw new UsageError(
        `The running slave (bindlink ${VERSION}) does not know this command: ` +
          "restart it with the version of this program",
      );
  }
}

function readName({ name }: ControlRequest): string {
  if (typeof name === "string") return name;
  throw new Error('Cannot read control request: "name" is missing or malformed');
}

const SLAVE_PREFIX = "slave-";
const SOCKET_SUFFIX = ".sock";
