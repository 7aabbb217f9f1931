/**
 * What end-to-end tests need of the machine, and what of it is missing.
 *
 * @module
 */

/** A program and the Debian package that brings it. */
export interface Requirement {
  readonly program: string;
  readonly debianPackage: string;
}

/** Programs that the end-to-end tests run, beside those of every Debian (sh, perl, mount, setpriv, ...). */
export const REQUIREMENTS: readonly Requirement[] = [
  { program: "ip", debianPackage: "iproute2" },
  { program: "tc", debianPackage: "iproute2" },
  { program: "ping", debianPackage: "iputils-ping" },
  { program: "danted", debianPackage: "dante-server" },
  { program: "ss-local", debianPackage: "shadowsocks-libev" },
  { program: "ss-server", debianPackage: "shadowsocks-libev" },
  { program: "microsocks", debianPackage: "microsocks" },
  { program: "iperf3", debianPackage: "iperf3" },
  { program: "tcpdump", debianPackage: "tcpdump" },
  { program: "nft", debianPackage: "nftables" },
  { program: "tmux", debianPackage: "tmux" },
];

/** Programs that read what bindlink prints for them: completion scripts, the man page, units. */
export const READERS: readonly Requirement[] = [
  { program: "zsh", debianPackage: "zsh" },
  { program: "fish", debianPackage: "fish" },
  { program: "man", debianPackage: "man-db" },
  { program: "groff", debianPackage: "groff-base" },
  // Only its tools are run.
  { program: "systemd-analyze", debianPackage: "systemd" },
];

/** For the web page. Where it cannot be had (Ubuntu's package is a stub), the other tests run all the same. */
export const BROWSERS: readonly Requirement[] = [
  { program: "chromium", debianPackage: "chromium" },
];

/** Where a program is, or null. */
export function findProgram(name: string): string | null {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if (Deno.statSync(`${folder}/${name}`).isFile) return `${folder}/${name}`;
    } catch {
      // not in this one
    }
  }
  return null;
}

/** What of {@link REQUIREMENTS}, or of other ones, is not there. */
export function missingRequirements(
  of: readonly Requirement[] = REQUIREMENTS,
): readonly Requirement[] {
  return of.filter(({ program }) => findProgram(program) === null);
}

/** Why tests with namespaces and tun devices cannot run here, in words; null when they can. */
export function whyNoNamespaces(): string | null {
  if (Deno.build.os !== "linux") return "network namespaces are Linux's";
  if (Deno.uid() !== 0) return "network namespaces need root";
  try {
    Deno.statSync("/dev/net/tun");
  } catch {
    return 'there is no /dev/net/tun ("modprobe tun", or give the container that device)';
  }
  const missing = missingRequirements().map(({ program }) => program);
  return missing.length > 0 ? `not installed: ${missing.join(", ")}` : null;
}
