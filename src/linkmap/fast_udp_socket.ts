/**
 * The fast datagram socket (Linux): the kernel is called once for a run of datagrams, not for each.
 *
 * Out: datagrams of one length to one address are put side by side into a buffer, which goes by one UDP_SEGMENT call when it is
 * full, when the next datagram is of another kind, and at the latest when all who read have read what is there
 * ({@link Reactor.atTurnEnd}). So nothing waits for company that is not there yet. Back: one call brings up to 64 KiB of one source (UDP_GRO), or several short runs, which are handed out from there.
 *
 * @module
 */

import { Errno, SysError } from "../../ffi/errno.ts";
import type { Reactor, Watch } from "../reactor.ts";
import { SocketAddress } from "../../ffi/socket_address.ts";
import type { LocalAddress } from "../../ffi/local_address.ts";
import { UdpFile } from "../../ffi/udp_file.ts";
import { formatAddress, type NetAddress } from "../net_address.ts";
import { type DropCounters, DropReason } from "../wire/drop_reason.ts";
import { MAX_PACKET_BYTES, type Packet } from "../wire/packet.ts";
import { bindError } from "./bind_error.ts";
import type { DatagramSlot } from "./datagram_socket.ts";
import { ReceivedRuns } from "./received_runs.ts";
import { SegmentBatch } from "./segment_batch.ts";
import type { BoundUdpSocket, OutgoingBytes, UdpSocketOptions } from "./udp_port.ts";

/** Longest time for which receives are answered at once, ms; then everything else gets its turn. */
const TURN_MS = 2;

/** How soon what a full socket refused is offered again, ms: the device sends some 100 full packets a ms at 1 Gbit/s. */
const RETRY_MS = 1;

/** A UDP socket of this machine. */
export class FastUdpSocket implements BoundUdpSocket {
  readonly localAddress: NetAddress;
  readonly transport = "udp";
  readonly label: string;
  lastSendError: Error | null = null;
  /** Datagrams that the system refused after `send` had taken them. */
  sendErrors = 0;
  readonly #file: UdpFile;
  readonly #reactor: Reactor;
  readonly #watch: Watch;
  readonly #drops: DropCounters | null;
  readonly #addresses = new WeakMap<NetAddress, SocketAddress>();
  readonly #batch = new SegmentBatch();
  #dst: NetAddress | null = null;
  #address: SocketAddress | null = null;
  /** Of the batch: where it leaves from; null: the route's choice. */
  #local: LocalAddress | null = null;
  #isFlushDue = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #received: ReceivedRuns;
  #turnEndsMs = 0;
  #isClosed = false;

  private constructor(
    file: UdpFile,
    reactor: Reactor,
    { drops, device }: UdpSocketOptions,
  ) {
    this.#file = file;
    this.#drops = drops ?? null;
    this.localAddress = { hostname: file.localHostname, port: file.localPort };
    this.label = `udp ${formatAddress(this.localAddress)}`;
    if (device !== undefined) this.label += ` on ${device}`;
    this.#reactor = reactor;
    this.#watch = reactor.watch(file.fd);
    this.#received = new ReceivedRuns(file, { watch: this.#watch, drops: this.#drops });
  }

  /** Opens a socket. @throws Error with the system's error as cause: port taken, address not of this machine, no permission. */
  static bind(options: UdpSocketOptions, reactor: Reactor): FastUdpSocket {
    const { hostname, port, device, mark } = options;
    const { forbidsFragments = false, tellsLocal = false } = options;
    let file: UdpFile | null = null;
    try {
      file = UdpFile.open({
        hostname,
        port,
        forbidsFragments,
        tellsLocal,
        ...(mark === undefined ? {} : { mark }),
        ...(device === undefined ? {} : { device }),
      });
      return new FastUdpSocket(file, reactor, options);
    } catch (error) {
      file?.close();
      throw bindError(options, error);
    }
  }

  /** Hot. See {@link DatagramSocket.send}. */
  send(packet: OutgoingBytes, dst: NetAddress): number {
    return this.sendFrom(packet, dst, null);
  }

  /** Hot. See {@link BoundUdpSocket.sendFrom}. */
  sendFrom(packet: OutgoingBytes, dst: NetAddress, local: LocalAddress | null): number {
    if (this.#isClosed || this.failure !== null) return DropReason.CLOSED;
    const lengthBytes = packet.end - packet.start;
    if (lengthBytes > MAX_PACKET_BYTES) return DropReason.TOO_LARGE;
    const refusal = this.#prepare(lengthBytes, dst, local);
    if (refusal < 0) return refusal;
    this.#batch.add(packet.bytes, packet.start, packet.end);
    if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      this.#reactor.atTurnEnd(this.#handleTurnEnd);
    }
    return 0;
  }

