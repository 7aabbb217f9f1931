import assert from "node:assert/strict";
import { Arena } from "../../../ffi/arena.ts";
import { Errno, SysError } from "../../../ffi/errno.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { IPPROTO_IP, LocalAddress } from "../../../ffi/local_address.ts";
import { SocketAddress } from "../../../ffi/socket_address.ts";
import { UdpFile } from "../../../ffi/udp_file.ts";
import type { UdpFileOptions } from "../../../ffi/udp_file_options.ts";
import { countOpenFds } from "../../support/open_fds.ts";

loadLibc(); // stays open: not a leak of the first test

const BUFFER_BYTES = 65_536;

/** include/uapi/linux/in.h */
const IP_RECVERR = 11;

/** An address that no machine has (TEST-NET-1). */
const GONE = [192, 0, 2, 1];

function open(hostname = "127.0.0.1", more: Partial<UdpFileOptions> = {}): UdpFile {
  return UdpFile.open({ hostname, port: 0, ...more });
}

function hasIpv6(): boolean {
  try {
    open("::1").close();
    return true;
  } catch {
    return false;
  }
}

/** Bytes that tell where they stand. */
function pattern(lengthBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(lengthBytes, 256));
  for (let i = 0; i < bytes.length; i++) bytes[i] = i * 31 + (i >> 8);
  return bytes;
}

/** All datagrams that are there, joined or not, each as its bytes. Loopback delivers within the send. */
function drain(file: UdpFile): Uint8Array[] {
  const bytes = new Uint8Array(BUFFER_BYTES);
  const datagrams: Uint8Array[] = [];
  for (;;) {
    const n = file.receive(bytes, 0, BUFFER_BYTES);
    if (n === -Errno.EAGAIN) return datagrams;
    assert.ok(n > 0, `receive: ${n}`);
    assert.equal(file.isTruncated, false);
    assert.ok(file.segmentBytes > 0 && file.segmentBytes <= n);
    for (let at = 0; at < n; at += file.segmentBytes) {
      datagrams.push(bytes.slice(at, Math.min(at + file.segmentBytes, n)));
    }
  }
}

function cut(bytes: Uint8Array, segmentBytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += segmentBytes) {
    pieces.push(bytes.slice(at, at + segmentBytes));
  }
  return pieces;
}

/** IP_RECVERR (ip(7)): without it an unconnected socket hears of no ICMP error. */
function askForErrors(fd: number): void {
  using arena = new Arena(8);
  const on = arena.take(4);
  on.view.setInt32(0, 1, true);
  assert.equal(loadLibc().setsockopt(fd, IPPROTO_IP, IP_RECVERR, on.address, 4), 0);
}

function errnoOf(run: () => unknown): number {
  try {
    run();
  } catch (error) {
    if (error instanceof SysError) return error.errno;
    throw error;
  }
  return 0;
}

const isIpv6Here = hasIpv6();
const canSegmentHere = ((): boolean => {
  using file = open();
  return file.canSegment;
})();

for (const hostname of ["127.0.0.1", "::1"]) {
  const ignore = !canSegmentHere || (hostname === "::1" && !isIpv6Here);
  Deno.test({
    name: `UdpFile.send cuts one buffer into datagrams, the last one shorter (${hostname})`,
    ignore,
    fn: () => {
      using sender = open(hostname);
      using receiver = open(hostname);
      const to = SocketAddress.from(hostname, receiver.localPort, sender.isIpv6);
      const bytes = pattern(65_000);
      for (
        const [lengthBytes, segmentBytes] of [
          [45 * 1_400, 1_400],
          [45 * 1_400 + 1, 1_400],
          [10_000, 1_333],
          [700, 1_400],
          [1_400, 1_400],
          [2, 1],
          [64, 1],
        ] as const
      ) {
        assert.equal(sender.send(bytes, 100, lengthBytes, segmentBytes, to), lengthBytes);
        const sent = cut(bytes.subarray(100, 100 + lengthBytes), segmentBytes);
        assert.deepEqual(drain(receiver), sent, `${lengthBytes} by ${segmentBytes}`);
        assert.deepEqual(receiver.source, { hostname, port: sender.localPort });
      }
      assert.equal(sender.canSegment, true);
    },
  });
}

