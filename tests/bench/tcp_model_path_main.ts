/**
 * The path of tcp_model_main.ts, run inside its namespace: two emulated links between two UDP
 * sockets. Its argument is JSON: `{ "profile": ..., "seed": 1 }`.
 *
 * @module
 */

import { writeText } from "../../src/text_output.ts";
import { linkProfile } from "../support/link_profile.ts";
import { RealtimeLink } from "../support/realtime_link.ts";

/** VXLAN's port (RFC 7348 §5), at which both ends send and receive. */
const PORT = 4789;
/** A datagram has the headers of VXLAN (8) and Ethernet (14) around the IP packet, which is what counts. */
const OVERHEAD_BYTES = -22;
/** More than any datagram of the devices' MTU. */
const BUFFER_BYTES = 2048;

if (import.meta.main) {
  const { profile, seed } = JSON.parse(Deno.args[0] ?? "{}");
  const { rateBps, delayMs, queueBytes } = profile;
  const data = makeLink(profile, seed);
  const acks = makeLink({ rateBps, delayMs, queueBytes }, seed + 1);
  const left = Deno.listenDatagram({ transport: "udp", hostname: "10.1.0.2", port: PORT });
  const right = Deno.listenDatagram({ transport: "udp", hostname: "10.2.0.2", port: PORT });
  writeText(Deno.stdout, "ready\n", 1000);
  await Promise.all([
    carry(left, data, right, "10.2.0.1"),
    carry(right, acks, left, "10.1.0.1"),
  ]);
}

function makeLink(profile: Parameters<typeof linkProfile>[0], seed: number): RealtimeLink {
  return new RealtimeLink({
    profile: linkProfile(profile),
    seed,
    overheadBytes: OVERHEAD_BYTES,
  });
}

async function carry(
  from: Deno.DatagramConn,
  link: RealtimeLink,
  to: Deno.DatagramConn,
  hostname: string,
): Promise<void> {
  const target: Deno.NetAddr = { transport: "udp", hostname, port: PORT };
  const buffer = new Uint8Array(BUFFER_BYTES);
  const deliver = (bytes: Uint8Array): Promise<number> => to.send(bytes, target);
  for (;;) {
    const [bytes] = await from.receive(buffer);
    link.send(bytes, deliver);
  }
}
