/**
 * Traffic of every kind whose bytes are known: what an eavesdropper is to find, or not to find.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Namespace } from "./namespace.ts";

/** An end of the traffic. */
export interface MarkedEnd {
  readonly namespace: Namespace;
  /** Its address in the tunnel, IPv4. */
  readonly address: string;
}

/** Random bytes, a third for each kind of traffic. They come over and over again in what is sent. */
export interface TrafficMarks {
  /** 32 bytes. */
  readonly udp: Uint8Array;
  /** 32 bytes. */
  readonly tcp: Uint8Array;
  /** 16 bytes: the longest pattern of ping(8). */
  readonly ping: Uint8Array;
}

const PORT = 7_100;
const DATAGRAMS = 32;
const PINGS = 32;
/** Times the mark stands in one datagram. */
const MARKS_PER_DATAGRAM = 16;
/** Times the mark stands in the stream: 64 KiB. */
const MARKS_PER_STREAM = 2_048;

/** udp(7) through perl, a part of every Debian. Nobody needs to listen. */
const SEND_UDP = `
use Socket;
my ($host, $port, $hex, $marks, $count) = @ARGV;
socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
my $to = sockaddr_in($port, inet_aton($host));
for (1 .. $count) { defined send($socket, pack("H*", $hex) x $marks, 0, $to) or die "send: $!" }
`;

/** One connection, to its end; prints how many bytes came. */
const RECEIVE_TCP = `
use Socket;
my ($host, $port) = @ARGV;
$| = 1;
socket(my $listener, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1);
bind($listener, sockaddr_in($port, inet_aton($host))) or die "bind: $!";
listen($listener, 1) or die "listen: $!";
print "listening\\n";
accept(my $socket, $listener) or die "accept: $!";
my $bytes = 0;
while (my $count = sysread($socket, my $chunk, 65536)) { $bytes += $count }
print "$bytes\\n";
`;

/** Sends, and waits until the other end has closed. */
const SEND_TCP = `
use Socket;
my ($host, $port, $hex, $marks) = @ARGV;
socket(my $socket, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
connect($socket, sockaddr_in($port, inet_aton($host))) or die "connect: $!";
my $all = pack("H*", $hex) x $marks;
for (my $at = 0; $at < length $all;) {
  $at += syswrite($socket, $all, 65536, $at) || die "write: $!";
}
shutdown($socket, 1);
sysread($socket, my $end, 1);
`;

/** Random marks. */
export function makeMarks(): TrafficMarks {
  const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
  return { udp: random(32), tcp: random(32), ping: random(16) };
}

/** Datagrams, a stream and pings from one end to the other. Resolves when the stream has arrived and the pings were answered. */
export async function sendMarked(
  from: MarkedEnd,
  to: MarkedEnd,
  marks: TrafficMarks,
): Promise<void> {
  const port = String(PORT);
  const datagrams = [marks.udp.toHex(), String(MARKS_PER_DATAGRAM), String(DATAGRAMS)];
  await from.namespace.run(["perl", "-e", SEND_UDP, to.address, port, ...datagrams]);
  await sendMarkedStream(from, to, marks.tcp);
  const pings = ["-c", String(PINGS), "-i", "0.01", "-s", "200", "-p", marks.ping.toHex()];
  await from.namespace.run(["ping", "-q", ...pings, to.address]);
}

async function sendMarkedStream(from: MarkedEnd, to: MarkedEnd, mark: Uint8Array): Promise<void> {
  const end = [to.address, String(PORT)];
  await using receiver = to.namespace.spawn(["perl", "-e", RECEIVE_TCP, ...end]);
  await receiver.waitForLine(/^listening$/);
  const stream = [mark.toHex(), String(MARKS_PER_STREAM)];
  await from.namespace.run(["perl", "-e", SEND_TCP, ...end, ...stream]);
  assert.equal((await receiver.status).code, 0, receiver.output);
  assert.equal(receiver.stdout.at(-1), String(mark.length * MARKS_PER_STREAM));
}
