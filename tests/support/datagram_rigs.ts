/**
 * Datagram sockets with a far end, of every implementation: what the conformance suite runs on.
 *
 * @module
 */

import { DENO_ENGINE, type IoEngine, openFfiEngine } from "../../src/linkmap/io_engine.ts";
import type { DatagramSlot, DatagramSocket } from "../../src/linkmap/datagram_socket.ts";
import type { NetAddress } from "../../src/net_address.ts";
import { Socks5Socket } from "../../src/linkmap/socks5_socket.ts";
import type { TcpDialer } from "../../src/linkmap/stream_conn.ts";
import { adoptConnection, connectTcp, connectTcpViaProxy } from "../../src/linkmap/tcp_connect.ts";
import { tcpLabel, type TcpSocket } from "../../src/linkmap/tcp_socket.ts";
import { UdpSocket } from "../../src/linkmap/udp_socket.ts";
import { DropCounters } from "../../src/wire/drop_reason.ts";
import { WildcardSocket } from "../../src/linkmap/wildcard_socket.ts";
import { Packet } from "../../src/wire/packet.ts";
import { FakeNetwork } from "./fake_datagram_socket.ts";
import { Socks5Server } from "./socks5_server.ts";

/** A socket under test and its far end. */
export interface DatagramRig {
  readonly socket: DatagramSocket;
  /** Where the far end is, as `socket` names it. */
  readonly target: NetAddress;
  /** The far end: a plain socket. It learns from what it receives where to answer to. */
  readonly peer: DatagramSocket;
  /** Whether datagrams go to the kernel before the event loop's next turn. */
  readonly sendsAtOnce: boolean;
  /** Shortest datagram that passes, in bytes. */
  readonly minBytes: number;
  /** Longest datagram that passes, in bytes. */
  readonly maxBytes: number;
  close(): Promise<void>;
}

/** An implementation to test. */
export interface DatagramRigKind {
  readonly name: string;
  open(): Promise<DatagramRig>;
}

/** All implementations. */
export const DATAGRAM_RIGS: readonly DatagramRigKind[] = [
  { name: "FakeDatagramSocket", open: openFake },
  ...rigsOf("UdpSocket", DENO_ENGINE),
  ...(Deno.build.os === "linux" ? rigsOf("FastUdpSocket", openFfiEngine()) : []),
  ...(Deno.build.os === "linux" ? wildcardRigs(openFfiEngine()) : []),
  { name: "TcpSocket over IPv4", open: () => openTcp("127.0.0.1") },
  { name: "TcpSocket over IPv6", open: () => openTcp("::1") },
  ...(Deno.build.os === "linux" && Deno.uid() === 0 ? markedRigs(openFfiEngine(0x62)) : []),
  { name: "TcpSocket through a proxy", open: () => openTcpViaProxy("127.0.0.1") },
];

/** UDP sockets of an engine, plain and through a proxy. */
function rigsOf(socketName: string, engine: IoEngine): DatagramRigKind[] {
  const socks = `Socks5Socket over ${socketName}`;
  return [
    { name: `${socketName} over IPv4`, open: () => openUdp(engine, "127.0.0.1") },
    { name: `${socketName} over IPv6`, open: () => openUdp(engine, "::1") },
    { name: `${socks}, IPv4`, open: () => openSocks(engine, "127.0.0.1", 65_507 - 10) },
    { name: `${socks}, IPv6`, open: () => openSocks(engine, "::1", 65_507 - 22) },
    {
      name: `${socks}, with a password, to a name`,
      open: () => openSocks(engine, "127.0.0.1", 65_507 - 7 - "localhost".length, "localhost"),
    },
  ];
}

/** Sockets on the wildcard that are asked on one address. */
function wildcardRigs(engine: IoEngine): DatagramRigKind[] {
  return [["0.0.0.0", "127.0.0.1"] as const, ["::", "::1"] as const].map(([wildcard, asked]) => ({
    name: `WildcardSocket on ${wildcard}`,
    open: () => openWildcard(engine, wildcard, asked),
  }));
}

/** Sockets whose packets carry a mark, which needs CAP_NET_ADMIN. */
function markedRigs(engine: IoEngine): DatagramRigKind[] {
  const name = "TcpSocket over a marked connection";
  return [{ name, open: () => openTcp("127.0.0.1", engine.dialTcp) }];
}

