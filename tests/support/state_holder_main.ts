/**
 * Stands in for a running master: holds a state directory and listens on its control socket, until it is killed or
 * its stdin ends. Or for a command: holds the directory alone, and goes on for a moment after its stdin has ended.
 *
 *   state_holder_main.ts STATE_DIR [command]
 *
 * @module
 */

import { ControlServer } from "../../src/control/control_server.ts";
import { handleControlRequest, MASTER_SOCKET_NAME } from "../../src/control/master_requests.ts";
import { MasterAdmin } from "../../src/state/master_admin.ts";
import { MasterStore } from "../../src/state/master_store.ts";
import { StateLock } from "../../src/state/state_lock.ts";
import { writeText } from "../../src/text_output.ts";
import { RecordingLogger } from "./recording_logger.ts";

const [stateDir = "", role = "master"] = Deno.args;

if (role === "master") await holdAsMaster();
else await holdAsCommand();

async function holdAsMaster(): Promise<void> {
  using store = MasterStore.open(stateDir);
  const admin = new MasterAdmin(store, null);
  await using _server = await ControlServer.start(
    `${stateDir}/${MASTER_SOCKET_NAME}`,
    (request) => handleControlRequest(admin, request),
    new RecordingLogger(),
  );
  await untilStdinEnds();
}

async function holdAsCommand(): Promise<void> {
  using _lock = StateLock.acquire(stateDir, "command");
  await untilStdinEnds();
  await new Promise((resolve) => setTimeout(resolve, 200));
}

async function untilStdinEnds(): Promise<void> {
  writeText(Deno.stdout, "holding\n", 1_000);
  await Deno.stdin.read(new Uint8Array(1));
}
