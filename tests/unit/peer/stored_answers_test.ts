import assert from "node:assert/strict";
import { HandshakeMemory } from "../../../src/peer/handshake_memory.ts";
import { STORED_ANSWER_MS, StoredAnswers } from "../../../src/peer/stored_answers.ts";
import { Packet } from "../../../src/wire/packet.ts";

Deno.test("StoredAnswers.find gives the answer of the same name, for 10 s", () => {
  const answers = new StoredAnswers();
  const out = new Packet(600);
  answers.store(new HandshakeMemory(), "welcome", "a", packetOf(1), 0);
  assert.equal(answers.find("b", out, 0), 0);
  assert.equal(answers.find("a", out, STORED_ANSWER_MS), 1);
  assert.deepEqual([...out.toBytes()], [1]);
  assert.equal(answers.find("a", out, STORED_ANSWER_MS + 1), 0);
});

Deno.test("StoredAnswers keeps a copy of its own", () => {
  const answers = new StoredAnswers();
  const [datagram, out] = [packetOf(1), new Packet(600)];
  answers.store(new HandshakeMemory(), "welcome", "a", datagram, 0);
  datagram.bytes.fill(9);
  answers.find("a", out, 0);
  out.bytes[out.start] = 9;
  answers.find("a", out, 0);
  assert.deepEqual([...out.toBytes()], [1]);
});

Deno.test("StoredAnswers.store replaces the slave's last of the same kind only", () => {
  const answers = new StoredAnswers();
  const [slave, other, out] = [new HandshakeMemory(), new HandshakeMemory(), new Packet(600)];
  answers.store(slave, "welcome", "a", packetOf(1), 0);
  answers.store(slave, "refusal", "b", packetOf(2), 0);
  answers.store(other, "welcome", "c", packetOf(3), 0);
  answers.store(slave, "welcome", "d", packetOf(4), 0);
  const found = ["a", "b", "c", "d"].map((name) => answers.find(name, out, 0));
  assert.deepEqual(found, [0, 1, 1, 1]);
});

Deno.test("StoredAnswers.forget drops both answers of one slave, and stores new ones after it", () => {
  const answers = new StoredAnswers();
  const [slave, other, out] = [new HandshakeMemory(), new HandshakeMemory(), new Packet(600)];
  answers.forget(slave);
  answers.store(slave, "welcome", "a", packetOf(1), 0);
  answers.store(slave, "refusal", "b", packetOf(2), 0);
  answers.store(other, "welcome", "c", packetOf(3), 0);
  answers.forget(slave);
  assert.deepEqual(["a", "b", "c"].map((name) => answers.find(name, out, 0)), [0, 0, 1]);
  answers.store(slave, "refusal", "d", packetOf(4), 0);
  assert.equal(answers.find("d", out, 0), 1);
  assert.equal(answers.size, 2);
});

Deno.test("StoredAnswers.find gives one answer 256 times at once and 64 times a second", () => {
  const answers = new StoredAnswers();
  const out = new Packet(600);
  answers.store(new HandshakeMemory(), "welcome", "a", packetOf(1), 0);
  let given = 0;
  for (let i = 0; i < 10_000; i++) if (answers.find("a", out, i / 10) > 0) given++;
  assert.ok(given >= 318 && given <= 320, `${given} in a second`);
});

Deno.test("StoredAnswers holds two answers of a slave at most, and no old ones of slaves that are gone", () => {
  const answers = new StoredAnswers();
  const slave = new HandshakeMemory();
  for (let i = 0; i < 1_000; i++) {
    answers.store(slave, i % 3 === 0 ? "refusal" : "welcome", `${i}`, packetOf(1), i);
  }
  assert.equal(answers.size, 2);
  for (let i = 0; i < 1_000; i++) {
    answers.store(new HandshakeMemory(), "welcome", `gone ${i}`, packetOf(1), i * 1_000);
  }
  assert.ok(answers.size <= 12, `${answers.size}`);
});

function packetOf(byte: number): Packet {
  const packet = new Packet(600);
  packet.fill(Uint8Array.of(byte));
  return packet;
}
