/**
 * Sends UDP datagrams over IPv4 from any address and port, also another machine's.
 *
 * @module
 */

import type { Namespace } from "./namespace.ts";
import type { UdpDatagram } from "./pcap_file.ts";
import { craftUdp4 } from "./udp4_packet.ts";

/**
 * raw(7) through perl, a part of every Debian: a file of packets, each behind its length in two bytes,
 * at so many a second. 255 = IPPROTO_RAW: the header is given, the kernel routes by its destination.
 */
const SEND_RAW = `
use Socket; use Time::HiRes qw(time sleep);
my ($path, $rate) = @ARGV;
open(my $file, "<:raw", $path) or die "open: $!";
socket(my $socket, AF_INET, SOCK_RAW, 255) or die "socket: $!";
my ($start, $count) = (time, 0);
while ((read($file, my $head, 2) // 0) == 2) {
  my $length = unpack("n", $head);
  read($file, my $packet, $length) == $length or die "cut off";
  my $ahead = $start + $count++ / $rate - time;
  sleep($ahead) if $ahead > 0.001;
  my $ip = substr($packet, 16, 4);
  defined send($socket, $packet, 0, sockaddr_in(0, $ip)) or die "send: $!";
}
`;

/**
 * Packets a second when nobody says otherwise: a receiver that shares a processor with others takes
 * them in without loss.
 */
const DEFAULT_RATE_PPS = 4_000;

/** Sends all of them, from within a namespace. @throws Error when the system refuses one. */
export async function sendSpoofed(
  from: Namespace,
  datagrams: Iterable<UdpDatagram>,
  ratePps: number = DEFAULT_RATE_PPS,
): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "bindlink-spoofed-" });
  try {
    await Deno.writeFile(path, packetFile(datagrams));
    await from.run(["perl", "-e", SEND_RAW, path, String(ratePps)]);
  } finally {
    await Deno.remove(path);
  }
}

/**
 * Makes a machine take packets whose source lies elsewhere than where they come from; a default of
 * this machine may forbid that (rp_filter, ip-sysctl.rst: the larger of `all` and the interface's counts).
 */
export async function acceptSpoofed(namespace: Namespace, ...devices: string[]): Promise<void> {
  const settings = ["all", ...devices].map((name) => `net.ipv4.conf.${name}.rp_filter=0`);
  await namespace.run(["sysctl", "-q", "-w", ...settings]);
}

function packetFile(datagrams: Iterable<UdpDatagram>): Uint8Array {
  const parts: Uint8Array[] = [];
  let totalBytes = 0;
  for (const { source, destination, payload } of datagrams) {
    const packet = craftUdp4({
      src: octets(source.hostname),
      srcPort: source.port,
      dst: octets(destination.hostname),
      dstPort: destination.port,
      payload,
    });
    const length = Uint8Array.of(packet.length >> 8, packet.length & 0xff);
    parts.push(length, packet);
    totalBytes += 2 + packet.length;
  }
  const file = new Uint8Array(totalBytes);
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function octets(hostname: string): number[] {
  const numbers = hostname.split(".").map(Number);
  if (numbers.length !== 4) throw new Error(`Cannot send from or to ${hostname}: IPv4 only`);
  return numbers;
}
