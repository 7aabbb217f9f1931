/**
 * Every option of the command line, as data: the parser, the help, the environment variables and the
 * check for mistyped names are all made from this one table.
 *
 * @module
 */

import { DEFAULT_LINK_SETTINGS, LINK_MODES } from "../multiplexer/link_settings.ts";
import { AUTO_OPTIONS } from "./auto_options.ts";
import { type CommandName, type Role, roleOf } from "./command_table.ts";
import { CONFIG_OPTIONS } from "./config_options.ts";
import { CONTROL_COMMANDS } from "./control_commands.ts";
import { DOCTOR_OPTIONS } from "./doctor_options.ts";
import { IO_OPTIONS } from "./io_options.ts";
import { INVITE_OPTIONS } from "./invite_options.ts";
import type { OptionSpec } from "./option_spec.ts";
import { RECORD_OPTIONS } from "./record_options.ts";
import { ROUTING_OPTIONS } from "./routing_options.ts";
import { SERVICE_OPTIONS } from "./service_options.ts";
import { WEB_OPTIONS } from "./web_options.ts";

/** UDP port of a master that is told nothing else. Registered to nobody of note; no daemon of Debian uses it. */
const DEFAULT_PORT = "4321";

/** Inner IPv4 network of a master that is told nothing else. */
const DEFAULT_POOL = "10.10.10.0/24";

/**
 * Largest packet in the tunnel, in bytes. On a 1500-byte path the outer headers leave
 * 1500 - 40 (IPv6) - 8 (UDP) - 22 (SOCKS5 UDP header, IPv6) - 44 (bindlink: 16 header, 12 data
 * header, 16 tag) = 1386. The rest is kept for what cannot be seen from here: mobile networks carry
 * 1420..1440, and 1340 + 44 + 8 (UDP) + 20 (IPv4) = 1412 fits. Larger datagrams would be fragmented,
 * which bad uplinks lose; smaller ones cost throughput (1 % for each 14 bytes). The legacy protocol
 * has 4 bytes where the secure one has 44; one default serves both, since two machines that change
 * from one to the other should not have to think of it.
 */
const DEFAULT_MTU_BYTES = "1340";

/** Renewal of a session: WireGuard's REKEY_AFTER_TIME, in seconds. */
const DEFAULT_REKEY_S = "120";

const MASTER: readonly CommandName[] = ["master"];
const SLAVE: readonly CommandName[] = ["slave", "join", "doctor"];
const LINKS: readonly CommandName[] = [...SLAVE, "link add"];
const BOTH: readonly CommandName[] = ["master", "slave", "join", "doctor"];
/** What only a running daemon has. */
const DAEMON: readonly CommandName[] = ["master", "slave", "join"];

const CONTROL: readonly CommandName[] = CONTROL_COMMANDS.map(({ name }) => name);

