/**
 * Many idle slaves in one process, each with its own keys, sessions and multiplexer, as they are in a slave; only the
 * sockets are shared, and there is no tun:
 *
 * ```
 * deno run -A --unstable-net tests/bench/many_slaves_main.ts FILE
 * ```
 *
 * FILE is a {@link ManySlavesPlan} as JSON. The slaves join one after the other, then ask on each link as idle slaves do.
 * Prints `joined` once all links are up. SIGUSR1: they fall silent, as if their networks were gone. SIGUSR2: they go on;
 * prints `back` once every link has been heard again. Ends when stdin ends.
 *
 * @module
 */

import { openAeadProvider } from "../../src/crypto/aead_provider.ts";
import type { NetAddress } from "../../src/net_address.ts";
import type { DatagramSlot, DatagramSocket } from "../../src/linkmap/datagram_socket.ts";
import { chooseIoEngine } from "../../src/linkmap/io_engine.ts";
import { Packet } from "../../src/wire/packet.ts";
import { IdleSlave, type IdleSlaveKeys, SlaveCrowd } from "./idle_slave.ts";

/** What is simulated. */
export interface ManySlavesPlan {
  /** The master's public key, hex. */
  readonly masterKey: string;
  /** Where each link begins and leads to: the same for all slaves. */
  readonly links: readonly { readonly local: string; readonly remote: NetAddress }[];
  /** Hex. */
  readonly slaves: readonly { readonly secretKey: string; readonly psk: string }[];
}

/** Sockets of each link, shared by all slaves. */
const SOCKETS_PER_LINK = 4;

/** New slaves a second: fewer than make a master ask for cookies. */
const JOINS_PER_SECOND = 60;

/** How often due timers are looked for, in ms. */
const TICK_MS = 10;

const SLOTS = 16;

if (import.meta.main) await main(JSON.parse(Deno.readTextFileSync(Deno.args[0]!)));

async function main(plan: ManySlavesPlan): Promise<void> {
  const crowd = new SlaveCrowd(await openAeadProvider(), Uint8Array.fromHex(plan.masterKey));
  const engine = chooseIoEngine("auto", () => {});
  const sockets = plan.links.map(({ local }) =>
    Array.from({ length: SOCKETS_PER_LINK }, () => engine.bindUdp({ hostname: local, port: 0 }))
  );
  for (const socket of sockets.flat()) pump(socket, crowd);
  const startMs = performance.now();
  const slaves: IdleSlave[] = [];
  let isSilent = false;
  let awaited = "joined";
  let heardSinceMs = startMs;
  const tick = (): void => {
    const now = performance.now();
    if (isSilent) return;
    const due = Math.ceil((now - startMs) * JOINS_PER_SECOND / 1_000);
    while (slaves.length < Math.min(due, plan.slaves.length)) {
      const ways = plan.links.map(({ remote }, i) => ({
        socket: sockets[i]![slaves.length % SOCKETS_PER_LINK]!,
        remote,
      }));
      slaves.push(new IdleSlave(crowd, keysOf(plan.slaves[slaves.length]!), ways, now));
    }
    for (const slave of slaves) if (slave.dueMs <= now) slave.handleTimeout(now);
    if (awaited === "" || slaves.length < plan.slaves.length) return;
    if (slaves.some((slave) => !slave.isHeardSince(heardSinceMs))) return;
    Deno.stdout.writeSync(new TextEncoder().encode(`${awaited}\n`));
    awaited = "";
  };
  Deno.addSignalListener("SIGUSR1", () => {
    isSilent = true;
    crowd.isDeaf = true;
  });
  Deno.addSignalListener("SIGUSR2", () => {
    isSilent = false;
    crowd.isDeaf = false;
    heardSinceMs = performance.now();
    awaited = "back";
    for (const slave of slaves) slave.wake(heardSinceMs);
  });
  setInterval(tick, TICK_MS);
  for await (const _ of Deno.stdin.readable); // nothing is said to it: only the end counts
  Deno.exit(0);
}

function keysOf({ secretKey, psk }: ManySlavesPlan["slaves"][number]): IdleSlaveKeys {
  return { secretKey: Uint8Array.fromHex(secretKey), psk: Uint8Array.fromHex(psk) };
}

async function pump(socket: DatagramSocket, crowd: SlaveCrowd): Promise<void> {
  const source = { hostname: "", port: 0 };
  const slots: DatagramSlot[] = Array.from(
    { length: SLOTS },
    () => ({ packet: new Packet(), source }),
  );
  for (;;) {
    const count = await socket.receive(slots);
    if (count === 0) throw socket.failure ?? new Error("A socket ended");
    const now = performance.now();
    for (let i = 0; i < count; i++) crowd.receive(slots[i]!.packet, now);
  }
}
