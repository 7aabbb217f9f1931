/**
 * The systemd unit of an end: systemd.service(5), systemd.exec(5). Pure.
 *
 * @module
 */

/** What a unit depends on. */
export interface UnitSpec {
  readonly role: "master" | "slave";
  /** Path of the executable. */
  readonly program: string;
  readonly configPath: string;
  /** Whether it makes a tun device; the TCP stand-in needs no privileges. */
  readonly needsTun: boolean;
  /** Whether its sockets carry a mark. */
  readonly setsMark?: boolean;
  /** Whether it listens on a port below 1024. */
  readonly needsLowPort: boolean;
  /** Whether binding a socket to an interface needs CAP_NET_RAW here: Linux before 5.7. */
  readonly needsRawSocket: boolean;
  /** Whether it sets what the kernel forwards: an exit. */
  readonly setsForwarding: boolean;
}

/** The system user that runs it. */
export const SERVICE_USER = "bindlink";

/** Its state directory, which systemd makes and gives to the user. */
export const SERVICE_STATE_DIR = "/var/lib/bindlink";

/** Where its configuration file is. */
export const SERVICE_CONFIG_DIR = "/etc/bindlink";

/** Time without a sign of life after which it is restarted. The daemon looks at itself three times in it. */
const WATCHDOG_S = 30;

/** E.g. `bindlink-slave.service`. */
export function unitName(role: "master" | "slave"): string {
  return `bindlink-${role}.service`;
}

/** The unit's text. Nothing of it is secret: every user can read a unit. */
export function unitText(spec: UnitSpec): string {
  const { role, program, configPath } = spec;
  return `# Made by "bindlink install-service ${role}", which writes it anew: put changes of your own into
# "systemctl edit ${unitName(role)}", and bindlink's options into ${configPath}.
[Unit]
Description=bindlink ${role}: several bad uplinks joined into one tunnel
Documentation=man:bindlink(1)
After=network.target
# A machine that is carried about has no network for hours: never stop trying.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart=${quoteArgument(program)} ${role} --config ${quoteArgument(configPath)}
# Not a signal: what is wrong with the file is then what "systemctl reload" says.
ExecReload=${quoteArgument(program)} reload --daemon ${role}
Restart=on-failure
RestartSec=5s
# 2: the options are wrong, which trying again does not mend.
RestartPreventExitStatus=2
WatchdogSec=${WATCHDOG_S}s
TimeoutStopSec=10s

User=${SERVICE_USER}
StateDirectory=bindlink
StateDirectoryMode=0700
UMask=0077

${privileges(spec)}
NoNewPrivileges=yes

ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
${spec.setsForwarding ? "" : "ProtectKernelTunables=yes\n"}PrivateTmp=yes
LockPersonality=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# Not MemoryDenyWriteExecute: the runtime makes machine code while it runs.
# Not PrivateUsers and PrivateNetwork: the tun device belongs to the host's network.
# Not ProcSubset=pid: the reverse path filter is read from /proc/sys.${
    spec.setsForwarding
      ? "\n# Not ProtectKernelTunables: an exit sets forwarding in /proc/sys/net."
      : ""
  }

[Install]
WantedBy=multi-user.target
`;
}

/** Which capabilities it has, and which devices; no more than the options need. */
function privileges(
  { needsTun, setsMark = false, needsLowPort, needsRawSocket }: UnitSpec,
): string {
  const capabilities = [
    // The tun device, its addresses, large socket buffers; a socket's mark.
    ...(needsTun || setsMark ? ["CAP_NET_ADMIN"] : []),
    ...(needsLowPort ? ["CAP_NET_BIND_SERVICE"] : []),
    ...(needsRawSocket ? ["CAP_NET_RAW"] : []),
  ].join(" ");
  return [
    `AmbientCapabilities=${capabilities}`,
    `CapabilityBoundingSet=${capabilities}`,
    ...(needsTun ? ["DevicePolicy=closed", "DeviceAllow=/dev/net/tun rw"] : ["PrivateDevices=yes"]),
  ].join("\n");
}

/** An argument of ExecStart=: systemd.service(5), "Command lines"; `%` and `$` are systemd's there. */
function quoteArgument(text: string): string {
  const escaped = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w./@%$+:,=-]+$/.test(escaped) ? escaped : JSON.stringify(escaped);
}
