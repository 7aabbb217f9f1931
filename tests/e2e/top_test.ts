/**
 * `bindlink top` on real terminals (tmux): what is seen, keys that switch links, sizes, a daemon that goes and comes, and a
 * terminal that is as before whatever ends it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { BINDLINK_FROM_SOURCE, BindlinkProcess } from "../support/bindlink_process.ts";
import { ControlCommands } from "../support/control_commands.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { TmuxTerminal } from "../support/tmux_terminal.ts";

/** Its number on Linux, which the shell tells. */
const SIGSTOP = 19;

const CRASH_MAIN = fileURLToPath(new URL("../support/terminal_crash_main.ts", import.meta.url));

/** Runs a program; the terminal's settings before and after it, and its process id, go into files. */
async function runIn(terminal: TmuxTerminal, command: string): Promise<void> {
  const { folder } = terminal;
  await terminal.enter(`stty -g >${folder}/before`);
  await runToEnd(terminal, `sh -c 'echo $$ >${folder}/pid; exec ${command}'`);
}

async function runToEnd(terminal: TmuxTerminal, line: string): Promise<void> {
  await terminal.enter(
    `clear; ${line}; echo "ended: $?"; stty -g >${terminal.folder}/after; echo looked`,
  );
}

/** Waits for the end of what {@link runIn} started, and finds the terminal as it was. */
async function assertGivenBack(terminal: TmuxTerminal, exitCode: number): Promise<void> {
  const screen = await terminal.waitFor(/^looked$/m);
  assert(screen.includes(`ended: ${exitCode}`), screen.join("\n"));
  const modes = { isAlternate: false, hasCursor: true, wraps: true };
  assert.deepEqual(await terminal.modes(), modes);
  const read = (name: string): string => Deno.readTextFileSync(`${terminal.folder}/${name}`);
  assert.equal(read("after"), read("before"));
}

/** A screen without what differs from run to run: numbers, units, bars, reasons, spaces. */
function masked(screen: readonly string[]): readonly string[] {
  return screen.map((line) =>
    line.replace(/^ {4}(idle|carrying|held out|suspect).*/, "    REASON")
      .replace(/[▁▂▃▄▅▆▇█▏▎▍▌▋▊▉░ ]*[▁▂▃▄▅▆▇█▏▎▍▌▋▊▉░]/g, " ~")
      .replace(/\d[\d.]*/g, "0")
      .replace(/\b[kMG]?bit\/s/g, "bit/s")
      .replace(/ ([KMG]i)?B\b/g, " B")
      .replace(/ +/g, " ")
  );
}

const SLAVE_SCREEN = [
  "bindlink 0 slave; bind0, MTU 0; up for 0 s; mode speed",
  "↑ sends 0 bit/s ~ 0 B in all",
  "↓ receives 0 bit/s ~ 0 B in all",
  "A full bar is 0 bit/s; packets dropped: 0",
  " LINK STATE SENDS RECEIVES ROUND TRIP LOSS SHARE",
  "> one ● up 0 bit/s 0 bit/s 0 ms 0 % 0 %",
  " ↑ ~ ↓ ~",
  " REASON",
  " direct 0:0; speed",
  " two ● up 0 bit/s 0 bit/s 0 ms 0 % 0 %",
  " ↑ ~ ↓ ~",
  " REASON",
  " direct 0:0; speed",
  " LAST EVENTS, the newest first",
];

