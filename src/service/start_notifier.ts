/**
 * Begins to report to the service manager, when there is one.
 *
 * @module
 */

import { describeError, type Logger } from "../log.ts";
import { findServiceManager } from "./service_manager.ts";
import { type Notified, ServiceNotifier } from "./service_notifier.ts";

/** The reports; null: nobody wants them, or they cannot be sent, which is logged. */
export async function startNotifier(
  notified: Notified,
  logger: Logger,
): Promise<ServiceNotifier | null> {
  const manager = findServiceManager((name) => Deno.env.get(name), Deno.pid);
  if (manager === null) return null;
  try {
    // Only here: who has no manager needs no C library for it.
    const { NotifySocket } = await import("../../ffi/notify_socket.ts");
    const port = new NotifySocket(manager.socketName);
    return new ServiceNotifier(manager, notified, { port, logger });
  } catch (error) {
    logger.warn("Cannot tell the service manager", { reason: describeError(error) });
    return null;
  }
}
