/**
 * Chooses the implementation of the AEAD port, once at start: libcrypto where it is found and gives right answers,
 * else libsodium.
 *
 * @module
 */

import type { AeadProvider } from "../peer/aead.ts";
import { checkAead } from "./aead_check.ts";
import { openLibcryptoAead } from "./libcrypto_aead.ts";

/** The implementations, by name. */
export type AeadImplementation = "libcrypto" | "libsodium";

/** For tests and measurements, and for the log. */
export interface AeadProviderOptions {
  /** This one and no other. */
  readonly only?: AeadImplementation;
  /** Told of each implementation that can't be used, and why, e.g. to log that a faster one was not found. */
  readonly onUnusable?: (implementation: AeadImplementation, error: Error) => void;
}

/**
 * The fastest implementation that works here. Takes 15 ms with libcrypto; libsodium, which takes 50 ms, is loaded
 * only when it is needed.
 * @throws Error when none works, saying why for each.
 */
export async function openAeadProvider(options: AeadProviderOptions = {}): Promise<AeadProvider> {
  const failures: Error[] = [];
  for (const { name, open } of IMPLEMENTATIONS) {
    if (options.only !== undefined && options.only !== name) continue;
    try {
      const provider = await open();
      checkAead(provider);
      return provider;
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      failures.push(error);
      options.onUnusable?.(name, error);
    }
  }
  throw new Error(`Cannot encrypt packets: ${failures.map((it) => it.message).join("; ")}`, {
    cause: failures[0],
  });
}

/** The fastest first. */
const IMPLEMENTATIONS: readonly {
  readonly name: AeadImplementation;
  readonly open: () => AeadProvider | Promise<AeadProvider>;
}[] = [
  { name: "libcrypto", open: openLibcryptoAead },
  {
    name: "libsodium",
    open: async () => await (await import("./sodium_aead.ts")).openSodiumAead(),
  },
];
