import assert from "node:assert/strict";
import fc from "fast-check";
import { parseProxy } from "../../../src/cli/proxy_value.ts";
import { UsageError } from "../../../src/usage_error.ts";

function complaint(text: string): string {
  try {
    parseProxy(text, "--proxies");
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  throw new Error(`accepted: ${text}`);
}

Deno.test("parseProxy reads a plain address and a URL", () => {
  const plain = { host: "192.168.43.1", port: 1080 };
  assert.deepEqual(parseProxy("192.168.43.1:1080", "--proxies"), plain);
  assert.deepEqual(parseProxy("socks5://192.168.43.1:1080", "--proxies"), plain);
  assert.deepEqual(parseProxy("SOCKS5H://192.168.43.1:1080/", "--proxies"), plain);
});

Deno.test("parseProxy decodes user and password", () => {
  assert.deepEqual(parseProxy("socks5://me%40x:p%3A%2C%25%40@[::1]:1080", "--proxies"), {
    host: "::1",
    port: 1080,
    credentials: { username: "me@x", password: "p:,%@" },
  });
});

Deno.test("parseProxy takes any percent-encoded credentials", () => {
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((text) =>
    text.isWellFormed() && new TextEncoder().encode(text).length <= 255
  );
  fc.assert(fc.property(word, word, (username, password) => {
    const url = `socks5://${encodeURIComponent(username)}:${encodeURIComponent(password)}@h:1`;
    assert.deepEqual(parseProxy(url, "--proxies").credentials, { username, password });
  }));
});

Deno.test("parseProxy says what is wrong", () => {
  assert.match(complaint("http://h:1"), /only SOCKS5 proxies/);
  assert.match(complaint("socks5://user@h:1"), /password is missing/);
  assert.match(complaint("socks5://u:%zz@h:1"), /written?|write it as %25/);
  assert.match(complaint("socks5://u:@h:1"), /password must have 1 to 255 bytes/);
  assert.match(complaint(`socks5://${"u".repeat(256)}:p@h:1`), /user name must have 1 to 255/);
  assert.match(complaint("u:p@h:1"), /type socks5:\/\/USER:PASSWORD@HOST:PORT/);
  assert.match(complaint("socks5://u:p@h:0"), /port must be a number/);
  assert.match(complaint("socks5://"), /host is missing/);
});

Deno.test("parseProxy never shows a password, wherever the mistake is", () => {
  const secret = "s3cret";
  for (
    const text of [
      `u:${secret}@h:1`,
      `socks5://u:${secret}@h`,
      `socks5://u:${secret}@h:99999`,
      `socks5://u:${secret}@`,
      `socks5://u:${secret}`,
      `socks5://u:${secret}%@h:1`,
      `http://u:${secret}@h:1`,
      `socks5://u:${secret}@ho st:1`,
      `socks5://u:${secret}/x@h:1:2`,
      `u:${secret}`,
      `h:1080:u:${secret}`,
      `socks5://h:1080:u:${secret}`,
      `socks5://${secret}@h:1`,
    ]
  ) assert.ok(!complaint(text).includes(secret), complaint(text));
});
