/**
 * Every command, as data: parser, help and the check for mistyped words are made from this table.
 *
 * @module
 */

import { CONFIG_COMMANDS, CONFIG_GROUPS, type ConfigCommandName } from "./config_commands.ts";
import { CONTROL_COMMANDS, CONTROL_GROUPS, type ControlCommandName } from "./control_commands.ts";
import { SERVICE_COMMANDS, SERVICE_GROUPS, type ServiceCommandName } from "./service_commands.ts";
import { TOKEN_ARGUMENT } from "./token_argument.ts";

/** The two ends of a tunnel: the commands that run the daemon. */
export type Role = "master" | "slave";

/** What can follow `bindlink`, besides help and completion; one of a group's has several words. */
export type CommandName =
  | Role
  | "invite"
  | "slaves"
  | "revoke"
  | "join"
  | "doctor"
  | "keygen"
  | "pubkey"
  | "man"
  | ControlCommandName
  | ConfigCommandName
  | ServiceCommandName;

/** One command. */
export interface CommandSpec {
  readonly name: CommandName;
  /** One sentence for the list of commands. */
  readonly brief: string;
  /** More, for the command's own help. */
  readonly description?: string;
  /** The words that it takes besides options, in their order. */
  readonly words?: readonly ArgumentSpec[];
  /** Lines to type, as a shell reads them, of 78 characters at most; a comment starts with `#`. */
  readonly examples: readonly string[];
}

/** A word that is no option. */
export interface ArgumentSpec {
  readonly metavar: string;
  readonly help: string;
  /** Whether the command is a mistake without it. */
  readonly isRequired: boolean;
  /** Only of the last one: there may be several. */
  readonly isRepeatable?: true;
  /** The only words it may be, when there are few. */
  readonly choices?: readonly string[];
}

/** Words with commands of their own behind them. */
export interface CommandGroup {
  readonly name: string;
  /** One sentence for the list of commands. */
  readonly brief: string;
  readonly examples: readonly string[];
}

const NAME_ARGUMENT: ArgumentSpec = {
  metavar: "NAME",
  help: "The slave's name.",
  isRequired: true,
};

