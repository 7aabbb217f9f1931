/**
 * What `/healthz` says: whether traffic gets through, and if it does not, why.
 *
 * @module
 */

import type { DaemonSnapshot, LinkSnapshot } from "../snapshot.ts";

/** The answer to `/healthz`. */
export interface Health {
  /** 200 when a link is up, 503 when none is: "send your traffic elsewhere", not "restart me". */
  readonly httpStatus: 200 | 503;
  readonly body: {
    readonly status: "ok" | "no link is up";
    readonly role: "master" | "slave";
    readonly version: string;
    readonly uptimeSeconds: number;
    readonly links: { readonly up: number; readonly known: number };
    /** Each link, by id; `reason` says why it is not up, or what it does. It holds no password: see SocksError. */
    readonly linkStates: readonly Pick<
      LinkSnapshot,
      "id" | "name" | "slave" | "transport" | "state" | "reason"
    >[];
  };
}

/**
 * Judges a snapshot. A master without a slave is as unhealthy as a slave without a master: neither
 * end's tunnel carries anything. Whether the process lives at all is what `/metrics` answers.
 */
export function judgeHealth(snapshot: DaemonSnapshot): Health {
  const up = snapshot.links.filter((link) => link.state === "up").length;
  return {
    httpStatus: up > 0 ? 200 : 503,
    body: {
      status: up > 0 ? "ok" : "no link is up",
      role: snapshot.role,
      version: snapshot.version,
      uptimeSeconds: Math.floor(snapshot.uptimeSeconds),
      links: { up, known: snapshot.links.length },
      linkStates: snapshot.links.map(({ id, name, slave, transport, state, reason }) => ({
        id,
        name,
        slave,
        transport,
        state,
        reason,
      })),
    },
  };
}
