import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMAND_GROUPS, COMMANDS } from "../../../src/cli/command_table.ts";
import { PROGRAM_EXAMPLES } from "../../../src/cli/program_text.ts";
import { readsEnvironment } from "../../../src/cli/option_spec.ts";
import { OPTIONS, optionsOf } from "../../../src/cli/option_table.ts";
import { UsageError } from "../../../src/usage_error.ts";
import {
  assertHarmless,
  complaint,
  ENDPOINTS,
  legacy,
  master,
  PASSWORD,
  printed,
  read,
  SECRET_KEY_TEXT,
  slave,
  TOKEN,
} from "./judge.ts";

Deno.test("readCommandLine runs an original command line with the original's protocol", async () => {
  const master = await legacy("-listen_port=4000 -http_listen_port=:9090");
  assert.deepEqual(master.role === "master" && master.listen, { host: null, port: 4000 });
  assert.equal(master.metrics?.host, "127.0.0.1");
  assert.equal(master.metrics?.port, 9090);
  const slave = await legacy("--proxies a:1080,b:1080 --proxy_target m:4000");
  assert.equal(slave.role === "slave" && slave.links.length, 2);
});

Deno.test("readCommandLine makes no open slave of an original spelling with a token", async () => {
  const setting = { environment: { BINDLINK_TOKEN: TOKEN } };
  const byEnvironment = await read(["--proxies", "a:1"], setting);
  assert.equal(byEnvironment.kind === "run" && byEnvironment.options.protocol, "secure");
  const byWord = await read(["--proxies", "a:1", TOKEN]);
  assert.equal(byWord.kind === "run" && byWord.options.protocol, "secure");
});

Deno.test("readCommandLine reads options from the environment", async () => {
  const setting = {
    environment: {
      BINDLINK_TOKEN: TOKEN,
      BINDLINK_TUN_NAME: "tun7",
      BINDLINK_MTU: "1400",
      BINDLINK_METRICS: "none",
      BINDLINK_PROTOCOL: "secure",
      BINDLINK_STATE_DIR: "/var/x",
      BINDLINK_LOG_LEVEL: "debug",
      BINDLINK_LOG_FORMAT: "json",
      BINDLINK_PROXIES: "p:1",
      BINDLINK_PROXY_TARGET: "m:2",
      BINDLINK_NO_TCP_FALLBACK: "1",
      BINDLINK_REKEY_AFTER: "5",
      BINDLINK_LISTEN: "not for a slave",
      BINDLINK_LISTEN_TCP: "",
    },
  };
  const { links, identity: _, ...rest } = await slave("--targets a:1", setting);
  assert.deepEqual(links.map((link) => [link.name, link.allowsTcp]), [["p:1", false], [
    "a:1",
    false,
  ]]);
  assert.deepEqual(rest, {
    role: "slave",
    protocol: "secure",
    stateDir: "/var/x",
    linkDefaults: {
      mode: "speed",
      endpoints: ENDPOINTS,
      proxyTargets: [{ host: "m", port: 2 }],
      allowsTcp: false,
    },
    tundev: { kind: "tun", name: "tun7", addresses: [], mtuBytes: 1400 },
    wantedMtuBytes: 1400,
    rekeyAfterMs: 5000,
    metrics: null,
    logLevel: "debug",
    logFormat: "json",
    io: "auto",
  });
});

Deno.test("readCommandLine prefers the command line and names the source of a mistake", async () => {
  const setting = { environment: { BINDLINK_MTU: "7" } };
  assert.equal((await master("--mtu 1400", setting)).tundev.mtuBytes, 1400);
  assert.match(await complaint("master", setting), /^BINDLINK_MTU "7": type a number/);
});

Deno.test("readCommandLine refuses an empty value", async () => {
  assert.match(await complaint("master --listen="), /^--listen is empty/);
  assert.match(await complaint("slave --proxies=,, --token x"), /^--proxies is empty/);
});

Deno.test("readCommandLine shows help as an error when nothing was asked", async () => {
  const help = await printed();
  assert.deepEqual([help.stream, help.exitCode], ["stderr", 2]);
});

