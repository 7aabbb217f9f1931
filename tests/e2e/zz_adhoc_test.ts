import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess, moreDrops } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { PacketCapture } from "../support/packet_capture.ts";
import type { UdpDatagram } from "../support/pcap_file.ts";
import { ping } from "../support/ping.ts";
import { acceptSpoofed, sendSpoofed } from "../support/spoofed_sender.ts";

Deno.test("adhoc", async () => {
  await using network = await DirectNetwork.create();
  const { laptop, server } = network;
  const stranger = await network.lab.namespace("stranger");
  await network.lab.cable(
    { namespace: stranger, device: "wan", addresses: ["10.1.9.1/24"] },
    { namespace: server, device: "in9", addresses: ["10.1.9.2/24"] },
  );
  await acceptSpoofed(server, "in1", "in9");
  await stranger.run(["ip", "route", "add", "10.1.1.0/24", "via", "10.1.9.2"]);
  await using capture = await PacketCapture.start(server, "in1");
  await using master = await BindlinkProcess.start(server, network.masterArgs);
  await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
  await slave.waitForLinks([1]);
  await laptop.run(["ping", "-c", "20", "-i", "0.01", "-q", "-p", "6b6e6f776e", "10.10.10.1"]);
  assert.equal(await capture.includes(new TextEncoder().encode("knownknownknown")), false);
  const taken = (await capture.datagrams()).filter(({ destination }) => destination.port === 4000);
  console.log("captured", taken.length, taken.map(({ payload }) => String.fromCharCode(payload[2]!)).join(""));
  const step = async (name: string, list: UdpDatagram[]): Promise<void> => {
    const before = await master.dropsByReason();
    await sendSpoofed(stranger, list);
    let more = new Map<string, number>() as ReadonlyMap<string, number>;
    await awaitCondition(name, async () => {
      more = moreDrops(before, await master.dropsByReason());
      return [...more.values()].reduce((a, b) => a + b, 0) >= list.length;
    }, { timeoutMs: 5000, detail: () => JSON.stringify([...more]) }).catch((e) => console.log(String(e).slice(0, 300)));
    console.log(name, list.length, JSON.stringify([...more]));
    const p = await ping(laptop, "10.10.10.1", 20);
    console.log("ping", p.sent, p.received);
  };
  await step("replay from same", taken);
  await step("replay from stranger", taken.map((d) => ({ ...d, source: { hostname: "10.1.9.1", port: 5555 } })));
  for (const type of ["I", "T"]) {
    const one = taken.findLast(({ payload }) => payload[2] === type.charCodeAt(0))!;
    const mutated = Array.from(one.payload, (_, i) => {
      const payload = one.payload.slice();
      payload[i]! ^= 1 << (i % 8);
      return { ...one, payload, source: { hostname: "10.1.9.1", port: 5555 } };
    });
    await step(`mutated ${type}`, mutated);
  }
  console.log(master.process.output.split("\n").slice(-6).join("\n"));
  await capture.finish();
});