/** The commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "master",
    brief: "Run the end with a good uplink: listens for the slaves' links.",
    description: 'Slaves are let in by "bindlink invite", while the master runs or before.',
    examples: [
      "bindlink master",
      "bindlink master --listen [2001:db8::5]:4321 --pool 10.20.0.0/16",
      "# slaves reach the internet through it",
      "bindlink master --exit",
      "# carry an SSH service to a machine without a tun device",
      "bindlink master --connect-tcp 127.0.0.1:22",
      "# for a slave that speaks the original's protocol",
      "bindlink master --protocol legacy --address 10.10.10.1/30",
    ],
  },
  {
    name: "slave",
    brief: "Run the end with bad uplinks: opens links to the master.",
    description:
      "The token says where the master is and brings keys; the master gives the addresses. " +
      'Without a token, "slave" runs with what "bindlink join" has stored.',
    words: [TOKEN_ARGUMENT],
    examples: [
      "# what bindlink join has stored; with no link named, one to the master",
      "bindlink slave",
      "bindlink slave --token-file laptop.token \\",
      "  --proxies 192.168.43.1:1080,192.168.44.1:1080",
      "# two ways to the master without a proxy",
      "bindlink slave --token-file laptop.token \\",
      "  --targets 203.0.113.5:4321,[2001:db8::5]:4321",
      "# a phone whose data costs money, at most 5 Mbit/s; a shell wants quotes",
      "bindlink slave --proxies 'phone1=192.168.43.1:1080;metered;cap=5mbit'",
      "# a modem for when nothing else works",
      "bindlink slave --proxies 192.168.43.1:1080 \\",
      "  --targets 'modem=203.0.113.5:4321;backup'",
      "# all of this machine's traffic through the tunnel, the links past it",
      "bindlink slave --route-all",
      "# every packet over two links",
      "bindlink slave --mode redundant --proxies 192.168.43.1:1080,192.168.44.1:1080",
      "# token and password stay out of the process list, which other users can read",
      "BINDLINK_TOKEN=bindlink1_... \\",
      "  BINDLINK_PROXIES=socks5://me:s3cret@192.168.43.1:1080 bindlink slave",
    ],
  },
  {
    name: "invite",
    brief: "Let a new slave in: prints its join token.",
    description:
      "Works on the master's machine, whether the master runs or not. Who has the token is the " +
      "slave: hand it over as you would a password.",
    words: [NAME_ARGUMENT],
    examples: [
      "bindlink invite laptop --endpoint 203.0.113.5:4321",
      "# a master with several addresses: the first that answers is used",
      "bindlink invite laptop --qr \\",
      "  --endpoint 203.0.113.5:4321 --endpoint [2001:db8::5]:4321",
      '# a slave with a secret key of its own ("bindlink keygen"): its public key',
      "bindlink invite laptop \\",
      "  --public-key mC8rJ5fVZ1kq0Jt3m0i9gq2mJkqk3Yb4rJ8c6tq4Wl8=",
    ],
  },
  {
    name: "slaves",
    brief: "List the slaves: names, addresses, last seen, bytes.",
    examples: ["bindlink slaves", "bindlink slaves --json"],
  },
  {
    name: "revoke",
    brief: "Shut a slave out; a running master cuts it off at once.",
    words: [NAME_ARGUMENT],
    examples: ["bindlink revoke laptop"],
  },
  {
    name: "join",
    brief: 'Store a token and links, so that later "bindlink slave" is enough.',
    description:
      "Token and options, typed or from the environment, are checked first; what was stored before " +
      "is replaced. When slave runs, its command line and environment win over what is stored: " +
      "links named there replace the stored ones, and a token given there leaves all of it aside.",
    words: [TOKEN_ARGUMENT],
    examples: [
      "# - reads the token from stdin: out of process list and shell's history",
      "bindlink join - --proxies 192.168.43.1:1080,192.168.44.1:1080",
      "bindlink join --token-file laptop.token",
      "# names and settings of links are stored with them",
      "bindlink join - --mode cheapest --proxies 'phone1=192.168.43.1:1080;metered'",
    ],
  },
  {
    name: "doctor",
    brief: "Say what is wrong here, link by link, and what to do.",
    description:
      "Looks at this machine, at each link alone and at all together, with the options of slave, or " +
      'with what "bindlink join" stored; with --master, at a master\'s machine. Exit code 0: all is ' +
      "well, 1: a fault was found. Root is not needed; what cannot be checked without it is said. " +
      "Measuring takes about 8 s and at most 12 MB for each link, and joins in this slave's place: " +
      "while bindlink slave runs here nothing is measured.",
    words: [TOKEN_ARGUMENT],
    examples: [
      "# what bindlink join has stored",
      "bindlink doctor",
      "bindlink doctor --token-file laptop.token \\",
      "  --proxies 192.168.43.1:1080,192.168.44.1:1080",
      "# only whether links work: some seconds, a few KB",
      "bindlink doctor --measure none",
      "# links that cost money, too, and how long idle links stay open",
      "bindlink doctor --measure all --nat-timeout",
      "# on the server",
      "bindlink doctor --master",
      "# for programs",
      "bindlink doctor --json",
    ],
  },
  {
    name: "keygen",
    brief: "Print a new secret key, for --key-file.",
    examples: ["(umask 077; bindlink keygen > slave.key)"],
  },
  {
    name: "pubkey",
    brief: "Read a secret key from stdin, print its public key.",
    examples: ["bindlink pubkey < slave.key"],
  },
  ...CONTROL_COMMANDS,
  {
    name: "man",
    brief: "Print the manual page.",
    examples: [
      "bindlink man | man -l -",
      "bindlink man > /usr/local/share/man/man1/bindlink.1",
    ],
  },
  ...CONFIG_COMMANDS,
  ...SERVICE_COMMANDS,
];

/** The groups of commands. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  ...CONTROL_GROUPS,
  ...CONFIG_GROUPS,
  ...SERVICE_GROUPS,
];

/** The command of that name, or undefined. */
export function findCommand(name: string): CommandSpec | undefined {
  return COMMANDS.find((command) => command.name === name);
}

/** The command that an argv begins with, however many words that is, or undefined. */
export function commandOf(argv: readonly string[]): CommandSpec | undefined {
  return COMMANDS.find(({ name }) => beginsWith(argv, wordsOf(name)));
}

/** The group of that name, or undefined. */
export function findGroup(name: string): CommandGroup | undefined {
  return COMMAND_GROUPS.find((group) => group.name === name);
}

/** The words of the smallest group that an argv begins with; none: it begins with none. */
export function groupWordsOf(argv: readonly string[]): readonly string[] {
  const groups = COMMAND_GROUPS.map(({ name }) => wordsOf(name));
  const begun = groups.filter((words) => beginsWith(argv, words));
  return begun.sort((a, b) => b.length - a.length)[0] ?? [];
}

/** What can follow words that commands begin with, in the order of the help; of no words, what can be first. */
export function nextWords(words: readonly string[]): readonly string[] {
  const next = COMMANDS.map(({ name }) => wordsOf(name))
    .filter((those) => beginsWith(those, words))
    .flatMap((those) => those[words.length] ?? []);
  return [...new Set(next)];
}

/** The words of a command's or a group's name. */
export function wordsOf(name: string): readonly string[] {
  return name.split(" ");
}

/** The end that a command runs or speaks of; of the others, the slave's. */
export function roleOf(command: CommandName): Role {
  return command.endsWith("master") ? "master" : "slave";
}

/** A command's words as its usage shows them. */
export function usageWords({ words = [] }: CommandSpec): readonly string[] {
  return words.map(({ metavar, isRequired, isRepeatable }) => {
    const shown = isRepeatable === true ? `${metavar}...` : metavar;
    return isRequired ? shown : `[${shown}]`;
  });
}

function beginsWith(argv: readonly string[], words: readonly string[]): boolean {
  return words.every((word, i) => argv[i] === word);
}
