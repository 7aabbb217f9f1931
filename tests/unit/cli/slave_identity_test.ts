import assert from "node:assert/strict";
import {
  assertHarmless,
  complaint,
  IDENTITY,
  KEYLESS_TOKEN,
  MASTER_KEY,
  read,
  SECRET_KEY,
  SECRET_KEY_TEXT,
  slave,
  TOKEN,
} from "./judge.ts";

Deno.test("a slave's keys come out of its token", async () => {
  const { identity } = await slave(TOKEN);
  assert.deepEqual(identity, IDENTITY);
  assert.deepEqual(identity.masterKey, MASTER_KEY);
  assert.ok(identity.psk.some((byte) => byte !== 0));
});

Deno.test("a slave with a key of its own has that one, and no pre-shared key", async () => {
  const files = { "my.key": `${SECRET_KEY_TEXT}\n` };
  const { identity } = await slave(`${KEYLESS_TOKEN} --key-file my.key`, { files });
  assert.deepEqual(identity, {
    secretKey: SECRET_KEY,
    psk: new Uint8Array(32),
    masterKey: MASTER_KEY,
  });
});

Deno.test("a token without a key needs a key file, and the other way round", async () => {
  assert.match(
    await complaint(`slave --token ${KEYLESS_TOKEN}`),
    /^--token brings no key: add --key-file FILE/,
  );
  assert.match(
    await complaint(`slave --token ${TOKEN} --key-file k`, { files: { k: SECRET_KEY_TEXT } }),
    /^--token brings its own keys: leave --key-file out.*invite NAME --public-key KEY/,
  );
});

Deno.test("a file that holds no secret key is refused, its content not shown", async () => {
  for (
    const content of ["", "x", SECRET_KEY_TEXT.slice(1), `${SECRET_KEY_TEXT} ${PUBLIC}`, TOKEN]
  ) {
    const message = await complaint(`slave ${KEYLESS_TOKEN} --key-file k`, {
      files: { k: content },
    });
    assert.match(message, /^--key-file "k": the file holds no secret key: "bindlink keygen"/);
  }
});

Deno.test("a secret key in place of its file is not shown", async () => {
  const error = await read(["slave", KEYLESS_TOKEN, "--key-file", SECRET_KEY_TEXT])
    .catch((error: unknown) => error);
  assert.ok(error instanceof Error);
  assert.equal(error.message, 'Cannot read --key-file "***"');
  assertHarmless(error.message);
});

const PUBLIC = "mC8rJ5fVZ1kq0Jt3m0i9gq2mJkqk3Yb4rJ8c6tq4Wl8=";
