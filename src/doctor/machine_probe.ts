/**
 * Looks at the machine: system, engine, tun, ciphers, state directory. Makes a tun device for a moment where it may.
 *
 * @module
 */

import { SysError } from "../../ffi/errno.ts";
import { TUN_NODE_PATH, TunFile } from "../../ffi/tun.ts";
import { UdpFile } from "../../ffi/udp_file.ts";
import { openAeadProvider } from "../crypto/aead_provider.ts";
import type { CommonOptions, TundevSpec } from "../daemon_options.ts";
import type { IoEngine } from "../linkmap/io_engine.ts";
import { describeError } from "../log.ts";
import type { AeadProvider } from "../peer/aead.ts";
import { errorCode, fileError } from "../state/state_error.ts";
import { explainTunFailure } from "../tundev/tun_errors.ts";
import { describeCipher } from "../tunnel/cipher_names.ts";
import type { EngineFacts, MachineFacts, StateDirFacts, TunFacts } from "./judge_machine.ts";

/** What the daemon asks for, see ffi/udp_file.ts: 8 MiB. */
const WANTED_BUFFER_BYTES = 8 * 1024 * 1024;

/** What the daemon would choose, or why it has none. */
export interface EngineChoice {
  readonly engine: IoEngine | null;
  /** Why it is not the one that is wanted most; empty when it is. */
  readonly reason: string;
}

/** All facts about the machine. */
export async function lookAtMachine(
  options: Pick<CommonOptions, "tundev"> & { readonly stateDir: string },
  choice: EngineChoice,
): Promise<MachineFacts> {
  const wallMs = Date.now();
  return {
    os: Deno.build.os,
    release: Deno.osRelease(),
    engine: lookAtEngine(choice),
    tun: lookAtTun(options.tundev),
    crypto: await lookAtCiphers(),
    wallMs,
    wallText: new Date(wallMs).toISOString().slice(0, 16).replace("T", " ") + " UTC",
    state: lookAtStateDir(options.stateDir),
  };
}

function lookAtEngine({ engine, reason }: EngineChoice): EngineFacts {
  const none = {
    name: engine?.name ?? null,
    reason,
    hasSegment: false,
    hasGather: false,
    receiveBufferBytes: 0,
    wantedBufferBytes: WANTED_BUFFER_BYTES,
  };
  if (engine?.name !== "ffi") return none;
  using file = UdpFile.open({ hostname: "127.0.0.1", port: 0 });
  const { canSegment, canGather, receiveBufferBytes } = file;
  return { ...none, hasSegment: canSegment, hasGather: canGather, receiveBufferBytes };
}

function lookAtTun(spec: TundevSpec): TunFacts | null {
  if (spec.kind !== "tun") return null;
  const action = "make a tun device";
  try {
    using file = TunFile.open(spec.name, TUN_NODE_PATH, true);
    return { kind: "works", hasOffload: file.hasVnetHeader };
  } catch (error) {
    if (!(error instanceof SysError)) return { kind: "failed", text: describeError(error) };
    if (error.code === "EBUSY") return { kind: "busy" };
    const { message } = explainTunFailure(error, { nodePath: TUN_NODE_PATH, action });
    const isForbidden = error.code === "EPERM" || error.code === "EACCES";
    return { kind: isForbidden && Deno.uid() !== 0 ? "not-allowed" : "failed", text: message };
  }
}

async function lookAtCiphers(): Promise<MachineFacts["crypto"]> {
  let isFast = true;
  try {
    const provider: AeadProvider = await openAeadProvider({
      onUnusable: () => {
        isFast = false;
      },
    });
    return { label: provider.label, isFast, ciphers: provider.ciphers.map(describeCipher) };
  } catch (error) {
    return { failure: describeError(error) };
  }
}

function lookAtStateDir(path: string): StateDirFacts {
  const facts = { path, detail: "", openTo: [] };
  try {
    const stat = Deno.statSync(path);
    if (!stat.isDirectory) return { ...facts, kind: "not-a-directory" };
    return { ...facts, kind: "readable", openTo: findOpenFiles(path, stat) };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { ...facts, kind: "missing" };
    return { ...facts, kind: "unreadable", detail: fileError("use", path, error).message };
  }
}

/** What others may change or read: the directory's own mode, and that of the files that hold keys. */
function findOpenFiles(path: string, directory: Deno.FileInfo): string[] {
  const open = (directory.mode ?? 0) & MODE_OTHERS_WRITE ? [path] : [];
  for (const { name, isFile } of Deno.readDirSync(path)) {
    if (!isFile || !name.endsWith(".json")) continue;
    const file = `${path}/${name}`;
    if (((Deno.lstatSync(file).mode ?? 0) & MODE_OTHERS_ANY) !== 0) open.push(file);
  }
  return open;
}

/** inode(7): others than owner and group may write; group and others may read or write. */
const MODE_OTHERS_WRITE = 0o002;
const MODE_OTHERS_ANY = 0o066;
