/**
 * The tundev over a Linux tun device: where packets of this machine enter and leave the tunnel.
 *
 * Reads are synchronous and non-blocking, straight into one packet slot; only when none is there is it waited
 * for, by the reactor. Under load a turn is cut short, so that datagrams, timers and the metrics
 * server get theirs.
 *
 * @module
 */

import { Errno, SysError } from "../../ffi/errno.ts";
import { TUN_NODE_PATH, TunFile } from "../../ffi/tun.ts";
import { Reactor, type Watch } from "../reactor.ts";
import { UsageError } from "../usage_error.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../wire/packet.ts";
import { completeChecksum } from "../wire/partial_checksum.ts";
import { checkStrangerPacket, checkTunPacket } from "./packet_check.ts";
import { explainTunFailure } from "./tun_errors.ts";
import { TunInterface } from "./tun_interface.ts";
import { type LostHandler, TunOffload } from "./tun_offload.ts";
import { checkAssigned, checkTunSpec, type TunSpec } from "./tun_spec.ts";
import type { EnteringPacketHandler, Tundev, TundevSettings } from "./tundev.ts";

/** How a {@link TunDevice} is opened. */
export interface TunDeviceOptions {
  /** For tests of a machine without one. */
  readonly nodePath?: string;
  /** Waits for its packets; one of its own by default. */
  readonly reactor?: Reactor;
  /** Whether many packets may be read and written at once, where the kernel has that. */
  readonly wantsOffload?: boolean;
  /** Is told of packets that were read but can't be understood, and of those that `send` had taken and the kernel then refused. */
  readonly onLost?: LostHandler;
}

/** A tun device that is up; its addresses may come later, and change. */
export class TunDevice implements Tundev {
  readonly name: string;

  readonly #file: TunFile;
  readonly #interface: TunInterface;
  /** What turns the device's packets into the tunnel's and back, when they have vnet headers. */
  readonly #offload: TunOffload | null;
  #mtuBytes: number;
  #packet: Packet;
  #settings = "";
  readonly #watch: Watch;
  /** Nothing was left after the last turn. */
  #isDrained = false;
  #isRunning = false;
  #isClosed = false;

  /** Takes ownership of `file`, whose MTU was set by `device`. For {@link openTunDevice}. */
  constructor(
    file: TunFile,
    device: TunInterface,
    { mtuBytes, onLost, reactor }: {
      readonly mtuBytes: number;
      readonly onLost: LostHandler;
      readonly reactor: Reactor;
    },
  ) {
    this.name = file.name;
    this.#file = file;
    this.#interface = device;
    this.#mtuBytes = mtuBytes;
    this.#offload = file.hasVnetHeader
      ? new TunOffload(file, onLost, (send) => reactor.atTurnEnd(send))
      : null;
    this.#packet = readSlot(mtuBytes);
    this.#watch = reactor.watch(file.fd);
  }

  get mtuBytes(): number {
    return this.#mtuBytes;
  }

