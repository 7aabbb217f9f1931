/**
 * Every option of the command line, as data: the parser, the help, the environment variables and the
 * check for mistyped names are all made from this one table.
 *
 * @module
 */

/** The two ends of a tunnel. */
export type Role = "master" | "slave";

/** Name of an option, without the dashes. */
export type OptionKey =
  | "listen"
  | "proxies"
  | "proxy-target"
  | "targets"
  | "tun-name"
  | "address"
  | "mtu"
  | "connect-tcp"
  | "listen-tcp"
  | "metrics"
  | "protocol"
  | "log-level"
  | "log-format";

/** One option. Every option takes a value. */
export interface OptionSpec {
  readonly name: OptionKey;
  /** What stands for the value in the help. */
  readonly metavar: string;
  /** The end it belongs to; null: both. */
  readonly role: Role | null;
  /** May be given several times; its value is then a comma-separated list as well. */
  readonly isRepeatable: boolean;
  /** One or two sentences for the help; default and environment variable are added. */
  readonly help: string;
  /** What holds when it is not given, written as a user would; null: nothing. */
  readonly defaults: Readonly<Record<Role, string>> | null;
  /** The only values it takes, when there are few. */
  readonly choices?: readonly string[];
}

/** UDP port of a master that is told nothing else. Registered to nobody of note; no daemon of Debian uses it. */
const DEFAULT_PORT = "4321";

/**
 * Largest packet in the tunnel, in bytes. On a 1500-byte path the outer headers leave
 * 1500 - 40 (IPv6) - 8 (UDP) - 22 (SOCKS5 UDP header, IPv6) - 4 (bindlink) = 1426. The rest is kept
 * for what cannot be seen from here: mobile networks carry 1420..1440 (1380 + 4 + 8 + 20 = 1412
 * fits), and an encrypted format costs about 44 more on that first leg. Larger datagrams would be
 * fragmented, which bad uplinks lose; smaller ones cost throughput (1 % for each 14 bytes).
 */
const DEFAULT_MTU_BYTES = "1380";

/** The options, in the order of the help. */
export const OPTIONS: readonly OptionSpec[] = [
  {
    name: "listen",
    metavar: "[HOST:]PORT",
    role: "master",
    isRepeatable: false,
    help: "UDP address to listen on; without HOST, on every address of this machine.",
    defaults: both(DEFAULT_PORT),
  },
  {
    name: "proxies",
    metavar: "PROXY[,PROXY...]",
    role: "slave",
    isRepeatable: true,
    help: "SOCKS5 proxies, one link through each: HOST:PORT or socks5://USER:PASSWORD@HOST:PORT " +
      "(write @ : , / and % in a password as %40 %3A %2C %2F %25). Other users of this machine " +
      "can see a command line: give passwords in the environment variable.",
    defaults: null,
  },
  {
    name: "proxy-target",
    metavar: "HOST:PORT",
    role: "slave",
    isRepeatable: false,
    help: "The master, as the proxies reach it; a name is resolved by each proxy.",
    defaults: null,
  },
  {
    name: "targets",
    metavar: "HOST:PORT[,...]",
    role: "slave",
    isRepeatable: true,
    help: "The master's addresses to reach without a proxy, one link to each.",
    defaults: null,
  },
  {
    name: "tun-name",
    metavar: "NAME",
    role: null,
    isRepeatable: false,
    help: "Name of the tun device; %d becomes the first free number.",
    defaults: both("bind%d"),
  },
  {
    name: "address",
    metavar: "CIDR",
    role: null,
    isRepeatable: true,
    help: "Address of this end in the tunnel: one IPv4, one IPv6, or both.",
    defaults: { master: "10.10.10.1/30", slave: "10.10.10.2/30" },
  },
  {
    name: "mtu",
    metavar: "BYTES",
    role: null,
    isRepeatable: false,
    help: "Largest packet in the tunnel; the same at both ends. The default fits mobile networks.",
    defaults: both(DEFAULT_MTU_BYTES),
  },
  {
    name: "connect-tcp",
    metavar: "HOST:PORT",
    role: null,
    isRepeatable: false,
    help: "Instead of a tun device: connect what comes through the tunnel to this TCP service.",
    defaults: null,
  },
  {
    name: "listen-tcp",
    metavar: "[HOST:]PORT",
    role: null,
    isRepeatable: false,
    help: "Instead of a tun device: carry TCP connections made to this address (without HOST, " +
      "127.0.0.1) to the service that the other end connects to.",
    defaults: null,
  },
  {
    name: "metrics",
    metavar: "[HOST:]PORT|none",
    role: null,
    isRepeatable: false,
    help: "Where to serve /metrics and /healthz over HTTP; without HOST, on 127.0.0.1.",
    defaults: both("127.0.0.1:8080"),
  },
  {
    name: "protocol",
    metavar: "NAME",
    role: null,
    isRepeatable: false,
    help: "Wire format. legacy is the original's: neither encrypted nor authenticated.",
    defaults: both("legacy"),
    choices: ["legacy"],
  },
  {
    name: "log-level",
    metavar: "LEVEL",
    role: null,
    isRepeatable: false,
    help: "The least that is logged.",
    defaults: both("info"),
    choices: ["debug", "info", "warning", "error"],
  },
  {
    name: "log-format",
    metavar: "FORMAT",
    role: null,
    isRepeatable: false,
    help: "Lines for people, or JSON lines.",
    defaults: both("text"),
    choices: ["text", "json"],
  },
];

/** The options that one end takes. */
export function optionsOf(role: Role): readonly OptionSpec[] {
  return OPTIONS.filter((option) => option.role === null || option.role === role);
}

/** The option of that name, or undefined. */
export function findOption(name: string): OptionSpec | undefined {
  return OPTIONS.find((option) => option.name === name);
}

/** The environment variable that stands for an option, e.g. `BINDLINK_PROXY_TARGET`. */
export function environmentName(name: OptionKey): string {
  return `BINDLINK_${name.toUpperCase().replaceAll("-", "_")}`;
}

function both(value: string): Readonly<Record<Role, string>> {
  return { master: value, slave: value };
}