  /** Hot. See {@link DatagramSocket.lend}: the place in the batch. */
  lend(lengthBytes: number, dst: NetAddress, local: LocalAddress | null = null): Packet | null {
    if (this.#isClosed || this.failure !== null || lengthBytes > MAX_PACKET_BYTES) return null;
    return this.#prepare(lengthBytes, dst, local) < 0 ? null : this.#batch.lend(lengthBytes);
  }

  /** See {@link DatagramSocket.failure}. */
  get failure(): Error | null {
    return this.#received.failure;
  }

  /** See {@link DatagramSocket.forbidsFragments}. */
  get forbidsFragments(): boolean {
    return this.#file.dontFragment;
  }

  /** See {@link DatagramSocket.sendFragmentable}. What waits goes first, this one by itself. */
  sendFragmentable(
    packet: OutgoingBytes,
    dst: NetAddress,
    local: LocalAddress | null = null,
  ): number {
    this.#flush();
    if (this.#batch.segments > 0) return DropReason.SEND_QUEUE_FULL;
    this.#file.allowFragments(true);
    const result = this.sendFrom(packet, dst, local);
    this.#flush();
    this.#file.allowFragments(false);
    if (this.#batch.segments === 0) return result;
    // Later it would go by what holds for the others.
    this.#batch.drop(this.#batch.bytesUsed);
    return DropReason.SEND_QUEUE_FULL;
  }

  /** See {@link DatagramSocket.receive}. One call at a time. */
  async receive(slots: readonly DatagramSlot[]): Promise<number> {
    const received = this.#received;
    for (;;) {
      if (this.#isClosed || this.failure !== null) return 0;
      if (performance.now() >= this.#turnEndsMs) {
        await this.#watch.nextTurn();
        this.#turnEndsMs = performance.now() + TURN_MS;
        if (this.#isClosed) return 0;
      }
      const filledSlots = received.fill(slots);
      if (filledSlots > 0) return filledSlots;
      if (this.failure !== null) return 0;
      if (received.hasMore) await this.#watch.nextTurn();
      else await this.#watch.readable();
      received.expectMore();
      this.#turnEndsMs = performance.now() + TURN_MS;
    }
  }

  /** See {@link DatagramSocket.close}. What waits in the batch is offered once more. */
  close(): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    this.#watch.close();
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  readonly #handleTurnEnd = (): void => {
    this.#isFlushDue = false;
    if (!this.#isClosed) this.#flush();
  };

  /** Hot. Makes the batch one that takes this datagram. @returns 0, or a DropReason. */
  #prepare(lengthBytes: number, dst: NetAddress, local: LocalAddress | null): number {
    const batch = this.#batch;
    if (dst === this.#dst && local === this.#local && batch.fits(lengthBytes)) return 0;
    this.#flush();
    if (batch.segments > 0) return DropReason.SEND_QUEUE_FULL;
    if (dst !== this.#dst && !this.#setDestination(dst)) return DropReason.SEND_ERROR;
    this.#local = local;
    return 0;
  }

  /** Hot. Sends the batch; what a full socket does not take stays, and is offered again soon. */
  #flush(): void {
    const batch = this.#batch;
    while (batch.segments > 0) {
      const sent = this.#sendBatch();
      if (sent >= 0) batch.drop(sent);
      else if (isFull(sent)) return this.#retryLater();
      else this.#refuse(-sent);
    }
  }

  /** Hot. @returns bytes sent, or a negated errno, which is the answer to the first datagram. */
  #sendBatch(): number {
    const { bytes, offset, bytesUsed, segments } = this.#batch;
    const file = this.#file;
    const to = this.#address!;
    const from = this.#local;
    // A single datagram may be empty.
    const segmentBytes = Math.max(1, this.#batch.segmentBytes);
    if (segments === 1 || file.canSegment) {
      const sent = file.send(bytes, offset, bytesUsed, segmentBytes, to, from);
      if (sent >= 0 || segments === 1 || isFull(sent)) return sent;
      // Not these as one, e.g. longer than the device's MTU: each gets its own answer.
    }
    const sentPkts = file.sendEach(bytes, offset, bytesUsed, segmentBytes, to, from);
    return sentPkts < 0 ? sentPkts : Math.min(bytesUsed, sentPkts * segmentBytes);
  }

  /** The system does not take the first datagram. */
  #refuse(errno: number): void {
    this.sendErrors++;
    this.lastSendError = new SysError("sendmsg", errno);
    this.#drops?.count(DropReason.SEND_ERROR);
    this.#batch.drop(Math.min(this.#batch.segmentBytes, this.#batch.bytesUsed));
  }

  #retryLater(): void {
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      if (!this.#isClosed) this.#flush();
    }, RETRY_MS);
  }

  /** @returns false when this socket cannot send there: no IP literal, or IPv6 from an IPv4 socket. */
  #setDestination(dst: NetAddress): boolean {
    let address = this.#addresses.get(dst);
    if (address === undefined) {
      try {
        address = SocketAddress.from(dst.hostname, dst.port, this.#file.isIpv6);
      } catch (error) {
        this.lastSendError = error as SysError;
        return false;
      }
      this.#addresses.set(dst, address);
    }
    this.#dst = dst;
    this.#address = address;
    return true;
  }
}

/** Whether there is no room for it just now. */
function isFull(sent: number): boolean {
  return sent === -Errno.EAGAIN || sent === -Errno.ENOBUFS;
}
