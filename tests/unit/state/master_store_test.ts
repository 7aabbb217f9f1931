import assert from "node:assert/strict";
import { changeOwner } from "../../../ffi/file_owner.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { nobleDiffieHellman } from "../../../src/peer/primitives.ts";
import { encodeKey } from "../../../src/state/key_text.ts";
import { MasterStore, type SlaveRecord } from "../../../src/state/master_store.ts";
import { StateError } from "../../../src/state/state_error.ts";
import { TempDir } from "../../support/temp_dir.ts";

loadLibc();

function slave(name: string, hostNumber: number, keyByte = hostNumber): SlaveRecord {
  return {
    name,
    publicKey: new Uint8Array(32).fill(keyByte),
    psk: new Uint8Array(32).fill(0x77),
    hostNumber,
    invitedAt: "2026-01-01T00:00:00.000Z",
    revokedAt: null,
  };
}

const AT = "2026-02-02T00:00:00.000Z";

Deno.test("MasterStore makes a key at first, and keeps it", () => {
  using folder = new TempDir();
  const stateDir = `${folder.path}/state`;
  assert.equal(MasterStore.exists(stateDir), false);
  using first = MasterStore.open(stateDir);
  const { secretKey, publicKey } = first.keyPair;
  assert.deepEqual([first.isNew, first.warnings, first.slaves.length], [true, [], 0]);
  assert.deepEqual(publicKey, nobleDiffieHellman.publicKey(secretKey));
  first[Symbol.dispose]();
  using second = MasterStore.open(stateDir);
  assert.equal(second.isNew, false);
  assert.deepEqual(second.keyPair.secretKey, secretKey);
  assert.equal(MasterStore.exists(stateDir), true);
});

Deno.test("MasterStore makes a key of its own for each directory", () => {
  using one = new TempDir();
  using two = new TempDir();
  using first = MasterStore.open(one.path);
  using second = MasterStore.open(two.path);
  assert.notDeepEqual(first.keyPair.secretKey, second.keyPair.secretKey);
});

Deno.test("MasterStore keeps its slaves, endpoints and last run", () => {
  using folder = new TempDir();
  const endpoints = [{ host: "m.example", port: 4321 }];
  const lastRun = { port: 5000, pool: { address: "10.9.0.0", prefixBits: 16 } };
  {
    using store = MasterStore.open(folder.path);
    store.addSlave(slave("one", 2));
    store.addSlave(slave("two", 3));
    store.revokeSlave("one", AT);
    store.setEndpoints(endpoints);
    store.setLastRun(lastRun);
  }
  using store = MasterStore.open(folder.path);
  assert.deepEqual(store.slaves, [{ ...slave("one", 2), revokedAt: AT }, slave("two", 3)]);
  assert.deepEqual(store.endpoints, endpoints);
  assert.deepEqual(store.lastRun, lastRun);
});

Deno.test("MasterStore.addSlave replaces revoked slaves of its name or key, and no others", () => {
  using folder = new TempDir();
  using store = MasterStore.open(folder.path);
  for (const record of [slave("one", 2, 1), slave("two", 3, 2), slave("three", 4, 3)]) {
    store.addSlave(record);
    store.revokeSlave(record.name, AT);
  }
  store.addSlave(slave("active", 5, 4));
  store.addSlave(slave("one", 2, 2));
  assert.deepEqual(store.slaves.map((it) => [it.name, it.revokedAt]), [
    ["three", AT],
    ["active", null],
    ["one", null],
  ]);
});

Deno.test("MasterStore keeps usage by slave, and begins anew with a new key", () => {
  using folder = new TempDir();
  const usage = { lastSeenAt: AT, receivedBytes: 10, sentBytes: 2 ** 50 };
  {
    using store = MasterStore.open(folder.path);
    store.addSlave(slave("one", 2));
    store.addSlave(slave("two", 3));
    store.saveUsage(new Map([["one", usage], ["stranger", usage]]));
  }
  using store = MasterStore.open(folder.path);
  const none = { lastSeenAt: null, receivedBytes: 0, sentBytes: 0 };
  assert.deepEqual(store.usageOf("one"), usage);
  assert.deepEqual(store.usageOf("two"), none);
  assert.deepEqual(store.usageOf("stranger"), none);
  store.revokeSlave("one", AT);
  assert.deepEqual(store.usageOf("one"), usage);
  store.addSlave(slave("one", 2, 99));
  assert.deepEqual(store.usageOf("one"), none);
  store.saveUsage(new Map());
  assert.deepEqual(
    JSON.parse(Deno.readTextFileSync(`${folder.path}/usage.json`)).slaves,
    {},
  );
});

