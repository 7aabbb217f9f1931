/**
 * Whether this machine lets us have network namespaces and a tun, and if not, why.
 *
 * @module
 */

import { NetworkLab } from "../../tests/support/namespace.ts";
import { tryCommand } from "../run_command.ts";

/** What stands in the way of namespaces, in words; null when nothing does. */
export async function findObstacle(): Promise<string | null> {
  if (Deno.build.os !== "linux") {
    return `network namespaces are Linux's, and this is ${Deno.build.os}`;
  }
  if (Deno.uid() !== 0) return "network namespaces need root";
  const ip = await tryCommand(["ip", "-V"]);
  if (!ip.isSuccess) return 'the program "ip" is missing (on Debian: apt-get install iproute2)';
  try {
    using _device = await Deno.open("/dev/net/tun", { read: true, write: true });
  } catch (error) {
    return `/dev/net/tun can't be opened: ${firstLine(error)}`;
  }
  try {
    await using lab = new NetworkLab();
    const trial = await lab.namespace("trial");
    await trial.run(["ip", "link", "add", "name", "left", "type", "veth", "peer", "name", "right"]);
  } catch (error) {
    return `this machine refuses network namespaces: ${firstLine(error)}`;
  }
  return null;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ").trim().replace(/\.$/, "");
}
