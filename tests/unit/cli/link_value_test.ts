import assert from "node:assert/strict";
import fc from "fast-check";
import { type LinkValue, splitLink } from "../../../src/cli/link_value.ts";
import { UsageError } from "../../../src/usage_error.ts";

function split(text: string): LinkValue {
  return splitLink(text, "--proxies");
}

function complaint(text: string): string {
  try {
    split(text);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  throw new Error(`accepted: ${text}`);
}

Deno.test("splitLink tells name, endpoint and settings", () => {
  assert.deepEqual(split("h:1"), { name: null, endpoint: "h:1", settings: [] });
  assert.deepEqual(split("phone1=192.168.43.1:1080;metered;cap=5mbit"), {
    name: "phone1",
    endpoint: "192.168.43.1:1080",
    settings: ["metered", "cap=5mbit"],
  });
  assert.deepEqual(split("A.b_c-9=socks5://u:p@[::1]:1;backup"), {
    name: "A.b_c-9",
    endpoint: "socks5://u:p@[::1]:1",
    settings: ["backup"],
  });
});

Deno.test("splitLink passes over blanks and empty settings", () => {
  assert.deepEqual(split(" p = h:1 ; metered ;; "), {
    name: "p",
    endpoint: "h:1",
    settings: ["metered"],
  });
});

Deno.test("splitLink takes no = of a password for the end of a name", () => {
  for (const url of ["socks5://user:pa=ss@h:1", "socks5://pa=ss:x@h:1", "user:pa=ss@h:1"]) {
    assert.deepEqual(split(url), { name: null, endpoint: url, settings: [] });
  }
  assert.deepEqual(split("p=socks5://user:pa=ss@h:1;up=1mbit"), {
    name: "p",
    endpoint: "socks5://user:pa=ss@h:1",
    settings: ["up=1mbit"],
  });
  assert.equal(split("h:1;cap=1mbit").name, null);
});

Deno.test("splitLink takes a link that is called like a setting", () => {
  assert.equal(split("backup=h:1").name, "backup");
  assert.equal(split("cap=h:1").name, "cap");
});

Deno.test("splitLink says what a name is made of", () => {
  for (const name of ["", "my phone", "téléphone", "a".repeat(33), "a#2"]) {
    assert.match(
      complaint(`${name}=h:1`),
      /^--proxies "h:1": the link's name, before the =, must be 1 to 32 letters, .* phone1=HOST:PORT$/,
    );
  }
});

Deno.test("splitLink says how to write a ; in a password", () => {
  assert.equal(
    complaint("socks5://u:a;b@h:1"),
    '--proxies "socks5://***@h:1": write a ; in a user name or password as %3B, and an @ as %40',
  );
});

Deno.test("splitLink knows a setting that a comma has cut off", () => {
  for (const text of ["metered", "backup;metered", "mode=speed", "cap=5mbit"]) {
    assert.match(complaint(text), /^--proxies ".*": this is a setting without a link: a comma/);
  }
});

Deno.test("splitLink is undone by putting the parts together", () => {
  const name = fc.option(fc.stringMatching(/^[A-Za-z0-9._-]{1,32}$/));
  const secret = fc.string({ minLength: 1, maxLength: 9 }).filter((text) => text.isWellFormed())
    .map(encodeURIComponent);
  const endpoint = fc.oneof(
    fc.constantFrom("h:1", "[::1]:2", "socks5://h:3"),
    fc.tuple(secret, secret).map(([user, password]) => `socks5://${user}:${password}@h:1`),
  );
  const settings = fc.array(fc.constantFrom("metered", "backup", "cap=5mbit", "x", "y=z"));
  fc.assert(fc.property(name, endpoint, settings, (name, endpoint, settings) => {
    const text = [name === null ? endpoint : `${name}=${endpoint}`, ...settings].join(";");
    assert.deepEqual(split(text), { name, endpoint, settings });
  }));
});
