import assert from "node:assert/strict";
import { awaitCondition } from "../../support/await_condition.ts";
import { canUseNamespaces, NetworkLab } from "../../support/namespace.ts";
import { PacketCapture } from "../../support/packet_capture.ts";
import type { UdpDatagram } from "../../support/pcap_file.ts";
import { acceptSpoofed, sendSpoofed } from "../../support/spoofed_sender.ts";

Deno.test({
  name: "PacketCapture shows byte for byte what sendSpoofed sends, from whatever address",
  ignore: !canUseNamespaces(),
  fn: async () => {
    await using lab = new NetworkLab();
    const left = await lab.namespace("left");
    const right = await lab.namespace("right");
    await lab.cable(
      { namespace: left, device: "wan", addresses: ["10.1.1.1/24"] },
      { namespace: right, device: "wan", addresses: ["10.1.1.2/24"] },
    );
    await acceptSpoofed(right, "wan");
    await using capture = await PacketCapture.start(right, "wan", "udp port 4000");
    const sent = Array.from({ length: 500 }, (_, i): UdpDatagram => ({
      // The other machine's own address, the receiver's, and addresses of nobody.
      source: { hostname: ["10.1.1.1", "10.1.1.2", "192.0.2.7"][i % 3]!, port: 1024 + i },
      destination: { hostname: "10.1.1.2", port: 4000 },
      payload: Uint8Array.from({ length: i * 2 + 1 }, (_, at) => i + at),
    }));
    await sendSpoofed(left, sent, 10_000);
    await awaitCondition(
      "all of them in the capture",
      async () => (await capture.datagrams()).length >= sent.length,
    );
    assert.deepEqual(await capture.datagrams(), sent);
    assert.equal(await capture.includes(sent[99]!.payload), true);
    assert.equal(await capture.includes(new TextEncoder().encode("not in there")), false);
    await capture.finish();
  },
});
