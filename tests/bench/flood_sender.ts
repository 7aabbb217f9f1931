/**
 * Sends the same UDP datagrams over and over from forged addresses, at a steady rate, as a process of
 * its own that costs little beside what it measures.
 *
 * @module
 */

import type { Namespace } from "../support/namespace.ts";
import type { TestProcess } from "../support/process.ts";
import { craftUdp4 } from "../support/udp4_packet.ts";

/**
 * raw(7) through perl, a part of every Debian: all packets of a file are read first, each behind its length
 * in two bytes, and sent in a circle for some seconds. 255 = IPPROTO_RAW: the header is given, the kernel
 * fills its checksum in. Prints how many were sent.
 */
const SEND_CIRCLE = `
use Socket; use Time::HiRes qw(time sleep);
my ($path, $rate, $seconds, $destination) = @ARGV;
open(my $file, "<:raw", $path) or die "open: $!";
my @packets;
while ((read($file, my $head, 2) // 0) == 2) {
  my $length = unpack("n", $head);
  read($file, my $packet, $length) == $length or die "cut off";
  push @packets, $packet;
}
socket(my $socket, AF_INET, SOCK_RAW, 255) or die "socket: $!";
setsockopt($socket, SOL_SOCKET, SO_SNDBUF, 4_000_000) or die "setsockopt: $!";
my $to = sockaddr_in(0, inet_aton($destination));
$| = 1; print "ready\\n";
my ($start, $count) = (time, 0);
my $end = $start + $seconds;
while ((my $now = time) < $end) {
  my $due = int(($now - $start) * $rate);
  while ($count < $due) {
    defined send($socket, $packets[$count++ % @packets], 0, $to) or die "send: $!";
  }
  sleep(0.001);
}
print "$count\\n";
`;

/** What is sent, and where from. */
export interface Flood {
  readonly payloads: readonly Uint8Array[];
  /** Each packet has its own source address and port: so many, drawn at random. */
  readonly sources: number;
  readonly destination: { readonly hostname: string; readonly port: number };
}

/** A file of ready packets, for {@link startFlood}. */
export class FloodFile implements AsyncDisposable {
  readonly #path: string;
  readonly #destination: string;

  private constructor(path: string, destination: string) {
    this.#path = path;
    this.#destination = destination;
  }

  /** Writes one. @param random uniform in [0, 1). */
  static async write(flood: Flood, random: () => number): Promise<FloodFile> {
    const { payloads, sources, destination } = flood;
    const path = await Deno.makeTempFile({ prefix: "bindlink-flood-" });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(path));
    const dst = destination.hostname.split(".").map(Number);
    const below = (limit: number): number => Math.floor(random() * limit);
    const parts = Array.from({ length: sources }, (_, i) => {
      const packet = craftUdp4({
        // 11.0.0.0/8 and on: no address of the namespaces, none with a meaning of its own.
        src: [11 + below(80), below(256), below(256), 1 + below(254)],
        srcPort: 1_024 + below(64_000),
        dst,
        dstPort: destination.port,
        payload: payloads[i % payloads.length]!,
      });
      return new Uint8Array([packet.length >> 8, packet.length & 0xff, ...packet]);
    });
    await Deno.writeFile(path, new Uint8Array(await new Blob(parts).arrayBuffer()));
    stack.move();
    return new FloodFile(path, destination.hostname);
  }

  /** Sends it from within a namespace; resolves when it begins. The process ends by itself. */
  async start(
    from: Namespace,
    { ratePps, seconds }: { readonly ratePps: number; readonly seconds: number },
  ): Promise<TestProcess> {
    const numbers = [String(ratePps), String(seconds)];
    const process = from.spawn([
      "perl",
      "-e",
      SEND_CIRCLE,
      this.#path,
      ...numbers,
      this.#destination,
    ]);
    try {
      await process.waitForLine(/^ready$/);
    } catch (error) {
      await process.stop();
      throw error;
    }
    return process;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#path);
  }
}

/** Waits for the end of a flood. @returns datagrams sent. */
export async function finishFlood(process: TestProcess): Promise<number> {
  const { code } = await process.status;
  if (code !== 0) throw new Error(`The flood failed with ${code}:\n${process.output}`);
  return Number(process.stdout.at(-1));
}
