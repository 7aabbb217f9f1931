/**
 * Runs a command that ends by itself.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";
import { type CommandIo, processIo } from "./command_io.ts";
import { runInstallService } from "./install_service.ts";
import { runInvite } from "./invite.ts";
import { runJoin } from "./join.ts";
import { runKeygen } from "./keygen.ts";
import { runLinkCommand } from "./links.ts";
import { runPubkey } from "./pubkey.ts";
import { runReload } from "./reload.ts";
import { runRevoke } from "./revoke.ts";
import { runSlaves } from "./slaves.ts";
import { runStatus } from "./status.ts";
import { runUninstallService } from "./uninstall_service.ts";

/** Runs it. @returns the exit code. @throws UsageError, StateError, Error: the caller reports them. */
export async function runCommand(
  request: CommandRequest,
  io: CommandIo = processIo(),
): Promise<number> {
  switch (request.kind) {
    case "keygen":
      runKeygen(io);
      break;
    case "pubkey":
      await runPubkey(io);
      break;
    case "invite":
      await runInvite(request, io);
      break;
    case "slaves":
      await runSlaves(request, io);
      break;
    case "revoke":
      await runRevoke(request, io);
      break;
    case "join":
      runJoin(request, io);
      break;
    case "doctor": {
      // Only here: the others need neither links nor ciphers.
      const { runDoctor } = await import("./doctor.ts");
      return await runDoctor(request, io);
    }
    case "reload":
      await runReload(request, io);
      break;
    case "status":
      await runStatus(request, io);
      break;
    case "install-service":
      await runInstallService(request, io);
      break;
    case "uninstall-service":
      await runUninstallService(request.role, io);
      break;
    case "top": {
      const { runTop } = await import("./top.ts");
      await runTop(request);
      break;
    }
    case "record": {
      // Only here, as above.
      const { runRecord } = await import("./record.ts");
      return await runRecord(request, io);
    }
    default:
      await runLinkCommand(request, io);
  }
  return 0;
}
