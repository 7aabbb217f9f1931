import assert from "node:assert/strict";
import type { ServiceInstallation } from "../../../src/command_request.ts";
import { runInstallService } from "../../../src/commands/install_service.ts";
import type { FileAccess, ServiceHost } from "../../../src/commands/service_host.ts";
import { runUninstallService } from "../../../src/commands/uninstall_service.ts";
import { FakeCommandIo } from "../../support/fake_command_io.ts";

const UNIT_PATH = "/etc/systemd/system/bindlink-slave.service";
const CONFIG_PATH = "/etc/bindlink/slave.toml";

/** A machine in memory. */
class FakeHost implements ServiceHost {
  isRoot = true;
  hasSystemd = true;
  program: string | null = "/home/u/bindlink";
  kernelRelease = "6.1.0";
  readonly files = new Map<string, string>();
  readonly access = new Map<string, FileAccess>();
  readonly commands: string[] = [];
  readonly copies: string[] = [];
  tokens: string[] = [];
  /** A command that fails. */
  failing = "";

  readFile(path: string): string | null {
    return this.files.get(path) ?? null;
  }
  writeFile(path: string, text: string, access: FileAccess): void {
    this.files.set(path, text);
    this.access.set(path, access);
  }
  letGroupRead(path: string, gid: number): void {
    this.access.set(path, { mode: 0o640, gid });
  }
  storeToken(token: string): readonly string[] {
    this.tokens.push(token);
    return [];
  }
  copyProgram(from: string, to: string): void {
    this.copies.push(`${from} ${to}`);
  }
  removeFile(path: string): boolean {
    return this.files.delete(path);
  }
  run(command: readonly string[]): Promise<string> {
    const line = command.join(" ");
    this.commands.push(line);
    if (line === this.failing) return Promise.reject(new Error(`${line} failed`));
    return Promise.resolve(line.startsWith("id ") ? "987\n" : "");
  }
}

const PLAIN: ServiceInstallation = {
  role: "slave",
  configPath: CONFIG_PATH,
  configText: null,
  tokenText: null,
  key: null,
  needsTun: true,
  needsLowPort: false,
  bindsToInterfaces: false,
  setsForwarding: false,
};

async function install(
  host: FakeHost,
  more: Partial<ServiceInstallation> = {},
  isDryRun = false,
): Promise<FakeCommandIo> {
  const io = new FakeCommandIo();
  const installation = { ...PLAIN, ...more };
  await runInstallService(
    { kind: "install-service", isDryRun, warnings: [], installation },
    io,
    host,
  );
  return io;
}

Deno.test("install-service makes user, file and unit, and has systemd start it", async () => {
  const host = new FakeHost();
  await install(host, { configText: 'mtu = "1300"\n', tokenText: "bindlink1_t" });
  assert.deepEqual(host.copies, ["/home/u/bindlink /usr/local/bin/bindlink"]);
  assert.deepEqual(host.commands, [
    'systemd-sysusers --inline u bindlink - "bindlink tunnel"',
    "id -g bindlink",
    "systemctl daemon-reload",
    "systemctl enable bindlink-slave.service",
    "systemctl restart bindlink-slave.service",
  ]);
  assert.equal(host.files.get(CONFIG_PATH), 'mtu = "1300"\n');
  assert.deepEqual(host.access.get(CONFIG_PATH), { mode: 0o640, gid: 987 });
  assert.match(host.files.get(UNIT_PATH) ?? "", /^ExecStart=\/usr\/local\/bin\/bindlink slave --/m);
  assert.deepEqual(host.tokens, ["bindlink1_t"]);
});

Deno.test("install-service puts nothing secret into the unit", async () => {
  const host = new FakeHost();
  await install(host, {
    configText: 'proxies = ["socks5://u:Hunter2pw@p:1"]\n',
    tokenText: "bindlink1_secret",
    key: { path: "/var/lib/bindlink/slave.key", text: "thekey" },
  });
  assert.doesNotMatch(host.files.get(UNIT_PATH) ?? "", /Hunter2pw|bindlink1_|thekey/);
  assert.deepEqual(host.access.get("/var/lib/bindlink/slave.key"), { mode: 0o600, gid: null });
});

