/**
 * Whether this machine looks names up past a tunnel that everything is to go through: a name server in its own network is nearer than
 * the tunnel, and systemd-resolved binds its questions to an interface, which the kernel prefers to our rules.
 *
 * @module
 */

import { parseIp } from "../ip_literal.ts";
import type { Logger } from "../log.ts";
import { ip } from "./command.ts";
import { CommandError } from "./command_error.ts";
import type { Machine } from "./machine.ts";

/** What {@link tellNameServers} works with. */
export interface NameServerContext {
  readonly machine: Machine;
  readonly logger: Logger;
  /** The tun's name. */
  readonly tun: string;
  /** Whether what goes past the tunnel is refused. */
  readonly hasKillSwitch: boolean;
}

/** Says so, with what to type, once the routes lead into the tunnel. */
export async function tellNameServers(context: NameServerContext): Promise<void> {
  const { machine, logger, tun, hasKillSwitch } = context;
  const servers = readNameServers(machine.readFile("/etc/resolv.conf") ?? "");
  const isByResolved = servers.some((it) => RESOLVED_STUBS.includes(it));
  const past: string[] = [];
  for (const server of servers) if (await isPastTunnel(server, machine, tun)) past.push(server);
  if (!isByResolved && past.length === 0) return;
  const message = hasKillSwitch
    ? "Names cannot be looked up: the kill switch refuses name servers past the tunnel"
    : "Names are looked up past the tunnel";
  logger.warn(message, {
    nameServers: isByResolved ? "as systemd-resolved has them" : past.join(", "),
    type: isByResolved
      ? `sudo resolvectl dns ${tun} 9.9.9.9 && sudo resolvectl domain ${tun} '~.'`
      : 'put "nameserver 9.9.9.9" first into /etc/resolv.conf',
  });
}

/** Name servers in a resolv.conf(5), in their order; those of an interface's own network with it behind a `%`. */
export function readNameServers(text: string): readonly string[] {
  return [...text.matchAll(/^nameserver[ \t]+(\S+)/gm)].map(([, address]) => address!)
    .filter((address) => parseIp(address.replace(/%[^%]+$/, "")) !== null);
}

/** A program on this machine asks in its own way, of which we know nothing. */
async function isPastTunnel(server: string, machine: Machine, tun: string): Promise<boolean> {
  if (server.startsWith("127.") || server === "::1") return false;
  if (server.includes("%")) return true;
  try {
    const family = server.includes(":") ? "-6" : "-4";
    const route = await machine.run(ip(family, `route get ${server}`));
    return !/^local /.test(route) && / dev (\S+)/.exec(route)?.[1] !== tun;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return false; // there is no way to it
  }
}

/** Where systemd-resolved listens (systemd-resolved.service(8)). */
const RESOLVED_STUBS = ["127.0.0.53", "127.0.0.54"];
