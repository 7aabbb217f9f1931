/**
 * Installs Debian packages for the tests, and no more than that: some of them are servers, whose
 * services must not run on this machine because of it.
 *
 * @module
 */

import { findProgram } from "../tests/support/requirements.ts";
import { runCommand, tryCommand } from "./run_command.ts";

/** Asked by a package's installation before it starts a service: invoke-rc.d(8). */
const POLICY_PATH = "/usr/sbin/policy-rc.d";
/** 101: no service may be started. */
const POLICY = "#!/bin/sh\nexit 101\n";

/** Services of the packages, which systemd would start at the next boot. */
const SERVICES: Readonly<Record<string, string>> = {
  "dante-server": "danted",
  "shadowsocks-libev": "shadowsocks-libev",
  "microsocks": "microsocks",
  "iperf3": "iperf3",
  "nftables": "nftables",
};

const APT_GET = [
  "apt-get",
  "-o",
  "DPkg::Lock::Timeout=120",
  "--yes",
  "--no-install-recommends",
] as const;
const ENVIRONMENT = { DEBIAN_FRONTEND: "noninteractive" };

/** Whether packages are installed by apt-get here. */
export function isDebianLike(): boolean {
  return findProgram("apt-get") !== null && findProgram("dpkg") !== null;
}

/** Installs packages that are not installed. @throws Error with apt-get's words when that fails. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const hasOwnPolicy = await denyServices();
  try {
    // The lists may be missing (a fresh container) or old: then, and only then, they are fetched.
    const first = await tryCommand([...APT_GET, "install", ...packages], { env: ENVIRONMENT });
    if (!first.isSuccess) {
      await runCommand(["apt-get", "update"], { env: ENVIRONMENT });
      await runCommand([...APT_GET, "install", ...packages], { env: ENVIRONMENT });
    }
  } finally {
    if (hasOwnPolicy) await Deno.remove(POLICY_PATH);
  }
  for (const name of packages) {
    const service = SERVICES[name];
    // Not there without systemd: then nothing starts it either.
    if (service !== undefined) await tryCommand(["systemctl", "disable", "--now", service]);
  }
}

/** Forbids services to start. @returns whether the prohibition is ours and must be lifted again. */
async function denyServices(): Promise<boolean> {
  try {
    await Deno.writeTextFile(POLICY_PATH, POLICY, { mode: 0o755, createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}
