import assert from "node:assert/strict";
import {
  type NonceOpener,
  type NonceSealer,
  PacketOpener,
  PacketSealer,
} from "../../../src/crypto/packet_cipher.ts";

/** Writes down what it is told. */
class RecordingCipher implements NonceSealer, NonceOpener {
  nonces: number[][] = [];
  disposals = 0;

  seal(...call: Parameters<NonceSealer["seal"]>): void {
    this.nonces.push(call.slice(5) as number[]);
  }

  open(...call: Parameters<NonceOpener["open"]>): boolean {
    this.nonces.push(call.slice(5) as number[]);
    return this.nonces.length % 2 === 1;
  }

  [Symbol.dispose](): void {
    this.disposals++;
  }
}

const slot = new Uint8Array(new ArrayBuffer(200));

const NONCES = [
  [1, 0, [1, 0, 0]],
  [255, 2 ** 32 - 1, [255, 0, 0xffff_ffff]],
  [7, 2 ** 32, [7, 1, 0]],
  [7, 2 ** 53 - 1, [7, 0x1f_ffff, 0xffff_ffff]],
] as const;

Deno.test("PacketSealer.seal makes the nonce of the link id and both halves of the number", () => {
  const cipher = new RecordingCipher();
  using sealer = new PacketSealer(cipher);
  for (const [linkId, seqNo] of NONCES) sealer.seal(slot, 16, 20, slot, 16, linkId, seqNo);
  assert.deepEqual(cipher.nonces, NONCES.map(([, , words]) => words));
});

Deno.test("PacketOpener.open makes the same nonce, and tells what the cipher says", () => {
  const cipher = new RecordingCipher();
  using opener = new PacketOpener(cipher);
  const opened = NONCES.map(([linkId, seqNo]) =>
    opener.open(slot, 16, 40, slot, 16, linkId, seqNo)
  );
  assert.deepEqual(cipher.nonces, NONCES.map(([, , words]) => words));
  assert.deepEqual(opened, [true, false, true, false]);
});

Deno.test("PacketSealer refuses a number that would be cut to another packet's nonce", () => {
  const cipher = new RecordingCipher();
  using sealer = new PacketSealer(cipher);
  using opener = new PacketOpener(cipher);
  for (const seqNo of [-1, 2 ** 53, 2 ** 64, Infinity, NaN]) {
    assert.throws(() => sealer.seal(slot, 16, 40, slot, 16, 1, seqNo), /makes no nonce/);
    assert.throws(() => opener.open(slot, 16, 40, slot, 16, 1, seqNo), /makes no nonce/);
  }
  assert.deepEqual(cipher.nonces, []);
});

Deno.test("PacketSealer and PacketOpener dispose of their cipher", () => {
  const cipher = new RecordingCipher();
  new PacketSealer(cipher)[Symbol.dispose]();
  new PacketOpener(cipher)[Symbol.dispose]();
  assert.equal(cipher.disposals, 2);
});
