/**
 * All emulated links of a benchmark in one process. The relay of tests/support lost 5 % of 13,000
 * packets a second in its sockets, whose buffers Deno cannot set, and took half a processor; this loop
 * lost none of 146 Mbit/s and takes a fifth to a third, the kernel's part mostly. It sleeps in ppoll(2)
 * on its one thread, moves datagrams in batches, is late by {@link QUANTUM_MS} at most, and turns no
 * event loop.
 *
 * ```
 * deno run -A tests/bench/bonding/relay_main.ts '[{"listen":{...},"target":{...},"bind":"10.2.0.10",
 *   "up":{"rateBps":8e6,"delayMs":60},"down":{"rateBps":20e6,"delayMs":60},"seed":1}]'
 * ```
 *
 * Prints `{"ready":true}`, then an answer for each JSON line on stdin:
 * - `{"schedule":[{"atMs":0,"link":0,"cut":true},...]}`: changes, timed from now; replaces what was left
 *   of an earlier one. `{"scheduledMs"}`: wall clock of its beginning.
 * - `{"report":true}`: the samples since the last reset and all counters, as {@link RelayReport}.
 * - `{"reset":true}`: forgets the samples.
 *
 * It ends when stdin does.
 *
 * @module
 */

import type { LinkCounters } from "../../support/link_emulator.ts";
import type { LinkProfile } from "../../support/link_profile.ts";
import { addressOf, PacketArena } from "./packet_arena.ts";
import { loadRelayLibc, POLLFD_BYTES, POLLIN } from "./relay_libc.ts";
import { RelayLink, type RelayLinkOptions } from "./relay_link.ts";

/** One change of one link. */
export interface RelayStep {
  /** From the schedule's beginning, in ms. */
  readonly atMs: number;
  readonly link: number;
  readonly up?: Partial<LinkProfile>;
  readonly down?: Partial<LinkProfile>;
  readonly cut?: boolean;
}

/** IP bytes in each sample of one direction: what was offered to the link, what came out of it. */
export interface DirectionSamples {
  readonly sentBytes: readonly number[];
  readonly deliveredBytes: readonly number[];
}

/** What the links did. */
export interface RelayReport {
  /** Wall clock of the first sample's beginning, in ms. */
  readonly startMs: number;
  readonly sampleMs: number;
  readonly links: readonly {
    readonly up: DirectionSamples;
    readonly down: DirectionSamples;
    readonly upCounters: LinkCounters;
    readonly downCounters: LinkCounters;
    readonly sendErrors: number;
    readonly arenaDrops: number;
  }[];
}

/** While there is traffic the loop looks at its sockets this often, in ms, instead of at each packet. */
const QUANTUM_MS = 0.5;
/** Length of a sample, in ms. */
const SAMPLE_MS = 50;
/** Datagrams under way in all links together: 150 Mbit/s for two seconds. */
const ARENA_SLOTS = 32_768;
/** Descriptors polled at most. */
const MAX_FDS = 256;

const encoder = new TextEncoder();

/** The process. */
class RelayProcess {
  readonly #libc = loadRelayLibc();
  readonly #links: RelayLink[];
  readonly #pollFds = new ArrayBuffer(MAX_FDS * POLLFD_BYTES);
  readonly #pollView = new DataView(this.#pollFds);
  readonly #pollAddress = addressOf(this.#pollFds);
  readonly #timespec = new ArrayBuffer(16);
  readonly #timespecView = new DataView(this.#timespec);
  readonly #timespecAddress = addressOf(this.#timespec);
  readonly #owners: (RelayLink | null)[] = [];
  #fdsVersion = -1;
  #steps: RelayStep[] = [];
  #stepsStartMs = 0;
  readonly #input = new Uint8Array(new ArrayBuffer(65_536));
  readonly #decoder = new TextDecoder();
  #inputText = "";
  #samples: { sent: number[]; delivered: number[] }[][] = [];
  #lastCounts: number[] = [];
  #samplesStartMs = 0;
  #nextSampleMs = 0;

  constructor(links: readonly RelayLinkOptions[]) {
    const arena = new PacketArena(ARENA_SLOTS);
    this.#links = links.map((options) => new RelayLink(this.#libc, arena, options));
    this.#resetSamples(performance.now());
  }

