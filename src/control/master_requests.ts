/**
 * What commands ask of a master, and what it answers: the meaning of control requests. The running master
 * and, while none runs, the command itself do the same here.
 *
 * @module
 */

import type { HostPort } from "../net_address.ts";
import { decodeKey } from "../state/key_text.ts";
import type { MasterAdmin } from "../state/master_admin.ts";
import { UsageError } from "../usage_error.ts";
import { VERSION } from "../version.ts";
import type { ControlRequest } from "./control_message.ts";

/** The control socket's name in the state directory. */
export const MASTER_SOCKET_NAME = "master.sock";

/**
 * Does what is asked. Requests: `invite` (name, endpoints, publicKey: base64 or null) is answered by an `Invitation`,
 * `slaves` by a list of `SlaveListing`, `revoke` (name) by a `Revocation`.
 * @throws UsageError: what was asked cannot be. Error: unknown, malformed, or the disk refused.
 */
export function handleControlRequest(admin: MasterAdmin, request: ControlRequest): unknown {
  switch (request.command) {
    case "invite":
      return admin.invite(readText(request, "name"), {
        endpoints: readEndpoints(request),
        publicKey: readPublicKey(request),
      });
    case "slaves":
      return admin.list();
    case "revoke":
      return admin.revoke(readText(request, "name"));
    default:
      throw new UsageError(
        `The running master (bindlink ${VERSION}) does not know this command: ` +
          "restart it with the version of this program",
      );
  }
}

function readText(request: ControlRequest, key: string): string {
  const value = request[key];
  if (typeof value !== "string") throw malformed(key);
  return value;
}

function readPublicKey(request: ControlRequest): Uint8Array<ArrayBuffer> | null {
  if (request.publicKey === null || request.publicKey === undefined) return null;
  const key = decodeKey(readText(request, "publicKey"));
  if (key === null) throw malformed("publicKey");
  return key;
}

function readEndpoints(request: ControlRequest): readonly HostPort[] {
  const value: unknown = request.endpoints;
  if (!Array.isArray(value)) throw malformed("endpoints");
  return value.map((endpoint: unknown) => {
    if (typeof endpoint !== "object" || endpoint === null) throw malformed("endpoints");
    const { host, port } = endpoint as Partial<Record<keyof HostPort, unknown>>;
    if (typeof host !== "string" || host === "") throw malformed("endpoints");
    if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) {
      throw malformed("endpoints");
    }
    return { host, port };
  });
}

function malformed(key: string): Error {
  return new Error(`Cannot read control request: ${JSON.stringify(key)} is missing or malformed`);
}
