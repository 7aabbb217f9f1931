import assert from "node:assert/strict";
import * as fc from "fast-check";
import { loadLibc } from "../../../ffi/libc.ts";
import { handleControlRequest } from "../../../src/control/master_requests.ts";
import { encodeKey } from "../../../src/state/key_text.ts";
import { MasterAdmin } from "../../../src/state/master_admin.ts";
import { MasterStore } from "../../../src/state/master_store.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { TempDir } from "../../support/temp_dir.ts";

loadLibc();

const INVITE = {
  command: "invite",
  name: "laptop",
  endpoints: [{ host: "vpn.example.org", port: 4321 }],
  publicKey: null,
};

function withAdmin(act: (admin: MasterAdmin, store: MasterStore) => void): void {
  using folder = new TempDir();
  using store = MasterStore.open(folder.path);
  act(new MasterAdmin(store, null), store);
}

Deno.test("handleControlRequest invites, lists and revokes", () => {
  withAdmin((admin, store) => {
    const key = new Uint8Array(32).fill(9);
    handleControlRequest(admin, { ...INVITE, publicKey: encodeKey(key) });
    assert.deepEqual(store.slaves[0]?.publicKey, key);
    assert.deepEqual(handleControlRequest(admin, { command: "slaves" }), admin.list());
    handleControlRequest(admin, { command: "revoke", name: "laptop" });
    assert.notEqual(store.slaves[0]?.revokedAt, null);
  });
});

Deno.test("handleControlRequest says which field of a request is wrong", () => {
  withAdmin((admin, store) => {
    const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{ name: 7 }, /"name"/],
      [{ name: undefined }, /"name"/],
      [{ publicKey: "short" }, /"publicKey"/],
      [{ publicKey: 7 }, /"publicKey"/],
      [{ endpoints: undefined }, /"endpoints"/],
      [{ endpoints: "vpn" }, /"endpoints"/],
      [{ endpoints: [null] }, /"endpoints"/],
      [{ endpoints: [{ host: "", port: 1 }] }, /"endpoints"/],
      [{ endpoints: [{ host: "x", port: 0 }] }, /"endpoints"/],
      [{ endpoints: [{ host: "x", port: 65_536 }] }, /"endpoints"/],
      [{ endpoints: [{ host: "x", port: 1.5 }] }, /"endpoints"/],
    ];
    for (const [fields, reason] of wrong) {
      assert.throws(() => handleControlRequest(admin, { ...INVITE, ...fields }), reason);
    }
    assert.deepEqual(store.slaves, []);
  });
});

Deno.test("handleControlRequest tells a newer program that the master has to be restarted", () => {
  withAdmin((admin) => {
    assert.throws(
      () => handleControlRequest(admin, { command: "teleport" }),
      (error: unknown) =>
        error instanceof UsageError && /does not know.*restart/.test(error.message),
    );
  });
});

Deno.test("handleControlRequest stores nothing malformed, whatever is asked", () => {
  withAdmin((admin, store) => {
    const request = fc.record({
      command: fc.constantFrom("invite", "revoke", "slaves", "x"),
      name: fc.oneof(fc.string(), fc.jsonValue(), fc.constant("laptop")),
      endpoints: fc.oneof(fc.jsonValue(), fc.constant(INVITE.endpoints)),
      publicKey: fc.oneof(fc.string(), fc.jsonValue(), fc.constant(null)),
    });
    fc.assert(fc.property(request, (it) => {
      try {
        handleControlRequest(admin, it);
      } catch (error) {
        assert(error instanceof Error && !(error instanceof TypeError), String(error));
      }
      for (const { name } of store.slaves) assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/);
    }));
  });
});
