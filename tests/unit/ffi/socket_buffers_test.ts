import assert from "node:assert/strict";
import { growUdpBuffers } from "../../../ffi/socket_buffers.ts";
import { loadLibc } from "../../../ffi/libc.ts";

loadLibc(); // stays open: not a leak of the first test

function bind(hostname: string): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
}

function portOf(conn: Deno.DatagramConn): number {
  return (conn.addr as Deno.NetAddr).port;
}

Deno.test("growUdpBuffers finds the UDP socket on a port, IPv4 and IPv6, and no other", () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    const conn = bind(hostname);
    assert.equal(growUdpBuffers(portOf(conn)), 1, hostname);
    conn.close();
    assert.equal(growUdpBuffers(portOf(conn)), 0, "closed");
  }
});

Deno.test("growUdpBuffers leaves a TCP listener on the port alone", () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert.equal(growUdpBuffers((listener.addr as Deno.NetAddr).port), 0);
  listener.close();
});

Deno.test({
  name: "growUdpBuffers makes a socket hold what the system's default does not (as root)",
  ignore: Deno.uid() !== 0,
  async fn(): Promise<void> {
    const packets = 1_000;
    const receiver = bind("127.0.0.1");
    const sender = bind("127.0.0.1");
    growUdpBuffers(portOf(receiver));
    const payload = new Uint8Array(1_400);
    for (let i = 0; i < packets; i++) await sender.send(payload, receiver.addr);
    // Nothing was received meanwhile: all that is there now was kept.
    const buffer = new Uint8Array(2_048);
    let received = 0;
    while (received < packets) {
      const [datagram] = await receiver.receive(buffer);
      assert.equal(datagram.length, payload.length);
      received++;
    }
    assert.equal(received, packets);
    sender.close();
    receiver.close();
  },
});
