/**
 * A running phone of the demo: a SOCKS5 server behind an emulated radio.
 *
 * @module
 */

import type { NetAddress } from "../../src/net_address.ts";
import { EmulatedPhone } from "../../tests/support/emulated_phone.ts";
import { Socks5Server } from "../../tests/support/socks5_server.ts";
import { type DemoPhone, profileOf } from "./phones.ts";

/** A phone, until disposed of. */
export class RunningPhone implements AsyncDisposable {
  readonly #radio: EmulatedPhone;
  readonly #server: Socks5Server;

  /** Starts it. @throws what Deno.listen throws. */
  constructor(phone: DemoPhone, listen: NetAddress) {
    const profile = profileOf(phone);
    this.#radio = new EmulatedPhone({ up: profile, down: profile });
    this.#server = Socks5Server.listen({ ...listen, emulator: this.#radio });
  }

  /** Where its SOCKS5 server listens. */
  get address(): NetAddress {
    return this.#server.address;
  }

  /**
   * Takes the network away from the phone. It says goodbye to nobody: TCP connections to its SOCKS5
   * server stay open, and datagrams vanish, which is the hardest case for those who use it.
   */
  cut(): void {
    this.#radio.control({ cut: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#radio.close();
    await this.#server.close();
  }
}
