// A master assigns the MTU after the stand-in was opened, and may assign another one while streams run.
import assert from "node:assert/strict";
import { openConnectTcp, openListenTcp } from "../../../src/tundev/tcp_tundev.ts";
import type { Packet } from "../../../src/wire/packet.ts";

const TOTAL_BYTES = 400_000;

/** Packets of this size are lost at first: they are to be sent again, cut anew. */
const TOO_LARGE_BYTES = 1000;

for (const mtuBytes of [700, 2000]) {
  Deno.test(`TcpTundev cuts its packets to an MTU of ${mtuBytes} that comes amid a transfer`, async () => {
    using service = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const target = { host: "127.0.0.1", port: service.addr.port };
    using connecting = openConnectTcp({ kind: "connect-tcp", target, mtuBytes: 1400 });
    const listen = { host: "127.0.0.1", port: 0 };
    using listening = openListenTcp({ kind: "listen-tcp", listen, mtuBytes: 1400 });
    const lengths: number[] = [];
    let isConfigured = false;
    const forth = (packet: Packet): void => {
      if (!isConfigured && packet.length > TOO_LARGE_BYTES) {
        isConfigured = true;
        for (const tundev of [connecting, listening]) {
          assert.deepEqual(tundev.configure({ addresses: [], mtuBytes }), []);
        }
        return;
      }
      if (isConfigured) lengths.push(packet.length);
      connecting.send(packet);
    };
    const runs = [listening.run(forth), connecting.run((packet) => void listening.send(packet))];
    const [received] = await Promise.all([readAll(service), writePattern(listening.port)]);
    assert.equal(received.length, TOTAL_BYTES);
    assert.equal(received.findIndex((byte, i) => byte !== (i * 7 & 0xff)), -1);
    assert.equal(Math.max(...lengths), mtuBytes);
    assert.equal(listening.mtuBytes, mtuBytes);
    listening.close();
    connecting.close();
    await Promise.all(runs);
  });
}

Deno.test("TcpTundev keeps its MTU when the assigned one is of no use, and says so once", () => {
  const target = { host: "127.0.0.1", port: 9 };
  using tundev = openConnectTcp({ kind: "connect-tcp", target, mtuBytes: 1400 });
  const problems = tundev.configure({ addresses: [], mtuBytes: 100 });
  assert.match(problems.join(), /^Cannot use MTU 100, which the master assigned: 1400 stays$/);
  assert.deepEqual(tundev.configure({ addresses: [], mtuBytes: 100 }), []);
  assert.equal(tundev.mtuBytes, 1400);
});

async function readAll(service: Deno.TcpListener): Promise<Uint8Array> {
  using conn = await service.accept();
  return new Uint8Array(await new Response(conn.readable).arrayBuffer());
}

async function writePattern(port: number): Promise<void> {
  const bytes = Uint8Array.from({ length: TOTAL_BYTES }, (_, i) => i * 7);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  await conn.closeWrite();
  assert.equal(await conn.read(new Uint8Array(1)), null);
}
