/**
 * What an eavesdropper on every link sees of what goes through the tunnel: with the secure protocol nothing.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { printFigures } from "../support/figures.ts";
import { makeMarks, type MarkedEnd, sendMarked } from "../support/marked_traffic.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PacketCapture } from "../support/packet_capture.ts";
import { INNER_MASTER, INNER_SLAVE } from "../support/tunnel_pair.ts";

/** The fewest frames of a link that make the search mean something. */
const MIN_FRAMES = 60;

for (const protocol of ["secure", "legacy"] as const) {
  const isHidden = protocol === "secure";
  Deno.test({
    name: isHidden
      ? "known plaintext and inner headers are nowhere in what passes the links"
      : "the same search finds all of it with the legacy protocol",
    ignore: !canUseNamespaces(),
    async fn(): Promise<void> {
      await using network = await DirectNetwork.create({ cables: 2, protocol });
      const { laptop, server } = network;
      await using first = await PacketCapture.start(laptop, "up1");
      await using second = await PacketCapture.start(laptop, "up2");
      // What the fast engine's tun has in one piece stands nowhere as a whole: all must be findable here.
      const io = isHidden ? [] : ["--io", "deno"];
      await using _master = await BindlinkProcess.start(server, network.masterArgs.concat(io));
      await using slave = await BindlinkProcess.start(laptop, network.slaveArgs.concat(io));
      await slave.waitForLinks([1, 2]);
      await using slaveTun = await PacketCapture.start(laptop, "bind0", "ip");
      await using masterTun = await PacketCapture.start(server, "bind0", "ip");

      const up = makeMarks();
      const down = makeMarks();
      const slaveEnd: MarkedEnd = { namespace: laptop, address: INNER_SLAVE };
      const masterEnd: MarkedEnd = { namespace: server, address: INNER_MASTER };
      await sendMarked(slaveEnd, masterEnd, up);
      await sendMarked(masterEnd, slaveEnd, down);

      // It did go through: each mark came out at the other end.
      for (const [tun, marks] of [[masterTun, up], [slaveTun, down]] as const) {
        for (const [kind, mark] of Object.entries(marks)) {
          await awaitCondition(`the mark in ${kind} to come out`, () => tun.includes(mark));
        }
      }
      const captures = [first, second, slaveTun, masterTun];
      for (const capture of captures) await capture.finish();
      const links = [await first.frames(), await second.frames()];
      for (const frames of links) assert(frames.length >= MIN_FRAMES, `${frames.length} frames`);
      const inner = [...await slaveTun.frames(), ...await masterTun.frames()];
      const needles = [...Object.values(up), ...Object.values(down), ...headersOf(inner)];
      const onLinks = Buffer.concat(links.flat());
      const found = needles.filter((needle) => onLinks.includes(needle)).length;
      printFigures(`eavesdropper, ${protocol}`, {
        "frames on the links": links.map(({ length }) => length).join(" and "),
        "of marks and pieces of inner headers": String(needles.length),
        found: String(found),
      });
      assert.equal(found, isHidden ? 0 : needles.length);
    },
  });
}

/**
 * What every packet shows of itself, each piece once: source and destination address (RFC 791 §3.1), and the eight
 * bytes behind the header: ports and sequence number of TCP, ports, length and checksum of UDP, ICMP's whole header.
 */
function headersOf(packets: readonly Uint8Array[]): Uint8Array[] {
  const pieces = new Map<string, Uint8Array>();
  for (const packet of packets) {
    const headerBytes = (packet[0]! & 15) * 4;
    for (const at of [12, headerBytes]) {
      const piece = packet.subarray(at, at + 8);
      pieces.set(piece.toHex(), piece);
    }
  }
  assert(pieces.size > 100, `${pieces.size} pieces`);
  return [...pieces.values()];
}
