import assert from "node:assert/strict";
import * as fc from "fast-check";
import { StateError } from "../../../src/state/state_error.ts";
import { StateFields } from "../../../src/state/state_fields.ts";

function fieldsOf(value: unknown): StateFields {
  return new StateFields("/x/file.json", "", value);
}

const KEY = btoa("\0".repeat(32));

Deno.test("StateFields reads each kind of field", () => {
  const fields = fieldsOf({
    text: "x",
    integer: 3,
    key: KEY,
    time: "2026-01-31T12:00:00.000Z",
    none: null,
    ipv4: "10.0.0.0",
    object: { inner: "y" },
    list: [{ inner: "z" }],
    texts: ["a", "b"],
    hosts: [{ host: "h", port: 1 }],
  });
  assert.equal(fields.text("text"), "x");
  assert.equal(fields.integer("integer", 3, 3), 3);
  assert.deepEqual(fields.key("key"), new Uint8Array(32));
  assert.equal(fields.time("time"), "2026-01-31T12:00:00.000Z");
  assert.equal(fields.timeOrNull("none"), null);
  assert.equal(fields.ipv4("ipv4"), "10.0.0.0");
  assert.equal(fields.object("object").text("inner"), "y");
  assert.equal(fields.objects("list")[0]!.text("inner"), "z");
  assert.deepEqual(fields.texts("texts"), ["a", "b"]);
  assert.deepEqual(fields.hostPorts("hosts"), [{ host: "h", port: 1 }]);
  assert.deepEqual([fields.has("text"), fields.has("none"), fields.has("absent")], [
    true,
    false,
    false,
  ]);
});

Deno.test("StateFields names the field that is wrong, however deep", () => {
  const fields = fieldsOf({
    slaves: [{ name: "a" }, { name: 7 }],
    hosts: [{ host: "h", port: 0 }],
  });
  assert.throws(
    () => fields.objects("slaves")[1]!.text("name"),
    /^StateError: Cannot read state file "\/x\/file\.json": "slaves\[1\]\.name" must be a text /,
  );
  assert.throws(
    () => fields.hostPorts("hosts"),
    /"hosts\[0\]\.port" must be a whole number from 1/,
  );
  assert.throws(() => fields.objects("none"), /"none" must be a list/);
  assert.throws(() => fieldsOf({ list: [3] }).objects("list"), /"list\[0\]" must be an object/);
  assert.throws(() => fieldsOf({ list: [3] }).texts("list"), /"list\[0\]" must be a text/);
});

Deno.test("StateFields takes a key only as 32 bytes in canonical base64", () => {
  const notKeys = [
    "",
    KEY.slice(1),
    KEY.slice(0, -1),
    `${KEY} `,
    btoa("\0".repeat(31)),
    btoa("\0".repeat(33)),
    // The same 32 bytes with a bit in the padding.
    KEY.replace(/A=$/, "B="),
    KEY.replace("A", "-"),
    7,
  ];
  for (const key of notKeys) {
    assert.throws(() => fieldsOf({ key }).key("key"), /"key" must be a key/, String(key));
  }
});

Deno.test("StateFields takes a time only in UTC and in the calendar", () => {
  for (const time of ["2026-01-31", "2026-13-31T12:00:00Z", "2026-01-31T12:00:00+01:00", 0, ""]) {
    assert.throws(() => fieldsOf({ time }).time("time"), /"time" must be a time/, String(time));
  }
});

Deno.test("StateFields throws nothing but StateError, whatever the file holds", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const readers: ((fields: StateFields) => unknown)[] = [
      (it) => it.text("x"),
      (it) => it.integer("x", 0, 9),
      (it) => it.key("x"),
      (it) => it.timeOrNull("x"),
      (it) => it.ipv4("x"),
      (it) => it.objects("x").map((inner) => inner.object("y")),
      (it) => it.texts("x"),
      (it) => it.hostPorts("x"),
      (it) => it.object("__proto__"),
    ];
    for (const read of readers) {
      for (const root of [value, { x: value }, { x: [value] }, { x: [{ y: value }] }]) {
        try {
          read(fieldsOf(root));
        } catch (error) {
          if (!(error instanceof StateError)) throw error;
        }
      }
    }
  }));
});
