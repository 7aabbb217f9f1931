/**
 * Looks at a master's machine: whether one runs, its port, its addresses.
 *
 * @module
 */

import { requestControl } from "../control/control_client.ts";
import { MASTER_SOCKET_NAME } from "../control/master_requests.ts";
import type { MasterOptions } from "../daemon_options.ts";
import type { IoEngine } from "../linkmap/io_engine.ts";
import { describeError } from "../log.ts";
import { MasterStore } from "../state/master_store.ts";
import { publicAddresses } from "../state/public_addresses.ts";
import type { MasterFacts } from "./judge_master.ts";

/** All facts about it. @param engine null: none works, so UDP is not tried. */
export async function lookAtMaster(
  options: MasterOptions,
  engine: IoEngine | null,
): Promise<MasterFacts> {
  const { stateDir, listen } = options;
  const running = await findMaster(stateDir);
  const isFree = running.kind === "no";
  const hostname = listen.host ?? "0.0.0.0";
  const { port } = listen;
  return {
    port,
    isSetUp: MasterStore.exists(stateDir),
    running,
    udpFault: isFree && engine !== null
      ? tryPort(() => engine.bindUdp({ hostname, port }).close())
      : null,
    tcpFault: isFree && options.allowsTcp
      ? tryPort(() => Deno.listen({ hostname, port }).close())
      : null,
    publicAddresses: publicAddresses(Deno.networkInterfaces()),
    isForwarding: readForwarding(),
  };
}

async function findMaster(stateDir: string): Promise<MasterFacts["running"]> {
  try {
    const answer = await requestControl(`${stateDir}/${MASTER_SOCKET_NAME}`, { command: "slaves" });
    if (answer === null) return { kind: "no" };
    const slaves = Array.isArray(answer.result) ? answer.result : [];
    const connected = slaves.filter((slave) => slave.state === "connected").length;
    return { kind: "yes", slaves: slaves.length, connected };
  } catch (error) {
    return { kind: "unknown", detail: describeError(error) };
  }
}

function tryPort(bind: () => void): string {
  try {
    bind();
    return "";
  } catch (error) {
    return describeError(error);
  }
}

function readForwarding(): boolean | null {
  try {
    return Deno.readTextFileSync("/proc/sys/net/ipv4/ip_forward").trim() === "1";
  } catch {
    return null;
  }
}