Deno.test("UdpFile.sendEach sends a message for each datagram", () => {
  using sender = open();
  using receiver = open();
  const to = SocketAddress.from("127.0.0.1", receiver.localPort, false);
  const bytes = pattern(10_000);
  assert.equal(sender.sendEach(bytes, 7, 9_000, 1_400, to), 7);
  assert.deepEqual(drain(receiver), cut(bytes.subarray(7, 9_007), 1_400));
  assert.equal(sender.sendEach(bytes, 0, 100, 1, to), 64, "the rest is left");
  assert.equal(drain(receiver).length, 64);
});

Deno.test("UdpFile.send without segmentation takes one datagram, and answers EIO to several", () => {
  using sender = open();
  using receiver = open();
  sender.canSegment = false;
  const to = SocketAddress.from("127.0.0.1", receiver.localPort, false);
  const bytes = pattern(1_000);
  assert.equal(sender.send(bytes, 0, 200, 100, to), -Errno.EIO);
  assert.equal(sender.send(bytes, 0, 100, 100, to), 100);
  assert.deepEqual(drain(receiver), [bytes.slice(0, 100)]);
});

Deno.test("UdpFile.receive keeps one source object while the source stays the same", () => {
  using receiver = open();
  using one = open();
  using other = open();
  const to = SocketAddress.from("127.0.0.1", receiver.localPort, false);
  const bytes = pattern(256);
  const sourceOf = (sender: UdpFile): unknown => {
    assert.equal(sender.send(bytes, 0, 10, 10, to), 10);
    assert.equal(receiver.receive(bytes, 0, 256), 10);
    return receiver.source;
  };
  const first = sourceOf(one);
  assert.deepEqual(first, { hostname: "127.0.0.1", port: one.localPort });
  assert.equal(sourceOf(one), first);
  assert.deepEqual(sourceOf(other), { hostname: "127.0.0.1", port: other.localPort });
  assert.equal(sourceOf(one), first);
});

Deno.test({
  name: "UdpFile on :: talks IPv4 and IPv6, and shows IPv4 as IPv4",
  ignore: !isIpv6Here,
  fn: () => {
    using both = open("::");
    assert.equal(both.localHostname, "::");
    const bytes = pattern(256);
    for (const hostname of ["127.0.0.1", "::1"]) {
      using peer = open(hostname);
      assert.equal(peer.localHostname, hostname);
      const there = SocketAddress.from(hostname, both.localPort, peer.isIpv6);
      assert.equal(peer.send(bytes, 0, 10, 10, there), 10);
      assert.equal(both.receive(bytes, 0, 256), 10);
      assert.deepEqual(both.source, { hostname, port: peer.localPort });
      const back = SocketAddress.from(hostname, both.source.port, both.isIpv6);
      assert.equal(both.sendEach(bytes, 0, 20, 10, back), 2);
      assert.equal(drain(peer).length, 2);
      assert.deepEqual(peer.source, { hostname, port: both.localPort });
    }
  },
});

Deno.test("UdpFile on the wildcard tells which address was asked, and answers from there by every kind of send", () => {
  using wildcard = open("0.0.0.0", { tellsLocal: true });
  const bytes = pattern(10_000);
  const seen = ["127.0.0.2", "127.0.0.3", "127.0.0.2"].map((hostname) => {
    using peer = open();
    const there = SocketAddress.from(hostname, wildcard.localPort, false);
    assert.equal(peer.send(bytes, 0, 3_000, 1_000, there), 3_000);
    assert.equal(wildcard.receive(bytes, 0, bytes.length), 3_000);
    assert.equal(wildcard.segmentBytes, 1_000, "both control messages are read");
    const { local } = wildcard;
    assert.deepEqual([local!.hostname, local!.isUnicast], [hostname, true]);
    const back = SocketAddress.from("127.0.0.1", peer.localPort, false);
    for (
      const answer of [
        () => wildcard.send(bytes, 0, 9_001, 1_000, back, local),
        () => wildcard.send(bytes, 0, 100, 1_000, back, local),
        () => wildcard.sendEach(bytes, 0, 2_000, 1_000, back, local),
      ]
    ) {
      assert.ok(answer() > 0);
      assert.ok(drain(peer).length > 0);
      assert.deepEqual(peer.source, { hostname, port: wildcard.localPort });
    }
    assert.equal(wildcard.send(bytes, 0, 2_000, 1_000, back, null), 2_000);
    assert.equal(drain(peer).length, 2);
    assert.equal(peer.source.hostname, "127.0.0.1", "the route's choice");
    return local;
  });
  assert.equal(seen[2], seen[0], "the same object for the same address");
});