Deno.test("install-service leaves a file as it is when no option was given, and keeps a replaced one", async () => {
  const host = new FakeHost();
  host.files.set(CONFIG_PATH, "# mine\n");
  await install(host);
  assert.equal(host.files.get(CONFIG_PATH), "# mine\n");
  assert.deepEqual(host.access.get(CONFIG_PATH), { mode: 0o640, gid: 987 });
  const io = await install(host, { configText: "mtu = 1300\n" });
  assert.equal(host.files.get(CONFIG_PATH), "mtu = 1300\n");
  assert.equal(host.files.get(`${CONFIG_PATH}.old`), "# mine\n");
  assert.match(io.stderr.text, /of before is now .*slave\.toml\.old/);
});

Deno.test("install-service uses an executable that is installed already", async () => {
  const host = new FakeHost();
  host.program = "/usr/bin/bindlink";
  await install(host);
  assert.deepEqual(host.copies, []);
  assert.match(host.files.get(UNIT_PATH) ?? "", /^ExecStart=\/usr\/bin\/bindlink /m);
});

Deno.test("install-service asks for CAP_NET_RAW only where an old kernel wants it", async () => {
  for (
    const [kernelRelease, bindsToInterfaces, expected] of [
      ["5.4.0-42-generic", true, "CAP_NET_ADMIN CAP_NET_RAW"],
      ["5.4.0-42-generic", false, "CAP_NET_ADMIN"],
      ["5.10.0", true, "CAP_NET_ADMIN"],
    ] as const
  ) {
    const host = new FakeHost();
    host.kernelRelease = kernelRelease;
    await install(host, { bindsToInterfaces });
    const unit = host.files.get(UNIT_PATH) ?? "";
    assert.equal(/^AmbientCapabilities=(.*)$/m.exec(unit)?.[1], expected);
  }
});

Deno.test("install-service --dry-run prints the unit and touches nothing, also without root or systemd", async () => {
  const host = new FakeHost();
  host.isRoot = false;
  host.hasSystemd = false;
  const io = await install(host, { configText: "x", tokenText: "bindlink1_t" }, true);
  assert.match(io.stdout.text, /^\[Service\]$/m);
  assert.match(io.stderr.text, /- write the options to \/etc\/bindlink\/slave\.toml/);
  assert.match(io.stderr.text, /- store the token in \/var\/lib\/bindlink/);
  assert.doesNotMatch(io.stdout.text + io.stderr.text, /bindlink1_/);
  assert.deepEqual([host.files.size, host.commands, host.copies, host.tokens], [0, [], [], []]);
});

Deno.test("install-service and uninstall-service say what is missing, and do nothing", async () => {
  for (
    const [change, expected] of [
      [{ isRoot: false }, /run it as root, with sudo/],
      [{ hasSystemd: false }, /systemd does not run this machine/],
    ] as const
  ) {
    const host = new FakeHost();
    Object.assign(host, change);
    await assert.rejects(install(host), expected);
    await assert.rejects(runUninstallService("slave", new FakeCommandIo(), host), expected);
    assert.deepEqual([host.files.size, host.commands], [0, []]);
  }
  const fromSource = new FakeHost();
  fromSource.program = null;
  await assert.rejects(install(fromSource), /runs from source; make the executable with/);
});

Deno.test("install-service says where to look when the service does not start", async () => {
  const host = new FakeHost();
  host.failing = "systemctl restart bindlink-slave.service";
  await assert.rejects(install(host), /did not start: journalctl -n 20 -u bindlink-slave\.service/);
});

Deno.test("uninstall-service stops the service and leaves keys and options", async () => {
  const host = new FakeHost();
  await install(host);
  host.commands.length = 0;
  const io = new FakeCommandIo();
  await runUninstallService("slave", io, host);
  assert.deepEqual(host.commands, [
    "systemctl disable --now bindlink-slave.service",
    "systemctl daemon-reload",
  ]);
  assert.equal(host.files.has(UNIT_PATH), false);
  assert.equal(host.files.has(CONFIG_PATH), true);
  assert.match(io.stderr.text, /Left: \/etc\/bindlink, \/var\/lib\/bindlink/);
  await assert.rejects(
    runUninstallService("slave", io, host),
    /no service to remove: .*bindlink-slave\.service does not exist/,
  );
});