Deno.test("readCommandLine's help begins with the way to a tunnel, and lists the commands", async () => {
  const { text } = await printed("--help");
  const steps = [
    "bindlink master\n",
    "bindlink invite laptop --endpoint 203.0.113.5:4321\n",
    "bindlink slave --token bindlink1_... \\\n",
  ];
  const places = steps.map((step) => text.indexOf(step));
  assert.ok(places.every((place, i) => place > (places[i - 1] ?? 0)), text);
  for (const { name, brief } of [...COMMANDS, ...COMMAND_GROUPS]) {
    if (name.includes(" ")) continue;
    assert.match(text, new RegExp(`^ {2}${name} .*${brief.slice(0, 20)}`, "m"));
  }
  assert.match(text, /^ {2}link .*List, add, remove/m);
  assert.match(text, /Other users of a machine can see a command line/);
});

Deno.test("readCommandLine helps with each command: every option, variable, default, examples", async () => {
  for (const { name, examples } of COMMANDS) {
    const path = name.split(" ");
    const help = await printed(...path, "--help");
    assert.deepEqual([help.stream, help.exitCode], ["stdout", 0]);
    assert.equal((await printed("help", ...path)).text, help.text);
    for (const example of examples) assert.ok(help.text.includes(`\n  ${example}`), example);
    const words = help.text.replace(/\s+/g, " ");
    for (const option of OPTIONS) {
      const isShown = optionsOf(name).includes(option);
      const variable = `BINDLINK_${option.name.toUpperCase().replaceAll("-", "_")}`;
      const isListed = new RegExp(`^ {2}--${option.name} `, "m").test(help.text);
      assert.equal(isListed, isShown, `${name}: ${option.name}`);
      if (!isShown) continue;
      assert.equal(words.includes(variable), readsEnvironment(option, name), variable);
      if (!readsEnvironment(option, name)) continue;
      assert.ok(words.includes(`${variable}${option.metavar === null ? "=yes" : ""}]`), variable);
      const value = option.defaults?.[name.endsWith("master") ? "master" : "slave"];
      if (value !== undefined) assert.ok(words.includes(`[default ${value}; ${variable}]`));
    }
  }
});

Deno.test("readCommandLine's examples are command lines that it takes", async () => {
  const setting = {
    environment: { BINDLINK_TOKEN: TOKEN },
    files: { "laptop.token": TOKEN },
    configs: { "/etc/bindlink/slave.toml": "mtu = 1300" },
    stdin: TOKEN,
  };
  for (const { name, examples } of COMMANDS) {
    // A line that ends with a backslash goes on in the next.
    for (const example of examples.join("\n").replace(/\\\n\s*/g, "").split("\n")) {
      const command = /\bbindlink (?<words>[^|>)<]*)/.exec(example)?.groups?.words;
      if (command === undefined || example.startsWith("#")) continue;
      const words = command.trim().split(" ").map((word) => word.replace(/^'(.*)'$/, "$1"));
      const result = await read(words, setting);
      const isRun = name === "master" || name === "slave";
      const isPrinted = name === "man" || name.startsWith("config ");
      const kind = isRun ? "run" : isPrinted ? "print" : "command";
      assert.equal(result.kind, kind, example);
    }
  }
});

Deno.test("readCommandLine's help is 80 characters wide, with examples that can be copied", async () => {
  const { parseArgv } = await import("../../../src/cli/parser.ts");
  const groups = COMMAND_GROUPS.map(({ name, examples }) => ({ name, examples }));
  const pages = [{ name: "", examples: PROGRAM_EXAMPLES }, ...COMMANDS, ...groups];
  for (const { name, examples } of pages) {
    const argv = [...name.split(" ").filter((word) => word !== ""), "--help"];
    assert.ok(examples.some((line) => !line.startsWith("#")), name);
    // No terminal, a narrow one, and the usual one.
    for (const columns of [0, 40, 80]) {
      const help = parseArgv(argv, { hasColors: false, columns });
      const lines = help.kind === "text" ? help.text.split("\n") : assert.fail(name);
      for (const line of lines) {
        assert.ok(line.length <= 80, `${name}: ${line}`);
        assert.ok(!line.endsWith(" "), `${name}: ${line}`);
      }
      for (const line of examples) assert.ok(lines.includes(`  ${line}`), `${name}: ${line}`);
    }
    const wide = parseArgv(argv, { hasColors: false, columns: 300 });
    const lines = wide.kind === "text" ? wide.text.split("\n") : assert.fail(name);
    for (const line of lines) assert.ok(line.length <= 100, `${name}: ${line}`);
  }
});

Deno.test("readCommandLine prints the version it was given", async () => {
  for (const argv of [["--version"], ["-V"], ["slave", "--version"], ["invite", "-V"]]) {
    assert.deepEqual(await read(argv), {
      kind: "print",
      stream: "stdout",
      text: "bindlink 1.2.3\nsecond line\n",
      exitCode: 0,
    });
  }
});