Deno.test({
  name: "UdpFile on :: tells which IPv6 address was asked, and leaves the port's IPv4 to another",
  ignore: !isIpv6Here,
  fn: () => {
    using wildcard = open("::", { tellsLocal: true });
    using _ipv4 = open("0.0.0.0", { port: wildcard.localPort, tellsLocal: true });
    using peer = open("::1");
    const bytes = pattern(3_000);
    const there = SocketAddress.from("::1", wildcard.localPort, true);
    assert.equal(peer.send(bytes, 0, 3_000, 1_000, there), 3_000);
    assert.equal(wildcard.receive(bytes, 0, 3_000), 3_000);
    assert.equal(wildcard.local!.hostname, "::1");
    const back = SocketAddress.from("::1", peer.localPort, true);
    assert.equal(wildcard.send(bytes, 0, 3_000, 1_000, back, wildcard.local), 3_000);
    assert.equal(drain(peer).length, 3);
  },
});

Deno.test("UdpFile.send from an address that is gone is refused, and goes on segmenting", () => {
  using wildcard = open("0.0.0.0", { tellsLocal: true });
  using peer = open();
  const gone = LocalAddress.fromIpv4(
    new DataView(Uint8Array.of(1, 0, 0, 0, ...GONE, ...GONE).buffer),
    0,
  );
  const bytes = pattern(2_000);
  const to = SocketAddress.from("127.0.0.1", peer.localPort, false);
  // ENETUNREACH of newer kernels, EINVAL of older ones.
  const refusals: number[] = [-Errno.ENETUNREACH, -Errno.EINVAL];
  assert.ok(refusals.includes(wildcard.send(bytes, 0, 2_000, 1_000, to, gone)));
  assert.ok(refusals.includes(wildcard.sendEach(bytes, 0, 2_000, 1_000, to, gone)));
  assert.equal(wildcard.send(bytes, 0, 2_000, 1_000, to), 2_000);
  assert.equal(wildcard.canSegment, canSegmentHere);
});

Deno.test("UdpFile.receive says what is empty and what was cut off", () => {
  using sender = open();
  using receiver = open();
  const to = SocketAddress.from("127.0.0.1", receiver.localPort, false);
  const bytes = pattern(1_000);
  assert.equal(receiver.receive(bytes, 0, 1_000), -Errno.EAGAIN);
  assert.equal(sender.send(bytes, 0, 1_000, 1_000, to), 1_000);
  assert.equal(receiver.receive(bytes, 0, 999), 999);
  assert.equal(receiver.isTruncated, true);
  assert.equal(sender.send(bytes, 0, 0, 1_000, to), 0);
  assert.equal(receiver.receive(bytes, 0, 1_000), 0);
  assert.equal(receiver.isTruncated, false);
  assert.equal(receiver.receive(bytes, 0, 1_000), -Errno.EAGAIN);
});

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test({
    name: `UdpFile.receiveEach brings several sources by one call, each whole (${hostname})`,
    ignore: hostname === "::1" && !isIpv6Here,
    fn: () => {
      using receiver = open(hostname, { tellsLocal: true });
      using one = open(hostname);
      using other = open(hostname);
      const to = SocketAddress.from(hostname, receiver.localPort, receiver.isIpv6);
      const sent = pattern(3_000);
      assert.equal(one.send(sent, 0, 700, 700, to), 700);
      assert.equal(other.send(sent, 1, 0, 1, to), 0);
      assert.equal(one.send(sent, 2, 900, 900, to), 900);
      assert.equal(other.send(sent, 3, 1_001, 1_001, to), 1_001);
      if (canSegmentHere) assert.equal(one.send(sent, 4, 950, 400, to), 950);
      const count = canSegmentHere ? 5 : 4;
      const bytes = new Uint8Array(10 + 16 * 1_000);
      assert.equal(receiver.receiveEach(bytes, 10, 1_000, 2, 14), count);
      const seen = Array.from({ length: count }, (_, i) => {
        const lengthBytes = receiver.choose(2 + i);
        const { source, segmentBytes, isTruncated, local } = receiver;
        assert.equal(local!.hostname, hostname);
        const at = 10 + (2 + i) * 1_000;
        assert.deepEqual(bytes.slice(at, at + lengthBytes), sent.slice(i, i + lengthBytes));
        return [source.port, lengthBytes, segmentBytes, isTruncated];
      });
      assert.deepEqual(
        seen,
        [
          [one.localPort, 700, 700, false],
          [other.localPort, 0, 0, false],
          [one.localPort, 900, 900, false],
          [other.localPort, 1_000, 1_000, true],
          [one.localPort, 950, 400, false],
        ].slice(0, count),
      );
      assert.equal(receiver.receiveEach(bytes, 10, 1_000, 0, 16), -Errno.EAGAIN);
    },
  });
}

