import assert from "node:assert/strict";
import { LinkMessages } from "../../../src/multiplexer/link_messages.ts";
import { MtuProber } from "../../../src/multiplexer/mtu_prober.ts";
import type { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { InnerKind } from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { Ping, PingFlag } from "../../../src/wire/ping.ts";
import { FakeLinkPort, SEAL_OVERHEAD_BYTES } from "../../support/fake_link_port.ts";
import { measuredLink } from "../../support/measured_link.ts";

/** A link with a search under way. */
class Rig {
  readonly messages = new LinkMessages(() => 0.5);
  readonly prober = new MtuProber(this.messages);
  readonly link: MultiplexerLink;
  readonly port: FakeLinkPort;
  now = 1_000;

  constructor(canProbeMtu = true) {
    ({ link: this.link, port: this.port } = measuredLink(1, { canProbeMtu }, this.now));
    this.link.mtu.restart(this.port.maxDatagramBytes, this.now);
  }

  probe(): void {
    this.prober.handleTimeout(this.link, false, this.now);
  }

  /** Sizes and contents of all pings so far. */
  pings(): { readonly bytes: number; readonly ping: Ping }[] {
    return this.port.sentOf(InnerKind.PING).map(({ bytes }) => {
      const message = new Packet(bytes.length);
      message.fill(bytes);
      const ping = new Ping();
      assert.equal(ping.decode(message), 0);
      return { bytes: bytes.length + SEAL_OVERHEAD_BYTES, ping };
    });
  }
}

Deno.test("MtuProber sends a datagram of exactly the size, and a small one beside it", () => {
  const rig = new Rig();
  rig.probe();
  const [small, large] = rig.pings();
  assert.equal(small!.bytes, 64);
  assert.equal(large!.bytes, 1_384);
  for (const { ping } of [small!, large!]) assert(ping.flags & PingFlag.WANTS_ANSWER);
  assert.equal(small!.ping.sentUs & 1, 0);
  assert.equal(large!.ping.sentUs & 1, 1, "the answers differ");
  assert.equal(large!.ping.intervalMs, small!.ping.intervalMs);
});

Deno.test("MtuProber goes on at once when a probe is answered, whatever else is answered before", () => {
  const rig = new Rig();
  rig.probe();
  const [small, large] = rig.pings();
  rig.now += 40;
  rig.prober.handleEcho(rig.link, small!.ping.sentUs, rig.now);
  rig.probe();
  assert.equal(rig.pings().length, 2);
  rig.prober.handleEcho(rig.link, large!.ping.sentUs, rig.now);
  rig.probe();
  assert.equal(rig.pings()[3]!.bytes, 1_472);
});

Deno.test("MtuProber lowers what a link takes after three probes beside which small pings arrived", () => {
  const rig = new Rig();
  for (let tries = 1; tries <= 4; tries++) {
    rig.probe();
    if (tries <= 3) assert.equal(rig.link.maxPacketBytes, 1_384 - 44);
    const small = rig.pings().at(-2)!;
    rig.prober.handleEcho(rig.link, small.ping.sentUs, rig.now + 40);
    rig.now = rig.link.mtu.nextTimeoutMs;
  }
  assert.equal(rig.link.maxPacketBytes, 1_232 - 44);
});

Deno.test("MtuProber's packet has no rests of longer probes", () => {
  const rig = new Rig();
  for (let i = 0; i < 12; i++) {
    rig.probe();
    const small = rig.pings().at(-2)!;
    rig.prober.handleEcho(rig.link, small.ping.sentUs, rig.now + 40);
    rig.now = rig.link.mtu.nextTimeoutMs;
  }
  for (const { bytes } of rig.port.sentOf(InnerKind.PING)) {
    assert(bytes.subarray(20).every((byte) => byte === 0));
  }
});

Deno.test("MtuProber leaves links alone whose sockets let IP fragment, and those that are down", () => {
  const fragmenting = new Rig(false);
  fragmenting.probe();
  assert.equal(fragmenting.port.sent.length, 0);
  assert.equal(fragmenting.link.maxPacketBytes, 1_472 - 44);
  const down = new Rig();
  down.link.isAlive = false;
  down.probe();
  assert.equal(down.port.sent.length, 0);
});
