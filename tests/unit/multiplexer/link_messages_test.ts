import assert from "node:assert/strict";
import { LinkMessages } from "../../../src/multiplexer/link_messages.ts";
import { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { Receiver } from "../../../src/multiplexer/receiver.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { GivenUp } from "../../../src/wire/given_up.ts";
import { InnerKind } from "../../../src/wire/inner_message.ts";
import { LinkFlag } from "../../../src/wire/link_notice.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { PingFlag } from "../../../src/wire/ping.ts";
import {
  FakeLinkPort,
  type FakeLinkPortOptions,
  type SentMessage,
} from "../../support/fake_link_port.ts";

/** One end of a link, and what it sends. */
class End {
  readonly messages = new LinkMessages(() => 0.5);
  readonly port: FakeLinkPort;
  readonly link: MultiplexerLink;

  constructor(options: FakeLinkPortOptions = {}) {
    this.port = new FakeLinkPort(1, options);
    this.link = new MultiplexerLink(this.port);
  }

  kinds(): number[] {
    return this.port.sent.map(({ kind }) => kind);
  }
}

function packetOf({ bytes }: SentMessage): Packet {
  const packet = new Packet(bytes.length);
  packet.fill(bytes);
  return packet;
}

Deno.test("a slave says with each ping what it wants of the link, until that was heard", () => {
  const slave = new End();
  slave.messages.sendPing(slave.link, false, 0);
  slave.messages.sendPing(slave.link, false, 100);
  const { PING, LINK } = InnerKind;
  assert.deepEqual(slave.kinds(), [PING, LINK, PING, LINK]);
  slave.link.isNoticeHeard = true;
  slave.messages.sendPing(slave.link, false, 200);
  assert.deepEqual(slave.kinds(), [PING, LINK, PING, LINK, PING]);
});

Deno.test("a master that asks says nothing of the link", () => {
  const master = new End({ isInitiator: false });
  master.messages.sendPing(master.link, false, 0);
  assert.deepEqual(master.kinds(), [InnerKind.PING]);
});

Deno.test("a ping is answered over its link, and an answer is not", () => {
  const slave = new End();
  const master = new End({ isInitiator: false });
  slave.messages.sendPing(slave.link, false, 0);
  const flags = master.messages.handlePing(master.link, packetOf(slave.port.sent[0]!), 30);
  assert.equal(flags & PingFlag.WANTS_ANSWER, PingFlag.WANTS_ANSWER);
  assert.deepEqual(master.kinds(), [InnerKind.PING]);
  const before = slave.port.sent.length;
  const result = slave.messages.handlePing(slave.link, packetOf(master.port.sent[0]!), 60);
  assert.equal(result, PingFlag.HAS_ECHO);
  assert.equal(slave.messages.echoedTransitUs, 30_000);
  assert.equal(slave.port.sent.length, before);
});

Deno.test("a malformed ping is not answered", () => {
  const master = new End({ isInitiator: false });
  const message = new Packet(40);
  message.fill(Uint8Array.of(InnerKind.PING, PingFlag.WANTS_ANSWER));
  assert.equal(master.messages.handlePing(master.link, message, 0), DropReason.BAD_CONTROL);
  assert.equal(master.port.sent.length, 0);
});

Deno.test("a notice has name, mode, cap, price and flags of the link", () => {
  const slave = new End({
    name: "phone",
    settings: { mode: "backup", isMetered: true, capDownBps: 5e6, pricePerGb: 2.5 },
  });
  slave.link.isLeaving = true;
  slave.messages.sendNotice(slave.link, 0);
  const notice = new LinkMessages(() => 0).takeNotice(packetOf(slave.port.sent[0]!))!;
  assert.equal(notice.name, "phone");
  assert.equal(notice.mode, 2);
  assert.equal(notice.capBps, 5e6);
  assert.equal(notice.pricePerGb, 2.5);
  assert.equal(notice.flags, LinkFlag.METERED | LinkFlag.LEAVING | LinkFlag.PRICED);
});

Deno.test("a malformed notice is none", () => {
  const { messages } = new End();
  const message = new Packet(40);
  for (
    const bytes of [[], [InnerKind.LINK], [InnerKind.LINK, 0, 0, 255, ...new Array(30).fill(0)]]
  ) {
    message.fill(Uint8Array.from(bytes));
    assert.equal(messages.takeNotice(message), null);
  }
});

Deno.test("feedback goes over the link that is named, and another one if there is one", () => {
  const first = new End();
  const second = new End();
  const receiver = new Receiver(new PacketPool(), [first.link], () => 0, () => Infinity);
  first.messages.sendFeedback(receiver, first.link, null, 0);
  assert.deepEqual(first.kinds(), [InnerKind.FEEDBACK]);
  first.messages.sendFeedback(receiver, first.link, second.link, 20);
  assert.deepEqual(first.port.sent[1]!.bytes, second.port.sent[0]!.bytes);
  first.messages.sendFeedback(receiver, null, null, 40); // nothing to do
});

Deno.test("what was given up is said once, and forgotten when there is no link to say it over", () => {
  const { messages, link, port } = new End();
  const list = new GivenUp();
  list.add(3, 4_000_000_000);
  messages.sendGivenUp(list, link, 0);
  assert.equal(list.count, 0);
  const heard = new GivenUp();
  assert.equal(heard.decode(packetOf(port.sent[0]!)), 0);
  assert.deepEqual([heard.count, heard.group(0), heard.seqNo(0)], [1, 3, 4_000_000_000]);
  list.add(3, 5);
  messages.sendGivenUp(list, null, 0);
  assert.equal(list.count, 0);
  assert.equal(port.sent.length, 1);
});
