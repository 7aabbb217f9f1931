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
import { IdleSlave, type IdleSlaveKeys, SlaveCrowd } from "./idle_slave.ts";
import { PolledSocket } from "./polled_socket.ts";

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

/** How often due timers and datagrams are looked for, in ms: seldom, since what it takes is taken from who is measured. */
const TICK_MS = 20;

if (import.meta.main) await main(JSON.parse(Deno.readTextFileSync(Deno.args[0]!)));

async function main(plan: ManySlavesPlan): Promise<void> {
  const masterKey = Uint8Array.fromHex(plan.masterKey);
  const crowd = new SlaveCrowd(await openAeadProvider(), masterKey, plan.slaves.length);
  const { slaves } = crowd;
  const sockets = plan.links.map(({ local }) =>
    Array.from({ length: SOCKETS_PER_LINK }, () => new PolledSocket(local))
  );
  const allSockets = sockets.flat();
  const startMs = performance.now();
  let isSilent = false;
  let awaited = "joined";
  let heardSinceMs = startMs;
  const tick = (): void => {
    const now = performance.now();
    for (const socket of allSockets) socket.drain((packet) => crowd.receive(packet, now));
    if (isSilent) return;
    const due = Math.ceil((now - startMs) * JOINS_PER_SECOND / 1_000);
    while (slaves.length < Math.min(due, plan.slaves.length)) {
      const ways = plan.links.map(({ remote }, i) => ({
        socket: sockets[i]![slaves.length % SOCKETS_PER_LINK]!,
        remote,
      }));
      new IdleSlave(crowd, keysOf(plan.slaves[slaves.length]!), ways, now);
    }
    crowd.handleTimeout(now);
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