/** Slots for `receive`. */
export function createSlots(count: number, capacityBytes?: number): DatagramSlot[] {
  return Array.from({ length: count }, () => ({
    packet: new Packet(capacityBytes),
    source: { hostname: "", port: 0 },
  }));
}

function openFake(): Promise<DatagramRig> {
  const network = new FakeNetwork();
  const target = { hostname: "192.0.2.2", port: 4000 };
  const socket = network.bind({ hostname: "192.0.2.1", port: 5000 });
  const peer = network.bind(target);
  return Promise.resolve({
    socket,
    target,
    peer,
    sendsAtOnce: false,
    minBytes: 0,
    maxBytes: 65_507,
    close: () => {
      socket.close();
      peer.close();
      return Promise.resolve();
    },
  });
}

function openUdp(engine: IoEngine, hostname: string): Promise<DatagramRig> {
  const socket = engine.bindUdp({ hostname, port: 0 });
  const peer = UdpSocket.bind({ hostname, port: 0 });
  return Promise.resolve({
    socket,
    target: peer.localAddress,
    peer,
    sendsAtOnce: engine.name === "ffi",
    minBytes: 0,
    maxBytes: 65_507,
    close: () => {
      socket.close();
      peer.close();
      return Promise.resolve();
    },
  });
}

function openWildcard(engine: IoEngine, hostname: string, asked: string): Promise<DatagramRig> {
  const drops = new DropCounters();
  const options = { hostname, port: 0, bindUdp: engine.bindUdp, drops, onUnknown: () => {} };
  const socket = WildcardSocket.open(options);
  socket.serve(asked);
  const peer = UdpSocket.bind({ hostname: asked, port: 0 });
  return Promise.resolve({
    socket,
    target: peer.localAddress,
    peer,
    sendsAtOnce: true,
    minBytes: 0,
    maxBytes: 65_507,
    close: () => {
      socket.close();
      peer.close();
      return Promise.resolve();
    },
  });
}

async function openSocks(
  engine: IoEngine,
  hostname: string,
  maxBytes: number,
  targetName: string = hostname,
): Promise<DatagramRig> {
  const credentials = { username: "käfer", password: "s3cret pass" };
  const server = Socks5Server.listen({ hostname, credentials });
  // The proxy may resolve a name to either family.
  const peer = UdpSocket.bind({ hostname: targetName === hostname ? hostname : "::", port: 0 });
  const { port } = peer.localAddress;
  const socket = await Socks5Socket.open({
    proxy: { host: server.address.hostname, port: server.address.port, credentials },
    target: { host: targetName, port },
    drops: new DropCounters(),
    bindUdp: engine.bindUdp,
  });
  return {
    socket,
    target: { hostname: targetName, port },
    peer,
    sendsAtOnce: engine.name === "ffi",
    minBytes: 0,
    maxBytes,
    close: async () => {
      socket.close();
      peer.close();
      await server.close();
    },
  };
}

async function openTcp(hostname: string, dialTcp?: TcpDialer): Promise<DatagramRig> {
  using listener = Deno.listen({ hostname, port: 0 });
  const remote = { hostname, port: listener.addr.port };
  const drops = new DropCounters();
  const [socket, conn] = await Promise.all([
    connectTcp({ remote, drops, dialTcp }),
    listener.accept(),
  ]);
  return tcpRig(socket, conn, () => Promise.resolve());
}

async function openTcpViaProxy(hostname: string): Promise<DatagramRig> {
  const server = Socks5Server.listen({ hostname, udp: "refuse" });
  using listener = Deno.listen({ hostname, port: 0 });
  const proxy = { host: server.address.hostname, port: server.address.port };
  const target = { host: hostname, port: listener.addr.port };
  const [socket, conn] = await Promise.all([
    connectTcpViaProxy({ proxy, target, drops: new DropCounters() }),
    listener.accept(),
  ]);
  return tcpRig(socket, conn, () => server.close());
}

function tcpRig(
  socket: TcpSocket,
  conn: Deno.TcpConn,
  closeRest: () => Promise<void>,
): DatagramRig {
  const remote = conn.remoteAddr;
  const peer = adoptConnection(conn, {
    side: "accepted",
    label: tcpLabel(remote),
    remote,
    drops: new DropCounters(),
  });
  if (peer === null) throw new Error("The connection is over");
  return {
    socket,
    target: socket.remote,
    peer,
    sendsAtOnce: false,
    minBytes: 1,
    maxBytes: 65_507,
    close: async () => {
      socket.close();
      peer.close();
      await closeRest();
    },
  };
}