  configure(settings: TundevSettings): readonly string[] {
    const asText = JSON.stringify(settings);
    if (this.#isClosed || asText === this.#settings) return [];
    const { ipv4, ipv6, mtuBytes, problems } = checkAssigned(settings, this.#mtuBytes);
    if (mtuBytes !== this.#mtuBytes) this.#setMtu(mtuBytes);
    this.#interface.setIpv4(ipv4);
    this.#interface.bringUp();
    const refusal = sysErrorOf(() => this.#interface.setIpv6(ipv6));
    this.#settings = asText;
    return refusal === null ? problems : [...problems, refusal.message];
  }

  /** See {@link Tundev.verify}. */
  verify(packet: Packet): number {
    return checkStrangerPacket(packet, this.#mtuBytes);
  }

  /** Hot. @inheritdoc */
  send(packet: Packet): number {
    if (this.#isClosed) return DropReason.CLOSED;
    const refusal = checkTunPacket(packet, this.#mtuBytes);
    if (refusal !== 0) return refusal;
    if (this.#offload !== null) return this.#offload.send(packet);
    if (packet.isPartial && completeChecksum(packet) < 0) return DropReason.NOT_IP;
    const n = this.#file.write(packet.bytes, packet.start, packet.end);
    return n >= 0 ? 0 : DropReason.TUN_WRITE_ERROR;
  }

  /** @throws SysError when the device was deleted (EBADFD); `close` still has to be called. */
  async run(callback: EnteringPacketHandler): Promise<void> {
    if (this.#isRunning) throw new Error("Invariant: tundev is running already");
    this.#isRunning = true;
    try {
      while (!this.#isClosed) {
        const reads = this.#drain(callback);
        if (this.#offload !== null && reads > 0) {
          this.#watch.noteRead(reads, this.#offload.takeReadBytes(), performance.now());
        }
        if (this.#isClosed) return;
        if (this.#isDrained) await this.#watch.readable();
        else await this.#watch.nextTurn();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** The device is gone on return, or once `run` has resolved when it is running. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch.close();
    this.#offload?.close();
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hot. One turn: reads until nothing is there or the turn is over. @returns reads that brought something. */
  #drain(callback: EnteringPacketHandler): number {
    let now = performance.now();
    const endMs = now + TURN_MS;
    let reads = 0;
    let pktsOfNow = 0;
    this.#isDrained = false;
    const maxReads = this.#offload === null ? TURN_READS : OFFLOAD_TURN_READS;
    while (reads < maxReads) {
      const n = this.#offload === null
        ? this.#readOne(callback, now)
        : this.#offload.read(callback, now);
      if (n === -Errno.EAGAIN) return this.#endTurn(reads);
      if (n < 0 && n !== -Errno.EINTR) throw this.#explain(new SysError("read", -n));
      reads++;
      if (this.#isClosed) return reads;
      pktsOfNow += Math.max(0, n);
      if (pktsOfNow < CLOCK_PKTS) continue;
      pktsOfNow = 0;
      now = performance.now();
      if (now >= endMs) return reads;
    }
    return reads;
  }

  /** Hot. Reads from a tun without vnet headers. @returns 1, or a negated errno. */
  #readOne(callback: EnteringPacketHandler, now: number): number {
    const packet = this.#packet; // anew each time: a callback may configure
    const n = this.#file.read(packet.bytes, HEADROOM_BYTES, this.#mtuBytes + 1);
    if (n < 0) return n;
    packet.start = HEADROOM_BYTES;
    packet.end = HEADROOM_BYTES + n;
    callback(packet, now);
    return 1;
  }

  #endTurn(reads: number): number {
    this.#isDrained = true;
    return reads;
  }

  #setMtu(mtuBytes: number): void {
    this.#interface.setMtu(mtuBytes);
    this.#mtuBytes = mtuBytes;
    this.#packet = readSlot(mtuBytes);
  }

  #explain(error: SysError): SysError {
    return explainTunFailure(error, {
      nodePath: TUN_NODE_PATH,
      action: `read from tun device "${this.name}"`,
    });
  }
}

/**
 * One byte more than the MTU: a packet that someone's larger MTU let in shows by its length, instead of
 * passing as a whole one that was cut off.
 */
function readSlot(mtuBytes: number): Packet {
  return new Packet(mtuBytes + 1);
}

/**
 * Makes a tun device with the MTU and those addresses that are known already, and brings it up: the kernel
 * then routes the addresses' prefixes into it. It lives as long as it is open.
 * @throws UsageError when the spec cannot be right on any machine.
 * @throws SysError when this machine refuses, with the remedy; nothing is left behind.
 */
export function openTunDevice(
  spec: TunSpec,
  {
    nodePath = TUN_NODE_PATH,
    wantsOffload = false,
    onLost = (): void => {},
    reactor = new Reactor(),
  }: TunDeviceOptions = {},
): TunDevice {
  if (Deno.build.os !== "linux") {
    throw new UsageError(
      `Cannot open tun device "${spec.name}" on ${Deno.build.os}: only Linux has them here, ` +
        "use --connect-tcp HOST:PORT",
    );
  }
  const addresses = checkTunSpec(spec);
  const file = openFile(spec.name, nodePath, wantsOffload);
  try {
    const device = new TunInterface(file.name, nodePath);
    device.setMtu(spec.mtuBytes);
    device.growQueue();
    device.setIpv4(addresses.find(({ bytes }) => bytes.length === 4) ?? null);
    device.bringUp();
    device.setIpv6(addresses.find(({ bytes }) => bytes.length === 16) ?? null);
    device.isAssigned = true;
    return new TunDevice(file, device, { mtuBytes: spec.mtuBytes, onLost, reactor });
  } catch (error) {
    file.close();
    throw error;
  }
}

function openFile(name: string, nodePath: string, wantsOffload: boolean): TunFile {
  try {
    return TunFile.open(name, nodePath, wantsOffload);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    throw explainTunFailure(error, { nodePath, action: `open tun device "${name}"` });
  }
}

function sysErrorOf(body: () => void): SysError | null {
  try {
    body();
    return null;
  } catch (error) {
    if (error instanceof SysError) return error;
    throw error;
  }
}

/** Longest turn in ms: how long datagrams and timers wait at most, one callback's time aside. */
const TURN_MS = 2;

/**
 * Most reads in a turn. Measured with each packet sent on through a socket, medians of five noisy runs in thousand
 * packets per second: 16 and 32 gave 37, 64 gave 30, 128 gave 34. So this is not critical; small keeps waits short.
 */
const TURN_READS = 32;

/**
 * With vnet headers a socket sends 64 datagrams by one call, and what a turn has read is sent when it ends. Small packets, read
 * one by one: 5 % less processor time than with 32; 128 gave no more. (Of a TCP flow's reads a turn's time lasts for fewer.)
 */
const OFFLOAD_TURN_READS = 64;

/**
 * The clock is read again after so many packets, which take some 40 µs: at 110,000 packets a second, two readings for each
 * were 6 % of a sender's processor time.
 */
const CLOCK_PKTS = 8;
