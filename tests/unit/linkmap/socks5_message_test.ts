import assert from "node:assert/strict";
import fc from "fast-check";
import {
  craftCredentials,
  craftGreeting,
  craftRequest,
  parseCredentialsReply,
  parseMethodReply,
  parseReply,
  type ParseStep,
  SocksCommand,
} from "../../../src/linkmap/socks5_message.ts";
import { describeReply, SocksError } from "../../../src/linkmap/socks_error.ts";
import { craftReply } from "../../support/socks5_wire.ts";

Deno.test("craftGreeting lists the methods", () => {
  assert.deepEqual([...craftGreeting([0])], [5, 1, 0]);
  assert.deepEqual([...craftGreeting([0, 2])], [5, 2, 0, 2]);
});

Deno.test("craftCredentials counts bytes, not characters", () => {
  const bytes = craftCredentials("ä", "pw");
  assert.deepEqual([...bytes], [1, 2, 0xc3, 0xa4, 2, 0x70, 0x77]);
});

Deno.test("craftCredentials takes 1 to 255 bytes, and does not quote them when they are not", () => {
  assert.equal(craftCredentials("u".repeat(255), "p".repeat(255)).length, 3 + 510);
  const secret = "s".repeat(256);
  for (const [name, password] of [["", "p"], ["u", ""], ["u", secret], [secret, "p"]] as const) {
    assert.throws(
      () => craftCredentials(name, password),
      (error: Error) => error instanceof RangeError && !error.message.includes("sss"),
    );
  }
});

Deno.test("craftRequest writes IPv4, IPv6 and names", () => {
  const { UDP_ASSOCIATE, CONNECT } = SocksCommand;
  assert.deepEqual(
    [...craftRequest(UDP_ASSOCIATE, { host: "0.0.0.0", port: 0 })],
    [5, 3, 0, 1, 0, 0, 0, 0, 0, 0],
  );
  assert.deepEqual(
    [...craftRequest(CONNECT, { host: "2001:db8::2", port: 443 })],
    [5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 187],
  );
  assert.deepEqual(
    [...craftRequest(CONNECT, { host: "ab.c", port: 0x1234 })],
    [5, 1, 0, 3, 4, 0x61, 0x62, 0x2e, 0x63, 0x12, 0x34],
  );
});

Deno.test("craftRequest refuses hosts and ports that the format cannot carry", () => {
  for (const host of ["", "a".repeat(256), "a b", "a\r\nb", "é", "a/b"]) {
    assert.throws(() => craftRequest(SocksCommand.CONNECT, { host, port: 1 }), RangeError);
  }
  for (const port of [-1, 65_536, 1.5, NaN]) {
    assert.throws(() => craftRequest(SocksCommand.CONNECT, { host: "a", port }), RangeError);
  }
});

Deno.test("parseMethodReply takes only a method that was offered", () => {
  const parse = (...bytes: number[]): ParseStep<number> =>
    parseMethodReply(Uint8Array.from(bytes), [0, 2]);
  assert.deepEqual(parse(), { kind: "need", needBytes: 2 });
  assert.deepEqual(parse(5), { kind: "need", needBytes: 1 });
  assert.deepEqual(parse(5, 2), { kind: "done", value: 2 });
  assert.deepEqual(parse(5, 255), { kind: "done", value: 255 });
  assert.match(badReason(parse(5, 1)), /method 1, which was not offered/);
  assert.match(badReason(parse(4)), /SOCKS4/);
  assert.match(badReason(parse(0x48)), /web server/);
  assert.match(badReason(parse(9, 0)), /version 9/);
});

Deno.test("parseCredentialsReply reads the status", () => {
  const parse = (...bytes: number[]): ParseStep<boolean> =>
    parseCredentialsReply(Uint8Array.from(bytes));
  assert.deepEqual(parse(1), { kind: "need", needBytes: 1 });
  assert.deepEqual(parse(1, 0), { kind: "done", value: true });
  assert.deepEqual(parse(1, 7), { kind: "done", value: false });
  assert.deepEqual(parse(5, 0), { kind: "done", value: true });
  assert.match(badReason(parse(2)), /version 2/);
});

Deno.test("parseReply reads all three types of address", () => {
  const parsed = (hostname: string, port: number): unknown =>
    parseReply(craftReply(0, { hostname, port }));
  assert.deepEqual(parsed("192.0.2.1", 65_535), {
    kind: "done",
    value: { code: 0, bound: { type: 1, host: "192.0.2.1", port: 65_535 } },
  });
  assert.deepEqual(parsed("2001:db8::7", 1), {
    kind: "done",
    value: { code: 0, bound: { type: 4, host: "2001:db8::7", port: 1 } },
  });
  assert.deepEqual(parsed("relay.example", 1080), {
    kind: "done",
    value: { code: 0, bound: { type: 3, host: "relay.example", port: 1080 } },
  });
});

Deno.test("parseReply takes a refusal without waiting for the rest", () => {
  for (let code = 1; code < 256; code++) {
    assert.deepEqual(parseReply(Uint8Array.of(5, code)), {
      kind: "done",
      value: { code, bound: null },
    });
  }
});

Deno.test("parseReply checks every field", () => {
  const cases: readonly [RegExp, readonly number[]][] = [
    [/version 6/, [6]],
    [/reserved byte/, [5, 0, 1]],
    [/unknown type 2/, [5, 0, 0, 2, 0]],
    [/without content/, [5, 0, 0, 3, 0]],
    [/characters no host name has/, [5, 0, 0, 3, 3, 0x61, 0x0a, 0x62, 0, 80]],
  ];
  for (const [reason, bytes] of cases) {
    assert.match(badReason(parseReply(Uint8Array.from(bytes))), reason);
  }
});

Deno.test("parsers ask for exactly what is missing, however a reply is cut", () => {
  const host = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string({
      unit: fc.constantFrom("a", "z", "0", "-", "."),
      minLength: 1,
      maxLength: 255,
    }),
  );
  const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 40 }));
  fc.assert(
    fc.property(host, fc.integer({ min: 0, max: 65_535 }), cuts, (hostname, port, sizes) => {
      const whole = craftReply(0, { hostname, port });
      const stream = Uint8Array.of(...whole, 1, 2, 3); // what follows is not the reply's
      let read = 0;
      for (;;) {
        const step = parseReply(stream.subarray(0, read));
        if (step.kind === "done") break;
        if (step.kind === "bad") throw new Error(step.reason);
        assert.ok(step.needBytes >= 1 && read + step.needBytes <= whole.length);
        read += Math.min(step.needBytes, sizes.next().value ?? 1);
      }
      assert.equal(read, whole.length);
      assert.deepEqual(parseReply(stream.subarray(0, read)), parseReply(whole));
    }),
  );
});

Deno.test("describeReply has words for every code", () => {
  for (let code = 0; code < 256; code++) {
    const text = describeReply(code, "CONNECT");
    assert.match(text, new RegExp(`^reply ${code}: .{9,}`));
  }
  assert.match(describeReply(7, "UDP ASSOCIATE"), /only TCP/);
  assert.match(describeReply(9, "CONNECT"), /does not define/);
});

Deno.test("SocksError tells a proxy that does TCP only from other failures", () => {
  assert.equal(new SocksError("x", { reply: 7 }).isCommandNotSupported, true);
  assert.equal(new SocksError("x", { reply: 1 }).isCommandNotSupported, false);
  assert.equal(new SocksError("x").reply, null);
});

function badReason<T>(step: ParseStep<T>): string {
  if (step.kind !== "bad") throw new Error(`expected a bad message, got ${step.kind}`);
  return step.reason;
}
