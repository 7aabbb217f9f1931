import assert from "node:assert/strict";
import { complaint, DEFAULT_STATE_DIR, request, SECRET_KEY, SECRET_KEY_TEXT } from "./judge.ts";

Deno.test("keygen and pubkey need nothing", async () => {
  assert.deepEqual(await request("keygen"), { kind: "keygen" });
  assert.deepEqual(await request("pubkey"), { kind: "pubkey" });
  assert.match(await complaint("keygen laptop"), /^Unexpected argument "laptop"/);
});

Deno.test("invite takes a name, endpoints, a key, and --qr", async () => {
  assert.deepEqual(await request("invite laptop"), {
    kind: "invite",
    stateDir: DEFAULT_STATE_DIR,
    name: "laptop",
    endpoints: [],
    publicKey: null,
    showsQr: false,
  });
  assert.deepEqual(
    await request(
      `invite --endpoint a:1,[::1]:2 laptop --endpoint b:3 --public-key ${SECRET_KEY_TEXT} --qr ` +
        "--state-dir /x",
    ),
    {
      kind: "invite",
      stateDir: "/x",
      name: "laptop",
      endpoints: [{ host: "a", port: 1 }, { host: "::1", port: 2 }, { host: "b", port: 3 }],
      publicKey: SECRET_KEY,
      showsQr: true,
    },
  );
});

Deno.test("invite and revoke need a name", async () => {
  assert.match(
    await complaint("invite --endpoint a:1"),
    /^"bindlink invite" needs a NAME: type bindlink invite NAME$/,
  );
  assert.match(await complaint("revoke"), /needs a NAME/);
});

Deno.test("invite refuses an endpoint without a port and a key that is none", async () => {
  assert.match(await complaint("invite laptop --endpoint a"), /^--endpoint "a": the port is miss/);
  for (const bad of ["x", SECRET_KEY_TEXT.slice(1), SECRET_KEY_TEXT + "="]) {
    assert.match(
      await complaint(`invite laptop --public-key ${bad}`),
      /^--public-key: this is no key: type the 44 characters that "bindlink pubkey" prints$/,
    );
  }
});

Deno.test("slaves lists, for people or as JSON", async () => {
  const stateDir = DEFAULT_STATE_DIR;
  assert.deepEqual(await request("slaves"), { kind: "slaves", stateDir, isJson: false });
  assert.deepEqual(await request("slaves --json"), { kind: "slaves", stateDir, isJson: true });
});

Deno.test("revoke takes a name", async () => {
  assert.deepEqual(await request("revoke laptop --state-dir /x"), {
    kind: "revoke",
    stateDir: "/x",
    name: "laptop",
  });
});

Deno.test("a flag is set by the environment's yes and not by its no", async () => {
  for (const [word, expected] of [["1", true], ["TRUE", true], ["yes", true], ["0", false]]) {
    const environment = { BINDLINK_JSON: String(word) };
    const it = await request("slaves", { environment });
    assert.equal(it.kind === "slaves" && it.isJson, expected);
  }
  assert.match(
    await complaint("slaves", { environment: { BINDLINK_JSON: "maybe" } }),
    /^BINDLINK_JSON: this is neither yes nor no: set 1, true, yes, 0, false, no, or nothing$/,
  );
});