Deno.test("readCommandLine opens no input for help and version", async () => {
  const { readCommandLine } = await import("../../../src/cli/command_line.ts");
  for (const argv of [[], ["--help"], ["invite", "-h"], ["-V"], ["completion", "bash"], ["man"]]) {
    await readCommandLine(argv, {
      environment: () => undefined,
      versionText: "",
      hasColors: false,
      columns: 0,
      openInputs: () => assert.fail("opened"),
    });
  }
});

Deno.test("readCommandLine prints completion scripts and completes", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    assert.match((await printed("completion", shell)).text, /bindlink/);
  }
  const completed = async (...words: string[]): Promise<string> =>
    (await printed("completion", "bash", ...words)).text;
  assert.match(await completed("slave", "--prox"), /--proxy-target/);
  assert.match(await completed("slave", "--log-level", "de"), /debug/);
  assert.match(await completed("slave", "--protocol", "le"), /legacy/);
  assert.match(await completed("join", "--mode", "ch"), /cheapest/);
  assert.match(await completed("inv"), /invite/);
  assert.match(await completed("invite", "laptop", "--end"), /--endpoint/);
  assert.match(await completed("slaves", "--js"), /--json/);
  assert.equal(
    (await printed("completions", "zsh")).text,
    (await printed("completion", "zsh")).text,
  );
  assert.match(await completed("he"), /^help$/m);
  assert.match(await completed("com"), /^completion$/m);
  assert.match(await completed("completion", "z"), /^zsh$/m);
  assert.match(await completed("help", "mas"), /^master$/m);
  assert.doesNotMatch(await completed("slave", ""), /^(help|completion)$/m);
  assert.match(await completed("join", "--token-file", "lap"), /^__FILE__:file::lap/m);
  assert.match(await completed("join", "--state-dir", ""), /^__FILE__:directory:/m);
  assert.match(await complaint("completion ksh"), /Unsupported shell/);
});

Deno.test("readCommandLine answers any argv with a request, text, or a one-line UsageError", async () => {
  const word = fc.oneof(
    fc.constantFrom(...COMMANDS.map(({ name }) => name), "help", "completion", "bash"),
    fc.constantFrom("--", "-h", "--version", "", "-", "laptop"),
    fc.constantFrom(...OPTIONS.map(({ name }) => `--${name}`)),
    fc.constantFrom("-listen_port", "--proxy_target", "--http_listen_port=1", "-proxies"),
    fc.constantFrom("4000", "h:1", "[::1]:2", "10.0.0.1/30", "none", "debug", "1400"),
    fc.constantFrom(
      `socks5://u:${PASSWORD}@h:1`,
      `u:${PASSWORD}@h`,
      `p=socks5://u:${PASSWORD}@h:1;cap=5mbit`,
      `p=socks5://u:${PASSWORD}@h:1;cap=5`,
      `socks5://u:x;${PASSWORD}@h:1`,
      `--x=u:${PASSWORD}@h`,
      TOKEN,
      `${TOKEN.slice(0, 40)}!`,
      `--x=${TOKEN}`,
      TOKEN.toUpperCase(),
      SECRET_KEY_TEXT,
      SECRET_KEY_TEXT.slice(0, 42),
    ),
    fc.string({ unit: "binary", maxLength: 12 }),
  );
  const argv = fc.array(word, { maxLength: 7 });
  const setting = {
    environment: { BINDLINK_PROXIES: `socks5://u:${PASSWORD}@h:1` },
    files: { h: TOKEN, laptop: SECRET_KEY_TEXT },
    stdin: TOKEN,
  };
  await fc.assert(
    fc.asyncProperty(argv, async (argv) => {
      const result = await read(argv, setting).catch((error: unknown) => error);
      if (result instanceof UsageError) return assertHarmless(result.message);
      // A file that is not there is the system's mistake.
      if (result instanceof Error) {
        assert.match(result.message, /^Cannot read /);
        return assertHarmless(result.message);
      }
      assert.ok(typeof result === "object" && result !== null && "kind" in result);
      if (result.kind === "print" && "text" in result && argv[0] !== "completion") {
        assert.ok(!String(result.text).includes(TOKEN.slice(12)));
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("readCommandLine takes a token's endpoints as they are", async () => {
  assert.deepEqual((await slave(TOKEN)).links[0]?.targets, ENDPOINTS);
});
