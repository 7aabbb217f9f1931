/**
 * The whole examination: the machine, then the master on it or the slave's links.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";
import { openAeadProvider } from "../crypto/aead_provider.ts";
import { nodeDiffieHellman } from "../crypto/x25519.ts";
import type { SlaveOptions } from "../daemon_options.ts";
import {
  DENO_ENGINE,
  type IoEngine,
  type IoEngineOptions,
  openIoEngine,
} from "../linkmap/io_engine.ts";
import { describeError, type Logger } from "../log.ts";
import { PacketPool } from "../multiplexer/packet_pool.ts";
import { VERSION } from "../version.ts";
import { DropCounters } from "../wire/drop_reason.ts";
import { examineSlave } from "./examine_slave.ts";
import { fault, type Finding, MACHINE, note } from "./finding.ts";
import { judgeMachine } from "./judge_machine.ts";
import { judgeMaster } from "./judge_master.ts";
import { type EngineChoice, lookAtMachine } from "./machine_probe.ts";
import { lookAtMaster } from "./master_probe.ts";
import { NAT_SILENCES_MS } from "./measure_nat.ts";
import { findRunningDaemon } from "./running_daemon.ts";
import type { LinkTools } from "./reach_link.ts";

/** What `bindlink doctor` was asked for. */
export type DoctorRequest = Extract<CommandRequest, { kind: "doctor" }>;

/** Examines. @param onProgress is told what is done now. @param silencesMs others are for tests, which have less time. */
export async function examine(
  request: DoctorRequest,
  onProgress: (text: string) => void,
  silencesMs: readonly number[] = NAT_SILENCES_MS,
): Promise<Finding[]> {
  const { options, tokenFault } = request;
  const choice = tryEngine(options);
  const findings = judgeMachine(await lookAtMachine(options, choice));
  if (options.role === "master") {
    return [...findings, ...judgeMaster(await lookAtMaster(options, choice.engine))];
  }
  if (tokenFault !== "") {
    return [...findings, fault({ about: "token", check: "token" }, tokenFault, JOIN_ADVICE)];
  }
  if (options.links === null) throw new Error("Invariant: a token without links");
  const running = await findRunningDaemon(options.metrics);
  const isRunning = running?.role === "slave";
  if (isRunning) {
    const up = `${running.links.up} of its ${running.links.known} links are up`;
    findings.push(note({ about: MACHINE, check: "running" }, `bindlink slave runs here, ${up}`));
  }
  const tools = await openTools(options, choice.engine ?? DENO_ENGINE);
  const { measure } = request;
  const natSilencesMs = request.checksNatTimeout ? silencesMs : [];
  return [
    ...findings,
    ...await examineSlave({ options, measure, natSilencesMs, isRunning, tools, onProgress }),
  ];
}

const JOIN_ADVICE =
  'paste the token once: bindlink join - (with the same sudo as "bindlink slave")';

/** The engine that the daemon would choose, or why it has none. */
export function tryEngine(options: IoEngineOptions): EngineChoice {
  let reason = "";
  try {
    const engine = openIoEngine(options, (why) => {
      reason = why;
    });
    return { engine, reason };
  } catch (error) {
    return { engine: null, reason: describeError(error) };
  }
}

async function openTools(options: SlaveOptions, engine: IoEngine): Promise<LinkTools> {
  const drops = new DropCounters();
  const clock = (): number => performance.now();
  return {
    bindUdp: engine.bindUdp,
    dialTcp: engine.dialTcp,
    drops,
    clock,
    context: {
      identity: options.identity,
      wantedMtuBytes: options.wantedMtuBytes,
      drops,
      logger: SILENT,
      clock,
      wallClock: Date.now,
      rng: Math.random,
      pool: new PacketPool(),
      provider: await openAeadProvider(),
      dh: nodeDiffieHellman,
      randomBytes,
      instanceId: randomBytes(INSTANCE_ID_BYTES).toHex(),
      software: `bindlink ${VERSION}`,
    },
  };
}

const INSTANCE_ID_BYTES = 8;

function randomBytes(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(lengthBytes));
}

/** What goes wrong is a finding, not a line of a log. */
const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
