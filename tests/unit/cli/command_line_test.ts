import assert from "node:assert/strict";
import fc from "fast-check";
import { type CommandLineResult, readCommandLine } from "../../../src/cli/command_line.ts";
import { OPTIONS } from "../../../src/cli/option_table.ts";
import type { DaemonOptions, SlaveOptions } from "../../../src/daemon_options.ts";
import { UsageError } from "../../../src/usage_error.ts";

type Environment = Readonly<Record<string, string>>;

function read(argv: readonly string[], environment: Environment = {}): CommandLineResult {
  return readCommandLine(argv, {
    environment: (name) => environment[name],
    versionText: "bindlink 1.2.3\nsecond line\n",
    hasColors: false,
    columns: 100,
  });
}

function options(line: string, environment: Environment = {}): DaemonOptions {
  const result = read(line.split(" "), environment);
  assert.equal(result.kind, "run");
  return result.kind === "run" ? result.options : assert.fail();
}

function slave(line: string, environment: Environment = {}): SlaveOptions {
  const result = options(`slave ${line}`, environment);
  return result.role === "slave" ? result : assert.fail();
}

function complaint(line: string, environment: Environment = {}): string {
  try {
    read(line.split(" "), environment);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message;
  }
  throw new Error(`accepted: ${line}`);
}

function printed(...argv: string[]): Extract<CommandLineResult, { kind: "print" }> {
  const result = read(argv);
  return result.kind === "print" ? result : assert.fail("not printed");
}

Deno.test("readCommandLine gives a master its defaults", () => {
  assert.deepEqual(options("master"), {
    role: "master",
    listen: { host: null, port: 4321 },
    tundev: {
      kind: "tun",
      name: "bind%d",
      addresses: [{ address: "10.10.10.1", prefixBits: 30 }],
      mtuBytes: 1380,
    },
    protocol: "legacy",
    metrics: { host: "127.0.0.1", port: 8080, isDefault: true },
    logLevel: "info",
    logFormat: "text",
  });
});

Deno.test("readCommandLine numbers a slave's links, proxies first", () => {
  const { links, tundev } = slave(
    "--targets [2001:db8::5]:4321 --proxies a:1,b:2 --proxies socks5://u:p@c:3 --proxy-target m:9",
  );
  const target = { host: "m", port: 9 };
  assert.deepEqual(links, [
    { id: 1, name: "a:1", target, proxy: { host: "a", port: 1 } },
    { id: 2, name: "b:2", target, proxy: { host: "b", port: 2 } },
    {
      id: 3,
      name: "c:3",
      target,
      proxy: { host: "c", port: 3, credentials: { username: "u", password: "p" } },
    },
    {
      id: 4,
      name: "[2001:db8::5]:4321",
      target: { host: "2001:db8::5", port: 4321 },
      proxy: null,
    },
  ]);
  assert.deepEqual(tundev.kind === "tun" && tundev.addresses, [
    { address: "10.10.10.2", prefixBits: 30 },
  ]);
});

Deno.test("readCommandLine makes the names of links unique", () => {
  const { links } = slave("--proxies a:1,a:1,b:1,a:1 --proxy-target m:9");
  assert.deepEqual(links.map((link) => link.name), ["a:1", "a:1#2", "b:1", "a:1#3"]);
});

Deno.test("readCommandLine says what a slave without links needs", () => {
  assert.match(complaint("slave"), /add --proxies HOST:PORT with --proxy-target HOST:PORT/);
  assert.match(complaint("slave --proxies a:1"), /--proxies needs --proxy-target/);
  assert.match(complaint("slave --proxy-target a:1"), /--proxy-target needs --proxies/);
});

Deno.test("readCommandLine takes 255 links and no more", () => {
  const targets = Array.from({ length: 255 }, (_, i) => `h:${i + 1}`).join(",");
  assert.equal(slave(`--targets ${targets}`).links.at(-1)?.id, 255);
  assert.match(complaint(`slave --targets ${targets},h:999`), /at most 255 links: .* name 256/);
});

