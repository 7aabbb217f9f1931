/**
 * The main job on one machine: `deno task demo` bonds three emulated phones with real processes of
 * bindlink, measures the best phone alone and all three together, cuts one, and leaves nothing
 * behind. With root on Linux in network namespaces, elsewhere on loopback.
 *
 * Exit codes: 0 as promised, 1 not, 2 asked wrongly, 128 + signal when interrupted.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { LoopbackStage } from "./demo/loopback_stage.ts";
import { NamespaceStage } from "./demo/namespace_stage.ts";
import { findObstacle } from "./demo/obstacle.ts";
import { choosePaint, type Paint } from "./demo/paint.ts";
import { BEST_PHONE, describePhone, sumRateBps } from "./demo/phones.ts";
import { type DemoResult, findFaults, megabits } from "./demo/result.ts";
import { fetchCommand, PROCESS_OPTIONS, type Stage } from "./demo/stage.ts";
import { Story, TOTAL_MS } from "./demo/story.ts";
import { chooseView, print } from "./demo/view.ts";
import { runCommand } from "./run_command.ts";

const HELP = `Bonds three emulated phones on this machine and shows what that gives.

Usage: deno task demo [--loopback]

  --loopback   on loopback, without tun and namespaces, as without root
  --help       this text
`;

const STOP_SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Thrown by the story when a signal came. */
class Interrupted extends Error {
  constructor(readonly exitCode: number) {
    super("Interrupted");
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

/** Runs the demo. @returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let wantsLoopback: boolean;
  try {
    const options = { loopback: { type: "boolean" }, help: { type: "boolean" } } as const;
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) {
      print(HELP);
      return 0;
    }
    wantsLoopback = values.loopback ?? false;
  } catch (error) {
    print(`error: ${messageOf(error)}\n\n${HELP}`);
    return 2;
  }
  const interruption = new AbortController();
  for (const [name, exitCode] of Object.entries(STOP_SIGNALS)) {
    Deno.addSignalListener(name as Deno.Signal, () => {
      interruption.abort(new Interrupted(exitCode));
    });
  }
  const paint = choosePaint(Deno.stdout.isTerminal());
  try {
    return await runDemo(wantsLoopback, paint, interruption.signal);
  } catch (error) {
    const { signal } = interruption;
    // Ctrl-C reaches all our programs; the end of one of them may be noticed first.
    const cause = signal.aborted ? signal.reason : error;
    if (cause instanceof Interrupted) {
      print("\nInterrupted; everything is cleaned up.\n");
      return cause.exitCode;
    }
    print(`\n${paint("red", `error: ${messageOf(error)}`)}\n`);
    return 1;
  }
}

async function runDemo(
  wantsLoopback: boolean,
  paint: Paint,
  signal: AbortSignal,
): Promise<number> {
  print(`\n  ${paint("bold", "bindlink demo")}   one tunnel over three phones\n\n`);
  const obstacle = wantsLoopback ? "as asked by --loopback" : await findObstacle();
  // While there still is a network: the namespaces have none.
  await runCommand(fetchCommand(), PROCESS_OPTIONS.cwd ? { cwd: PROCESS_OPTIONS.cwd } : {});
  signal.throwIfAborted();
  let result: DemoResult;
  let phones: Stage["phones"];
  {
    await using stage = obstacle === null ? await NamespaceStage.set() : await LoopbackStage.set();
    phones = stage.phones;
    print(introduce(stage, obstacle, paint));
    using view = chooseView(paint);
    result = await new Story(stage, (frame) => view.show(frame), signal).play();
  }
  const others = phones.filter((_, place) => place !== BEST_PHONE);
  const faults = findFaults(result, sumRateBps(others));
  print(summarize(result, faults, paint));
  return faults.length === 0 ? 0 : 1;
}

function introduce(stage: Stage, obstacle: string | null, paint: Paint): string {
  const where = obstacle === null
    ? "Five network namespaces on this machine: laptop, three phones, server. A real tun at\n" +
      "  either end, and no other way from one to the other but the phones' SOCKS5 servers."
    : `On loopback, without a tun: ${obstacle}.\n` +
      "  The tunnel carries TCP by its stand-in (--listen-tcp, --connect-tcp) over the phones'\n" +
      "  SOCKS5 servers.";
  const [first, second, third] = stage.phones.map(({ name }) => ` ${name} `);
  return `             ┌──${first}──┐
    laptop ──┼──${second}──┼── server
     ${paint("dim", "slave")}   └──${third}──┘   ${paint("dim", "master")}

  ${where}
  From server to laptop goes ${stage.data}, for ${(TOTAL_MS / 1_000).toFixed(0)} s.
${
    Deno.stdout.isTerminal()
      ? ""
      : stage.phones.map((phone) => `  ${phone.name}: ${describePhone(phone)}\n`).join("")
  }`;
}

function summarize(result: DemoResult, faults: readonly string[], paint: Paint): string {
  const { aloneBps, togetherBps, afterCutBps, longestGapMs } = result;
  const gain = `${(togetherBps / aloneBps).toFixed(2)} times`;
  const lines = [
    `  best phone alone     ${megabits(aloneBps).padStart(12)}`,
    `  three together       ${paint("bold", megabits(togetherBps).padStart(12))}   ${
      paint(["bold", "green"], gain)
    }`,
    `  best phone cut       ${megabits(afterCutBps).padStart(12)}   longest pause ${
      longestGapMs.toFixed(0)
    } ms`,
    "",
    ...(faults.length === 0
      ? [`  ${paint("green", "The tunnel carried more than the best phone, and outlived it.")}`]
      : [
        ...faults.map((fault) => `  ${paint(["bold", "red"], "not as promised:")} ${fault}`),
        "  All of it ran in real time on this machine: if it was busy, try again when it is not.",
      ]),
    `  ${
      paint("dim", "Payload that arrived, in the last seconds of each act. Nothing is left behind.")
    }`,
  ];
  return `\n${lines.join("\n")}\n\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