Deno.test({
  name: "top shows a slave and a master, switches links, and gives the terminal back",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    await using network = await DirectNetwork.create({ cables: 2 });
    const { pair, laptop, server } = network;
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    const slaveArgs = pair.slaveArgs("--targets", "one=10.1.1.2:4000,two=10.1.2.2:4000");
    const slaves = [await BindlinkProcess.start(laptop, slaveArgs)];
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => void await Promise.all(slaves.map((slave) => slave.stop())));
    const laptopSays = new ControlCommands(pair.state.slaveStateDir, "slave-bind0.sock");

    const newTerminal = async (): Promise<TmuxTerminal> => {
      const env = { LC_ALL: "C.UTF-8" };
      return stack.use(await TmuxTerminal.start({ columns: 80, rows: 24, env }));
    };
    const top = `${BINDLINK_FROM_SOURCE.join(" ")} top --state-dir`;
    const [terminal, plain, atMaster, crashed] = await Promise.all(
      [newTerminal(), newTerminal(), newTerminal(), newTerminal()],
    );
    await Promise.all([
      slaves[0]!.waitForLinks([1, 2]),
      runIn(terminal, `env -u NO_COLOR ${top} ${pair.state.slaveStateDir}`),
      runIn(plain, `env LC_ALL=C ${top} ${pair.state.slaveStateDir}`),
      runIn(atMaster, `${top} ${pair.state.stateDir}`),
      runIn(crashed, `${BINDLINK_FROM_SOURCE.slice(0, -1).join(" ")} ${CRASH_MAIN}`),
    ]);

    await t.step("the screen, in colours", async () => {
      const screen = await terminal.waitFor(/> one +● up [^]*\n {2}two +● up /);
      assert.equal(screen.length, 24);
      assert.deepEqual(masked(screen).slice(0, SLAVE_SCREEN.length), SLAVE_SCREEN);
      assert.match(screen.join("\n"), /\n {2}(just now|\d+ s ago) +Link up link=one id=1 /);
      assert.match(screen.at(-1)!, /^↑↓ choose .* q quit$/);
      assert.match(await terminal.paintedText(), /\[36m ?● up/);
    });

    await t.step("a master's, and one without UTF-8 and colours; SIGTERM and Ctrl-C", async () => {
      const ofMaster = await atMaster.waitFor(/> laptop +● connected [^]*\n {4}two +● up /);
      assert.match(ofMaster[0]!, /^bindlink \S+ master; /);
      const ascii = await plain.waitFor(/> one +\* up /);
      assert.match(ascii.join("\n"), /^[\x20-\x7e\n]*$/);
      assert.doesNotMatch(await plain.paintedText(), /\[[0-9;]*3[0-7]m/);
      await atMaster.press("C-c");
      Deno.kill(Number(Deno.readTextFileSync(`${plain.folder}/pid`)), "SIGTERM");
      await assertGivenBack(atMaster, 0);
      await assertGivenBack(plain, 0);
    });

    await t.step("keys switch a link off and on, and change modes", async () => {
      await terminal.type("o");
      await terminal.waitFor(/> one +× off /);
      await terminal.waitFor(/^Switched one off$/m);
      assert.deepEqual((await laptopSays.status()).links.map(({ state }) => state), ["off", "up"]);
      await terminal.press("Down");
      await terminal.waitFor(/> two /);
      await terminal.type("on");
      await terminal.press("Up");
      await terminal.type("o");
      await terminal.waitFor(/> one +● up /);
      assert.deepEqual((await laptopSays.status()).links.map(({ state }) => state), ["up", "up"]);
      await terminal.type("lb");
      await terminal.waitFor(/direct 10\.1\.1\.2:4000; backup/);
      await terminal.type("mc");
      await terminal.waitFor(/; mode cheapest$/m);
      assert.deepEqual(
        (await laptopSays.status()).links.map(({ settings }) => settings.mode),
        ["backup", "cheapest"],
      );
    });

    await t.step("other sizes, and the shell meanwhile", async () => {
      await terminal.resize(40, 10);
      const small = await terminal.waitFor(/^slave bind0; mode cheapest; up for \d+ s$/m);
      assert.equal(small.length, 10);
      await terminal.resize(30, 10);
      await terminal.waitFor(/^Too small: 30x10\ntop needs 40x8$/m);
      await terminal.resize(80, 24);
      await terminal.waitFor(/^bindlink \S+ slave; .*\n↑ sends /m);
      await terminal.press("C-z");
      await assertGivenBack(terminal, 128 + SIGSTOP);
      await runToEnd(terminal, "fg");
      await terminal.waitFor(/^bindlink \S+ slave; .*\n↑ sends /m);
    });

    await t.step("a daemon that goes and comes", async () => {
      await slaves[0]!.stop();
      await terminal.waitFor(/^! slave bind0 is not running, waiting for \d+ s$/m);
      slaves.push(await BindlinkProcess.start(laptop, slaveArgs));
      await terminal.waitFor(/; mode speed\n[^]*> one +● up /);
    });

    await t.step("q, a bug, and no terminal at all", async () => {
      await terminal.type("q");
      await assertGivenBack(terminal, 0);
      await assertGivenBack(crashed, 1);
      assert.match((await crashed.screen()).join("\n"), /a bug/);
      await runIn(crashed, `env TERM=dumb ${top} ${pair.state.slaveStateDir}`);
      await crashed.waitFor(/error: bindlink top cannot paint on a terminal .* "dumb"[^]*ended: 2/);
      await assert.rejects(
        laptopSays.run("top"),
        /failed with 2:[^]*needs a terminal, and stdin is none: .* "bindlink status"/,
      );
    });
  },
});
