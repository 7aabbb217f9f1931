/**
 * Every tundev that carries IP, made for one conformance test: the one in memory, and a real tun device,
 * with and without vnet headers.
 *
 * ```
 *   test --- inject(payload) ---> [kernel or memory] ---> run(callback)
 *   test <-- nextDelivered() ---- [kernel or memory] <--- send(packet)
 * ```
 *
 * With the real device both ends are a UDP socket bound to the device's address: what it sends to the
 * peer's address is read from the tun, and what is written to the tun for its port arrives at it.
 *
 * @module
 */

import { loadLibc } from "../../ffi/libc.ts";
import { interfaceIndex } from "../../ffi/netif.ts";
import type { Cidr } from "../../src/daemon_options.ts";
import { MemoryTundev } from "../../src/tundev/memory_tundev.ts";
import { openTunDevice } from "../../src/tundev/tun_device.ts";
import type { Tundev } from "../../src/tundev/tundev.ts";
import { craftUdp4, UDP4_HEADER_BYTES, udp4Payload } from "./udp4_packet.ts";

loadLibc();

/** The tundevs' MTU in the beginning. */
export const MTU_BYTES = 1400;
/** Of a UDP packet that fills it. */
export const LARGEST_PAYLOAD_BYTES = MTU_BYTES - UDP4_HEADER_BYTES;

/** A tundev with a hold on either side of it. */
export interface TundevFixture extends Disposable {
  readonly tundev: Tundev;
  /** Those it has from the start. */
  readonly addresses: readonly Cidr[];
  /** Lets a UDP packet with this payload enter the device. */
  inject(payload: Uint8Array): Promise<void>;
  /** A whole packet that the device's own side will take, with this payload. */
  craftInbound(payload: Uint8Array): Uint8Array;
  /** The payload of the next packet that the device delivered. */
  nextDelivered(): Promise<Uint8Array>;
  /** Whether the device is still there, seen from outside. */
  exists(): boolean;
}

/** A kind of tundev. */
export interface TundevKind {
  readonly label: string;
  readonly ignore: boolean;
  open(): TundevFixture;
}

/** All of them. */
export const TUNDEV_KINDS: readonly TundevKind[] = [
  { label: "MemoryTundev", ignore: false, open: openMemory },
  { label: "TunDevice", ignore: Deno.uid() !== 0, open: () => openReal(false) },
  { label: "TunDevice with offload", ignore: Deno.uid() !== 0, open: () => openReal(true) },
];

/** Runs until `count` UDP packets came, then closes. The kernel's own packets are left out. */
export async function collectPayloads(
  fixture: TundevFixture,
  count: number,
): Promise<Uint8Array[]> {
  const payloads: Uint8Array[] = [];
  await fixture.tundev.run((packet) => {
    const payload = udp4Payload(packet.toBytes());
    if (payload === null) return;
    payloads.push(payload.slice());
    if (payloads.length === count) fixture.tundev.close();
  });
  return payloads;
}

/** Bytes that tell their place and how many they are. */
export function pattern(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 7 + sizeBytes) & 0xff);
}

function openMemory(): TundevFixture {
  const tundev = new MemoryTundev({ mtuBytes: MTU_BYTES });
  return {
    tundev,
    addresses: [{ address: "10.10.10.1", prefixBits: 30 }],
    inject: (payload) => {
      tundev.inject(craftUdp4({ payload }));
      return Promise.resolve();
    },
    craftInbound: (payload) => craftUdp4({ payload }),
    nextDelivered: () => Promise.resolve(udp4Payload(tundev.delivered.shift()!)!),
    exists: () => tundev.inject(craftUdp4({ payload: new Uint8Array(1) })),
    [Symbol.dispose]: () => tundev.close(),
  };
}

function openReal(wantsOffload: boolean): TundevFixture {
  const subnet = [10, 254, Deno.pid % 64];
  const own = [...subnet, 1];
  const peer = [...subnet, 2];
  const addresses = [{ address: own.join("."), prefixBits: 30 }];
  const tundev = openTunDevice({
    kind: "tun",
    name: `btc${Deno.pid % 100_000}i%d`,
    addresses,
    mtuBytes: MTU_BYTES,
  }, { wantsOffload });
  const socket = Deno.listenDatagram({ transport: "udp", hostname: own.join("."), port: 0 });
  const dstPort = (socket.addr as Deno.NetAddr).port;
  const buffer = new Uint8Array(4000);
  return {
    tundev,
    addresses,
    inject: async (payload) => {
      await socket.send(payload, { transport: "udp", hostname: peer.join("."), port: 9 });
    },
    craftInbound: (payload) => craftUdp4({ src: peer, srcPort: 9, dst: own, dstPort, payload }),
    nextDelivered: async () => (await socket.receive(buffer))[0].slice(),
    exists: () => interfaceIndex(tundev.name) !== null,
    [Symbol.dispose]: () => {
      tundev.close();
      socket.close();
    },
  };
}