  /** Until stdin ends. */
  run(): void {
    let wasBusy = false;
    for (;;) {
      if (wasBusy) this.#sleep(0, QUANTUM_MS);
      let now = performance.now();
      this.#listFds();
      const waitMs = wasBusy ? 0 : Math.max(0, this.#nextTimeout() - now);
      const ready = this.#sleep(this.#owners.length, waitMs);
      now = performance.now();
      const received = ready > 0 ? this.#receive(now) : 0;
      if (received < 0) return;
      this.#runSteps(now);
      let delivered = 0;
      for (const link of this.#links) delivered += link.poll(now);
      wasBusy = received + delivered > 0;
      if (now >= this.#nextSampleMs) this.#takeSample();
    }
  }

  #nextTimeout(): number {
    let nextMs = this.#nextSampleMs;
    if (this.#steps.length > 0) {
      nextMs = Math.min(nextMs, this.#stepsStartMs + this.#steps[0]!.atMs);
    }
    for (const link of this.#links) nextMs = Math.min(nextMs, link.nextTimeout());
    return nextMs;
  }

  /** ppoll(2) on the first `count` descriptors. */
  #sleep(count: number, waitMs: number): number {
    this.#timespecView.setUint32(0, Math.floor(waitMs / 1000), true);
    this.#timespecView.setUint32(8, Math.floor(waitMs % 1000 * 1e6), true);
    return this.#libc.ppoll(this.#pollAddress, count, this.#timespecAddress, 0);
  }

  #listFds(): void {
    let version = 0;
    for (const link of this.#links) version += link.fdsVersion;
    if (version === this.#fdsVersion) return;
    this.#fdsVersion = version;
    this.#owners.length = 0;
    this.#addFd(0, null);
    for (const link of this.#links) for (const fd of link.fds) this.#addFd(fd, link);
  }

  #addFd(fd: number, owner: RelayLink | null): void {
    const at = this.#owners.length * POLLFD_BYTES;
    this.#pollView.setInt32(at, fd, true);
    this.#pollView.setInt16(at + 4, POLLIN, true);
    this.#owners.push(owner);
  }

  /** Serves what is ready. @returns how many datagrams came; -1 when stdin has ended. */
  #receive(now: number): number {
    let received = 0;
    for (let i = 0; i < this.#owners.length; i++) {
      if (this.#pollView.getInt16(i * POLLFD_BYTES + 6, true) === 0) continue;
      const owner = this.#owners[i]!;
      if (owner !== null) {
        received += owner.receive(this.#pollView.getInt32(i * POLLFD_BYTES, true), now);
      } else if (!this.#readCommands(now)) return -1;
    }
    return received;
  }

  #readCommands(now: number): boolean {
    const count = this.#libc.read(0, this.#input, this.#input.length);
    if (count <= 0) return false;
    this.#inputText += this.#decoder.decode(this.#input.subarray(0, count), { stream: true });
    const lines = this.#inputText.split("\n");
    this.#inputText = lines.pop() ?? "";
    for (const line of lines) if (line !== "") this.#obey(JSON.parse(line), now);
    return true;
  }

  #obey(
    command: { schedule?: RelayStep[]; reset?: boolean; report?: boolean },
    now: number,
  ): void {
    if (command.schedule !== undefined) {
      this.#steps = command.schedule.toSorted((a, b) => a.atMs - b.atMs);
      this.#stepsStartMs = now;
      print({ scheduledMs: performance.timeOrigin + now });
    } else if (command.reset === true) {
      this.#resetSamples(now);
      print({ resetMs: performance.timeOrigin + now });
    } else print(this.#report());
  }

  #runSteps(now: number): void {
    while (this.#steps.length > 0 && this.#stepsStartMs + this.#steps[0]!.atMs <= now) {
      const { link, atMs: _, ...change } = this.#steps.shift()!;
      this.#links[link]!.control(change, now);
    }
  }

  #resetSamples(now: number): void {
    this.#samples = this.#links.map(
      () => [{ sent: [], delivered: [] }, { sent: [], delivered: [] }],
    );
    this.#lastCounts = this.#counts();
    this.#samplesStartMs = now;
    this.#nextSampleMs = now + SAMPLE_MS;
  }

  #counts(): number[] {
    return this.#links.flatMap(({ up, down }) =>
      [up, down].flatMap(({ counters }) => [counters.sentBytes, counters.deliveredBytes])
    );
  }

  #takeSample(): void {
    const counts = this.#counts();
    counts.forEach((count, i) => {
      const { sent, delivered } = this.#samples[i >> 2]![(i >> 1) & 1]!;
      (i % 2 === 0 ? sent : delivered).push(count - this.#lastCounts[i]!);
    });
    this.#lastCounts = counts;
    this.#nextSampleMs += SAMPLE_MS;
  }

  #report(): RelayReport {
    return {
      startMs: performance.timeOrigin + this.#samplesStartMs,
      sampleMs: SAMPLE_MS,
      links: this.#links.map((link, i) => {
        const [up, down] = this.#samples[i]!.map(({ sent, delivered }) => ({
          sentBytes: sent,
          deliveredBytes: delivered,
        }));
        return {
          up: up!,
          down: down!,
          upCounters: link.up.counters,
          downCounters: link.down.counters,
          sendErrors: link.sendErrors,
          arenaDrops: link.arenaDrops,
        };
      }),
    };
  }
}

function print(value: unknown): void {
  const bytes = encoder.encode(`${JSON.stringify(value)}\n`);
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}

if (import.meta.main) {
  const relay = new RelayProcess(JSON.parse(Deno.args[0] ?? "[]"));
  print({ ready: true });
  relay.run();
}