Deno.test("readCommandLine takes one IPv4 and one IPv6 address", () => {
  const { tundev } = options("master --address 10.1.0.1/30 --address fd00::1/64");
  assert.deepEqual(tundev.kind === "tun" && tundev.addresses, [
    { address: "10.1.0.1", prefixBits: 30 },
    { address: "fd00::1", prefixBits: 64 },
  ]);
  assert.match(complaint("master --address 10.1.0.1/30,10.1.0.5/30"), /one IPv4 and one IPv6/);
});

Deno.test("readCommandLine refuses an MTU that IPv6 cannot live with", () => {
  assert.match(complaint("master --address fd00::1/64 --mtu 1279"), /at least 1280/);
  assert.equal(options("master --mtu 1279").tundev.mtuBytes, 1279);
});

Deno.test("readCommandLine puts a TCP stand-in in the tun's place", () => {
  assert.deepEqual(options("master --connect-tcp [::1]:22").tundev, {
    kind: "connect-tcp",
    target: { host: "::1", port: 22 },
    mtuBytes: 1380,
  });
  assert.deepEqual(slave("--targets a:1 --listen-tcp 2222 --mtu 1000").tundev, {
    kind: "listen-tcp",
    listen: { host: "127.0.0.1", port: 2222 },
    mtuBytes: 1000,
  });
});

Deno.test("readCommandLine refuses a stand-in together with another or with a tun", () => {
  assert.match(
    complaint("master --connect-tcp a:1 --listen-tcp 2"),
    /--connect-tcp and --listen-tcp exclude each other/,
  );
  assert.match(complaint("master --tun-name x --connect-tcp a:1"), /exclude each other/);
});

Deno.test("readCommandLine lets the command line's end silence the environment's", () => {
  const environment = { BINDLINK_ADDRESS: "10.1.0.1/30", BINDLINK_LISTEN_TCP: "2" };
  assert.equal(options("master --connect-tcp a:1", environment).tundev.kind, "connect-tcp");
  assert.match(
    complaint("master", environment),
    /BINDLINK_ADDRESS and BINDLINK_LISTEN_TCP exclude/,
  );
});

Deno.test("readCommandLine knows a metrics address that was named from the default", () => {
  assert.deepEqual(options("master --metrics 127.0.0.1:8080").metrics, {
    host: "127.0.0.1",
    port: 8080,
    isDefault: false,
  });
  assert.equal(options("master --metrics none").metrics, null);
});

Deno.test("readCommandLine runs an original command line", () => {
  const master = options("-listen_port=4000 -http_listen_port=:9090");
  assert.deepEqual(master.role === "master" && master.listen, { host: null, port: 4000 });
  assert.equal(master.metrics?.host, "127.0.0.1");
  assert.equal(master.metrics?.port, 9090);
  const result = options("--proxies a:1080,b:1080 --proxy_target m:4000");
  assert.equal(result.role === "slave" && result.links.length, 2);
});

Deno.test("readCommandLine reads every option from the environment too", () => {
  const { links, ...common } = slave("--targets a:1", {
    BINDLINK_TUN_NAME: "tun7",
    BINDLINK_ADDRESS: "10.1.0.2/30,fd00::2/64",
    BINDLINK_MTU: "1400",
    BINDLINK_METRICS: "none",
    BINDLINK_PROTOCOL: "legacy",
    BINDLINK_LOG_LEVEL: "debug",
    BINDLINK_LOG_FORMAT: "json",
    BINDLINK_PROXIES: "p:1",
    BINDLINK_PROXY_TARGET: "m:2",
    BINDLINK_LISTEN: "not for a slave",
    BINDLINK_LISTEN_TCP: "",
  });
  assert.deepEqual(links.map((link) => link.name), ["p:1", "a:1"]);
  assert.deepEqual(common, {
    role: "slave",
    tundev: {
      kind: "tun",
      name: "tun7",
      addresses: [{ address: "10.1.0.2", prefixBits: 30 }, { address: "fd00::2", prefixBits: 64 }],
      mtuBytes: 1400,
    },
    protocol: "legacy",
    metrics: null,
    logLevel: "debug",
    logFormat: "json",
  });
});

