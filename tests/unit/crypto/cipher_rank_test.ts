import assert from "node:assert/strict";
import { rankCiphers } from "../../../src/crypto/cipher_rank.ts";
import { CipherId, type Sealer } from "../../../src/peer/aead.ts";

const { AES_256_GCM, CHACHA20_POLY1305 } = CipherId;

/** Ciphers that take so long a packet, by a clock that nothing else moves. */
class FakeMachine {
  nowMs = 1_000;
  liveSealers = 0;
  sealedPkts = 0;
  readonly #packetMs: (cipher: CipherId, nth: number) => number;

  constructor(packetMs: (cipher: CipherId, nth: number) => number) {
    this.#packetMs = packetMs;
  }

  rank(): readonly CipherId[] {
    const clockMs = (): number => this.nowMs;
    return rankCiphers([AES_256_GCM, CHACHA20_POLY1305], (it) => this.#createSealer(it), clockMs);
  }

  #createSealer(cipher: CipherId): Sealer {
    this.liveSealers++;
    let nth = 0;
    return {
      seal: () => {
        this.sealedPkts++;
        this.nowMs += this.#packetMs(cipher, nth++);
      },
      [Symbol.dispose]: () => {
        this.liveSealers--;
      },
    };
  }
}

Deno.test("rankCiphers puts the faster cipher first", () => {
  const isAes = (cipher: CipherId): boolean => cipher === AES_256_GCM;
  const withInstructions = new FakeMachine((cipher) => isAes(cipher) ? 0.005 : 0.008);
  assert.deepEqual(withInstructions.rank(), [AES_256_GCM, CHACHA20_POLY1305]);
  const without = new FakeMachine((cipher) => isAes(cipher) ? 0.3 : 0.05);
  assert.deepEqual(without.rank(), [CHACHA20_POLY1305, AES_256_GCM]);
});

Deno.test("rankCiphers keeps the order of ciphers that are alike", () => {
  assert.deepEqual(new FakeMachine(() => 0.25).rank(), [AES_256_GCM, CHACHA20_POLY1305]);
});

Deno.test("rankCiphers is not misled by pauses, nor by a slow beginning", () => {
  const machine = new FakeMachine((cipher, nth) => {
    if (cipher === CHACHA20_POLY1305) return 0.008;
    return nth < 3 || nth % 3 === 0 ? 4 : 0.005; // the faster one has all the bad luck
  });
  assert.deepEqual(machine.rank(), [AES_256_GCM, CHACHA20_POLY1305]);
});

Deno.test("rankCiphers stops after 2 ms, or after ten rounds when these take longer", () => {
  const fast = new FakeMachine(() => 0.005);
  fast.rank();
  assert(fast.nowMs >= 1_002 && fast.nowMs < 1_003, `${fast.nowMs}`);
  const slow = new FakeMachine(() => 5);
  slow.rank();
  assert.equal(slow.sealedPkts, 10 * 2 * 2);
});

Deno.test("rankCiphers disposes of what it made, also when a cipher fails", () => {
  const machine = new FakeMachine(() => 0.01);
  machine.rank();
  assert.equal(machine.liveSealers, 0);
  const failing = new FakeMachine(() => {
    throw new Error("no such cipher");
  });
  assert.throws(() => failing.rank(), /no such cipher/);
  assert.equal(failing.liveSealers, 0);
});