/** The options, in the order of the help. */
export const OPTIONS: readonly OptionSpec[] = [
  ...CONFIG_OPTIONS,
  {
    name: "listen",
    metavar: "[HOST:]PORT",
    commands: ["master", "doctor"],
    help: "Address to listen on, UDP and TCP; without HOST, on every address of this machine.",
    defaults: both(DEFAULT_PORT),
  },
  {
    name: "pool",
    metavar: "CIDR",
    commands: MASTER,
    protocol: "secure",
    help: "IPv4 network of the tunnel: the master has its first address, slaves the others.",
    defaults: both(DEFAULT_POOL),
  },
  {
    name: "allow-slave-to-slave",
    metavar: null,
    commands: MASTER,
    protocol: "secure",
    help: "Let slaves reach each other through the master.",
  },
  {
    name: "token",
    metavar: "TOKEN",
    commands: SLAVE,
    protocol: "secure",
    help: 'The join token that "bindlink invite" printed. Other users of this machine can see a ' +
      'command line: better give --token-file or the environment variable, or use "bindlink join -".',
  },
  {
    name: "token-file",
    metavar: "FILE",
    commands: SLAVE,
    protocol: "secure",
    help: "File that holds the join token; - is stdin.",
  },
  {
    name: "key-file",
    metavar: "FILE",
    commands: SLAVE,
    protocol: "secure",
    help:
      'This slave\'s own secret key, as "bindlink keygen" prints it, for a token that brings none.',
  },
  {
    name: "proxies",
    metavar: "PROXY[,PROXY...]",
    commands: LINKS,
    isRepeatable: true,
    help: "SOCKS5 proxies, one link through each: HOST:PORT or socks5://USER:PASSWORD@HOST:PORT " +
      "(write @ : , / ; = and % in a password as %40 %3A %2C %2F %3B %3D %25). Other users of this " +
      "machine can see a command line: give passwords in the environment variable. NAME= in front " +
      "names a link for log and metrics; settings follow it, each after a ;, which a shell wants " +
      "quoted: 'phone1=192.168.43.1:1080;metered;cap=5mbit'. Settings: metered (its traffic costs " +
      "money), backup or mode=MODE (as for --mode), cap=RATE (each way) or up=RATE and down=RATE, " +
      "in kbit, mbit or gbit a second; price=PRICE for a GB, budget=SIZE a month (10GB), " +
      "reset=DAY of the month, hard (off when it is used up).",
  },
  {
    name: "proxy-target",
    metavar: "HOST:PORT",
    commands: LINKS,
    help: "The master, as the proxies reach it, when that differs from the token's endpoints; a " +
      "name is resolved by each proxy.",
  },
  {
    name: "targets",
    metavar: "HOST:PORT[,...]",
    commands: LINKS,
    isRepeatable: true,
    help:
      "The master's addresses to reach without a proxy, one link to each, with name and settings " +
      "as for --proxies: 'dsl=203.0.113.5:4321;backup'. With no link named, there is one to the " +
      "token's endpoints.",
  },
  {
    name: "interfaces",
    metavar: "NAME[,...]",
    commands: LINKS,
    protocol: "secure",
    isRepeatable: true,
    help:
      "Network interfaces (Linux), one link to the master by each, whatever the routing table " +
      "prefers; with name and settings as for --proxies: 'phone1=usb0;metered'. One that is not " +
      "there is waited for.",
  },
  ...AUTO_OPTIONS,
  {
    name: "mode",
    metavar: "MODE",
    commands: ["slave", "join"],
    protocol: "secure",
    help: "How links are used that do not say it themselves. speed: whenever it makes the tunnel " +
      "faster; redundant: each packet over a second link as well; backup: only while no other " +
      "link is up; cheapest: metered links only when the others do not suffice, by price.",
    defaults: both(DEFAULT_LINK_SETTINGS.mode),
    choices: LINK_MODES,
  },
  {
    name: "no-tcp-fallback",
    metavar: null,
    commands: BOTH,
    protocol: "secure",
    help:
      "UDP only: a master does not listen on TCP, a slave does not use it where UDP is blocked.",
  },
  ...ROUTING_OPTIONS,
  {
    name: "rekey-after",
    metavar: "SECONDS",
    commands: ["slave", "join"],
    protocol: "secure",
    help: "Renew the session's keys after this time, 1 to 150.",
    defaults: both(DEFAULT_REKEY_S),
  },
  {
    name: "tun-name",
    metavar: "NAME",
    commands: BOTH,
    help: "Name of the tun device; %d becomes the first free number.",
    defaults: both("bind%d"),
  },
  {
    name: "address",
    metavar: "CIDR",
    commands: ["master", "slave"],
    protocol: "legacy",
    isRepeatable: true,
    help: "With --protocol legacy: address of this end in the tunnel, one IPv4, one IPv6, or both.",
    defaults: { master: "10.10.10.1/30", slave: "10.10.10.2/30" },
  },
  {
    name: "mtu",
    metavar: "BYTES",
    commands: BOTH,
    help:
      "Largest packet in the tunnel: the master's word, a slave's own is a wish for less. With " +
      "--protocol legacy, the same at both ends. The default fits mobile networks.",
    defaults: both(DEFAULT_MTU_BYTES),
  },
  {
    name: "connect-tcp",
    metavar: "HOST:PORT",
    commands: BOTH,
    help: "Instead of a tun device: connect what comes through the tunnel to this TCP service.",
  },
  {
    name: "listen-tcp",
    metavar: "[HOST:]PORT",
    commands: BOTH,
    help: "Instead of a tun device: carry TCP connections made to this address (without HOST, " +
      "127.0.0.1) to the service that the other end connects to.",
  },
  ...SERVICE_OPTIONS,
  ...INVITE_OPTIONS,
  {
    name: "json",
    metavar: null,
    commands: ["slaves", "status", "link list", "doctor"],
    help: "Print JSON.",
  },
  ...DOCTOR_OPTIONS,
  ...RECORD_OPTIONS,
  {
    name: "state-dir",
    metavar: "DIR",
    commands: [...BOTH, "invite", "slaves", "revoke", ...CONTROL],
    protocol: "secure",
    help: "Where a master keeps its key and slaves, and a slave what it has joined. Usually " +
      "/var/lib/bindlink for root, ~/.local/state/bindlink for others.",
  },
  {
    name: "daemon",
    metavar: "NAME",
    commands: CONTROL,
    help:
      "Which of several daemons that run with this state directory: master, slave (the only one), " +
      "or a slave by its tun device, such as bind0.",
  },
  {
    name: "metrics",
    metavar: "[HOST:]PORT|none",
    commands: BOTH,
    help: "Where to serve /metrics and /healthz over HTTP; without HOST, on 127.0.0.1.",
    defaults: both("127.0.0.1:8080"),
  },
  ...WEB_OPTIONS,
  {
    name: "protocol",
    metavar: "NAME",
    commands: ["master", "slave"],
    help: "Wire format. legacy is the original's: neither encrypted nor authenticated, one slave.",
    defaults: both("secure"),
    choices: ["secure", "legacy"],
  },
  {
    name: "log-level",
    metavar: "LEVEL",
    commands: DAEMON,
    help: "The least that is logged.",
    defaults: both("info"),
    choices: ["debug", "info", "warning", "error"],
  },
  {
    name: "log-format",
    metavar: "FORMAT",
    commands: DAEMON,
    help: "Lines for people, or JSON lines.",
    defaults: both("text"),
    choices: ["text", "json"],
  },
  ...IO_OPTIONS,
];

/** The options that a command takes. */
export function optionsOf(command: CommandName): readonly OptionSpec[] {
  // These take the options of a run of the daemon; a service has its file and its state directory.
  const isService = command.startsWith("install-service ");
  const isAboutRun = isService || command.startsWith("config show ");
  const asked = isAboutRun ? [command, roleOf(command)] : [command];
  return OPTIONS.filter(({ name, commands }) =>
    commands.some((it) => asked.includes(it)) &&
    !(isService && (name === "config" || name === "state-dir"))
  );
}

/** The option of that name, or undefined. */
export function findOption(name: string): OptionSpec | undefined {
  return OPTIONS.find((option) => option.name === name);
}

function both(value: string): Readonly<Record<Role, string>> {
  return { master: value, slave: value };
}