Deno.test("MasterStore sets a broken usage file aside, says so, and starts", () => {
  for (
    const text of ["{", '{"format":"bindlink usage","version":9}', '{"format":"x","version":1}']
  ) {
    using folder = new TempDir();
    const path = `${folder.path}/usage.json`;
    Deno.writeTextFileSync(path, text);
    using store = MasterStore.open(folder.path);
    assert.equal(store.warnings.length, 1);
    assert.match(store.warnings[0]!, /usage\.json".*begin anew.*usage\.json\.broken"$/);
    assert.equal(Deno.readTextFileSync(`${path}.broken`), text);
    store.addSlave(slave("one", 2));
    store.saveUsage(new Map([["one", { lastSeenAt: AT, receivedBytes: 1, sentBytes: 1 }]]));
    assert.equal(store.usageOf("one").receivedBytes, 1);
  }
});

Deno.test("MasterStore refuses a damaged, newer or malformed file and never writes over it", () => {
  const head = `"format":"bindlink master","version":1,"secretKey":"${
    encodeKey(new Uint8Array(32))
  }"`;
  const one = `"name":"a","publicKey":"${encodeKey(new Uint8Array(32))}",` +
    `"psk":"${encodeKey(new Uint8Array(32))}","hostNumber":2,"invitedAt":"${AT}","revokedAt":null`;
  const rest = '"endpoints":[],"lastRun":null';
  const broken: readonly (readonly [string, RegExp])[] = [
    ["", /empty/],
    [`{${head},"slaves":[`, /damaged or cut off/],
    ['{"format":"bindlink master","version":2}', /newer bindlink.*update/],
    ['{"format":"bindlink master","version":1}', /"secretKey" must be a key/],
    [`{${head},${rest}}`, /"slaves" must be a list/],
    [`{${head},"slaves":[{${one.replace('"a"', '"-a"')}}],${rest}}`, /"slaves\[0\]\.name" must be/],
    [`{${head},"slaves":[{${one.replace(":2", ":1")}}],${rest}}`, /"slaves\[0\]\.hostNumber" must/],
    [`{${head},"slaves":[{${one}},{${one}}],${rest}}`, /"slaves\[1\]\.name" is that of another/],
    [`{${head},"slaves":[],"endpoints":[{"host":"","port":1}]}`, /"endpoints\[0\]\.host" must/],
    [
      `{${head},"slaves":[],"endpoints":[],"lastRun":{"port":1,"pool":{"address":"::","prefixBits":24}}}`,
      /"lastRun\.pool\.address" must be an IPv4/,
    ],
  ];
  for (const [text, reason] of broken) {
    using folder = new TempDir();
    const path = `${folder.path}/master.json`;
    Deno.writeTextFileSync(path, text, { mode: 0o600 });
    assert.throws(
      () => MasterStore.open(folder.path),
      (error: unknown) =>
        error instanceof StateError && error.message.includes(path) && reason.test(error.message),
      text,
    );
    assert.equal(Deno.readTextFileSync(path), text);
    // Nor does the failure keep the lock.
    Deno.removeSync(path);
    using _store = MasterStore.open(folder.path);
  }
});

Deno.test("MasterStore removes what killed writers left, and no more", () => {
  using folder = new TempDir();
  for (const name of ["master.json.tmp-1", "usage.json.tmp-2", "slave.json.tmp-3", "notes"]) {
    Deno.writeTextFileSync(`${folder.path}/${name}`, "");
  }
  using _store = MasterStore.open(folder.path);
  assert.deepEqual(folder.names(), ["master.json", "master.lock", "notes", "slave.json.tmp-3"]);
});

Deno.test("MasterStore warns when others can read the key", () => {
  using folder = new TempDir();
  MasterStore.open(folder.path)[Symbol.dispose]();
  Deno.chmodSync(`${folder.path}/master.json`, 0o640);
  using store = MasterStore.open(folder.path);
  assert.match(store.warnings[0] ?? "", /master\.json" can be read by other users.*chmod 0600/);
});

Deno.test("MasterStore keeps in memory what is on the disk when writing fails", () => {
  using folder = new TempDir();
  using store = MasterStore.open(folder.path);
  store.addSlave(slave("one", 2));
  // A directory of that name cannot be replaced by a file, not even by root.
  Deno.removeSync(`${folder.path}/master.json`);
  Deno.mkdirSync(`${folder.path}/master.json`);
  assert.throws(() => store.addSlave(slave("two", 3)), StateError);
  assert.throws(() => store.revokeSlave("one", AT), StateError);
  assert.deepEqual(store.slaves, [slave("one", 2)]);
});

Deno.test({
  name: "MasterStore as root leaves a service's user files it can open",
  ignore: Deno.uid() !== 0,
  fn: () => {
    using folder = new TempDir();
    changeOwner(folder.path, 65534, 65534);
    using store = MasterStore.open(folder.path, "command");
    store.addSlave(slave("one", 2));
    store.saveUsage(new Map());
    for (const name of folder.names()) {
      assert.equal(Deno.lstatSync(`${folder.path}/${name}`).uid, 65534, name);
    }
  },
});