Deno.test("UdpFile.receiveEach leaves what is more than it was asked for", () => {
  using receiver = open();
  using sender = open();
  const to = SocketAddress.from("127.0.0.1", receiver.localPort, false);
  const sent = pattern(256);
  for (let i = 0; i < 20; i++) assert.equal(sender.send(sent, i, 1, 1, to), 1);
  const bytes = new Uint8Array(16 * 16);
  const got: number[] = [];
  for (const [first, count, received] of [[0, 16, 16], [3, 1, 1], [0, 16, 3]] as const) {
    assert.equal(receiver.receiveEach(bytes, 0, 16, first, count), received);
    for (let i = first; i < first + received; i++) {
      assert.equal(receiver.choose(i), 1);
      got.push(bytes[16 * i]!);
    }
  }
  assert.deepEqual(got, [...sent.slice(0, 20)]);
});

Deno.test("UdpFile.receiveEach tells an error of an earlier send by itself, and loses no datagram", () => {
  using socket = open();
  using peer = open();
  askForErrors(socket.fd);
  const closed = open();
  const gone = SocketAddress.from("127.0.0.1", closed.localPort, false);
  closed.close();
  const to = SocketAddress.from("127.0.0.1", socket.localPort, false);
  const bytes = pattern(2_000);
  assert.equal(peer.send(bytes, 0, 10, 10, to), 10);
  assert.equal(socket.send(bytes, 0, 10, 10, gone), 10);
  assert.equal(peer.send(bytes, 0, 20, 20, to), 20);
  assert.equal(socket.receiveEach(bytes, 0, 100, 0, 16), -Errno.ECONNREFUSED);
  assert.equal(socket.receiveEach(bytes, 0, 100, 0, 16), 2);
  assert.deepEqual([socket.choose(0), socket.choose(1)], [10, 20]);
});

Deno.test("UdpFile.open leaves bind's errno to be seen, and nothing open", () => {
  using taken = open();
  const before = [countOpenFds(), Arena.liveCount];
  const port = taken.localPort;
  assert.equal(errnoOf(() => open("127.0.0.1", { port })), Errno.EADDRINUSE);
  assert.equal(errnoOf(() => open("192.0.2.1")), Errno.EADDRNOTAVAIL);
  assert.equal(errnoOf(() => open("localhost")), Errno.EINVAL);
  assert.equal(errnoOf(() => open("127.0.0.1", { device: "" })), Errno.ENODEV);
  assert.equal(errnoOf(() => open("127.0.0.1", { device: "a-name-much-too-long" })), Errno.ENODEV);
  assert.notEqual(errnoOf(() => open("127.0.0.1", { device: "bt-none" })), 0);
  assert.deepEqual([countOpenFds(), Arena.liveCount], before);
});