Deno.test("readCommandLine prefers the command line and names the source of a mistake", () => {
  const environment = { BINDLINK_MTU: "7" };
  assert.equal(options("master --mtu 1400", environment).tundev.mtuBytes, 1400);
  assert.match(complaint("master", environment), /^BINDLINK_MTU "7": type a number/);
});

Deno.test("readCommandLine refuses an empty value", () => {
  assert.match(complaint("master --listen="), /^--listen is empty/);
  assert.match(complaint("slave --proxies=,, --proxy-target a:1"), /^--proxies is empty/);
});

Deno.test("readCommandLine never shows a password that holds an unescaped comma", () => {
  const message = complaint("slave --proxies socks5://u:abc@def,s3cret@h:1 --proxy-target m:1");
  assert.match(message, /%2C/);
  assert.ok(!/abc|def|s3cret/.test(message), message);
});

Deno.test("readCommandLine shows help as an error when nothing was asked", () => {
  const help = printed();
  assert.deepEqual([help.stream, help.exitCode], ["stderr", 2]);
  assert.match(help.text, /bindlink slave --proxies/);
});

Deno.test("readCommandLine helps with each command: every option, variable, default, examples", () => {
  for (const role of ["master", "slave"] as const) {
    const help = printed(role, "--help");
    assert.deepEqual([help.stream, help.exitCode], ["stdout", 0]);
    assert.equal(printed("help", role).text, help.text);
    assert.match(help.text, /Examples:\n {2}bindlink/);
    for (const option of OPTIONS) {
      const isShown = option.role === null || option.role === role;
      const variable = `BINDLINK_${option.name.toUpperCase().replaceAll("-", "_")}`;
      assert.equal(help.text.includes(`--${option.name} `), isShown, option.name);
      if (isShown) assert.ok(help.text.includes(`${variable}]`), variable);
      if (isShown && option.defaults !== null) {
        const words = help.text.replace(/\s+/g, " ");
        assert.ok(words.includes(`[default ${option.defaults[role]}; ${variable}]`), option.name);
      }
    }
  }
});

Deno.test("readCommandLine prints the version it was given", () => {
  for (const argv of [["--version"], ["-V"], ["slave", "--version"]]) {
    assert.deepEqual(read(argv), {
      kind: "print",
      stream: "stdout",
      text: "bindlink 1.2.3\nsecond line\n",
      exitCode: 0,
    });
  }
});

Deno.test("readCommandLine prints completion scripts and completes", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    assert.match(printed("completion", shell).text, /bindlink/);
  }
  assert.match(printed("completion", "bash", "slave", "--prox").text, /--proxy-target/);
  assert.match(printed("completion", "bash", "slave", "--log-level", "de").text, /debug/);
  assert.match(complaint("completion ksh"), /Unsupported shell/);
});

Deno.test("readCommandLine answers any argv with options, text, or a one-line UsageError", () => {
  const secret = "Hunter2pw";
  const word = fc.oneof(
    fc.constantFrom("master", "slave", "help", "completion", "bash", "--", "-h", "--version", ""),
    fc.constantFrom(...OPTIONS.map(({ name }) => `--${name}`)),
    fc.constantFrom("-listen_port", "--proxy_target", "--http_listen_port=1", "-proxies"),
    fc.constantFrom("4000", "h:1", "[::1]:2", "10.0.0.1/30", "none", "debug", "1400"),
    fc.constantFrom(
      `socks5://u:${secret}@h:1`,
      `u:${secret}@h`,
      `u:${secret}`,
      `--x=u:${secret}@h`,
    ),
    fc.string({ unit: "binary", maxLength: 12 }),
  );
  const argv = fc.array(word, { maxLength: 7 });
  fc.assert(
    fc.property(argv, (argv) => {
      try {
        const result = read(argv);
        if (result.kind === "print" && argv[0] !== "completion") {
          assert.ok(!result.text.includes(secret));
        }
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
        assert.ok(!/[\p{Cc}]/u.test(error.message), JSON.stringify(error.message));
        // What follows an ordinary option's own name is no password.
        assert.ok(!error.message.includes(`:${secret}@`), error.message);
        assert.ok(!error.message.includes(`//u:${secret}`), error.message);
      }
    }),
    { numRuns: 300 },
  );
});