Deno.test("UdpFile answers EBADF after close, which frees all and may come twice", () => {
  const before = [countOpenFds(), Arena.liveCount];
  const file = open();
  const to = SocketAddress.from("127.0.0.1", file.localPort, false);
  const bytes = pattern(256);
  file.close();
  file.close();
  assert.equal(file.fd, -1);
  assert.equal(file.send(bytes, 0, 10, 10, to), -Errno.EBADF);
  assert.equal(file.sendEach(bytes, 0, 10, 10, to), -Errno.EBADF);
  assert.equal(file.receive(bytes, 0, 10), -Errno.EBADF);
  assert.equal(file.receiveEach(bytes, 0, 10, 0, 16), -Errno.EBADF);
  assert.deepEqual([countOpenFds(), Arena.liveCount], before);
});

Deno.test("UdpFile never passes an address outside the buffer, nor more than a send may have", () => {
  using file = open();
  const to = SocketAddress.from("127.0.0.1", file.localPort, false);
  const bytes = pattern(70_000);
  const { length } = bytes;
  assert.equal(file.send(bytes, -1, 10, 10, to), -Errno.EFAULT);
  assert.equal(file.send(bytes, 1, length, 1_400, to), -Errno.EFAULT);
  assert.equal(file.sendEach(bytes, length, 1, 10, to), -Errno.EFAULT);
  assert.equal(file.receive(bytes, 1, length), -Errno.EFAULT);
  assert.equal(file.receiveEach(bytes, 0, 5_000, 0, 15), -Errno.EFAULT);
  assert.equal(file.receiveEach(bytes, 0, 10, 1, 16), -Errno.EFAULT);
  assert.equal(file.receiveEach(bytes, 0, 10, -1, 1), -Errno.EFAULT);
  assert.equal(file.receiveEach(bytes, 0, 10, 0, 0), -Errno.EFAULT);
  assert.equal(file.send(bytes, 0, 10, 0, to), -Errno.EINVAL);
  assert.equal(file.send(bytes, 0, 65, 1, to), -Errno.EINVAL, "65 datagrams");
  assert.equal(file.send(bytes, 0, 65_508, 65_508, to), -Errno.EMSGSIZE);
  assert.equal(file.sendEach(bytes, 0, 65_508, 65_508, to), -Errno.EMSGSIZE);
  assert.equal(file.canSegment, canSegmentHere, "none of this is about the system");
  assert.equal(file.receive(bytes, 0, length), -Errno.EAGAIN);
});

Deno.test("UdpFile.send answers EAGAIN or takes all; it never waits", () => {
  // A small buffer of the sender's fills while the receiver, whose buffer is full, takes no more.
  using sender = open("127.0.0.1", { bufferBytes: 4_096 });
  using receiver = open();
  const to = SocketAddress.from("127.0.0.1", receiver.localPort, false);
  const bytes = pattern(60_000);
  for (let i = 0; i < 20; i++) {
    const n = sender.sendEach(bytes, 0, 60_000, 1_400, to);
    assert.ok(n > 0 || n === -Errno.EAGAIN || n === -Errno.ENOBUFS, `${n}`);
  }
});

Deno.test("UdpFile forbids fragments and says what buffers it got", () => {
  for (const hostname of isIpv6Here ? ["127.0.0.1", "::"] : ["127.0.0.1"]) {
    using file = open(hostname, { bufferBytes: 100_000, forbidsFragments: true });
    assert.equal(file.dontFragment, true);
    assert.equal(file.receiveBufferBytes, 100_000);
    assert.equal(file.sendBufferBytes, 100_000);
  }
});

Deno.test({
  name: "UdpFile gets 8 MiB of buffers, a mark and a device (as root)",
  ignore: Deno.uid() !== 0,
  fn: () => {
    using file = open("127.0.0.1", { device: "lo", mark: 0x62 });
    assert.equal(file.receiveBufferBytes, 8 * 1024 * 1024);
    assert.equal(file.sendBufferBytes, 8 * 1024 * 1024);
    const to = SocketAddress.from("127.0.0.1", file.localPort, false);
    const bytes = pattern(256);
    assert.equal(file.send(bytes, 0, 256, 256, to), 256);
    assert.deepEqual(drain(file), [bytes]);
  },
});
