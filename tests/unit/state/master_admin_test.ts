import assert from "node:assert/strict";
import { loadLibc } from "../../../ffi/libc.ts";
import {
  decodeJoinToken,
  deriveSlaveSecrets,
  type JoinToken,
} from "../../../src/peer/join_token.ts";
import { nobleDiffieHellman } from "../../../src/peer/primitives.ts";
import {
  type AdminMachine,
  type InviteOptions,
  type LiveMaster,
  MasterAdmin,
} from "../../../src/state/master_admin.ts";
import { MasterStore, type SlaveRecord, type SlaveUsage } from "../../../src/state/master_store.ts";
import { StateError } from "../../../src/state/state_error.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { TempDir } from "../../support/temp_dir.ts";

loadLibc();

const NOW = "2026-03-01T12:00:00.000Z";
const ENDPOINT = { host: "vpn.example.org", port: 4321 };
const BY_TOKEN: InviteOptions = { endpoints: [ENDPOINT], publicKey: null };

/** A machine whose interfaces are given, at a fixed time. */
function machine(...addresses: string[]): AdminMachine {
  return {
    now: () => Date.parse(NOW),
    randomBytes: (lengthBytes) => crypto.getRandomValues(new Uint8Array(lengthBytes)),
    networkInterfaces: () => addresses.map((address) => ({ address })),
  };
}

/** A running master that notes what it is told. */
class FakeLive implements LiveMaster {
  port = 5000;
  pool = { address: "10.9.0.0", prefixBits: 24 };
  maxSlaves = 1000;
  readonly live = new Map<string, { readonly linksUp: number; readonly usage: SlaveUsage }>();
  readonly told: string[] = [];

  liveSlave(name: string): { readonly linksUp: number; readonly usage: SlaveUsage } | null {
    return this.live.get(name) ?? null;
  }
  handleInvited(record: SlaveRecord): void {
    this.told.push(`invited ${record.name} ${record.hostNumber} ${record.revokedAt}`);
  }
  handleRevoked(record: SlaveRecord): void {
    this.told.push(`revoked ${record.name} ${record.revokedAt}`);
  }
}

/** A store of its own. */
class Rig implements Disposable {
  readonly folder = new TempDir();
  readonly store = MasterStore.open(this.folder.path);

  admin(live: LiveMaster | null = null, ...addresses: string[]): MasterAdmin {
    return new MasterAdmin(this.store, live, machine(...addresses));
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

function refuses(act: () => unknown, reason: RegExp): void {
  assert.throws(act, (error: unknown) => error instanceof UsageError && reason.test(error.message));
}

function tokenOf(text: string): JoinToken {
  const token = decodeJoinToken(text);
  assert(typeof token !== "string", String(token));
  return token;
}

Deno.test("MasterAdmin.invite makes a token whose seed leads to the stored keys", () => {
  using rig = new Rig();
  const invitation = rig.admin().invite("laptop", BY_TOKEN);
  const { masterKey, seed, endpoints } = tokenOf(invitation.token);
  assert.deepEqual(masterKey, rig.store.keyPair.publicKey);
  assert.deepEqual(endpoints, [ENDPOINT]);
  const { secretKey, psk } = deriveSlaveSecrets(seed!);
  const [record] = rig.store.slaves;
  assert.deepEqual(record, {
    name: "laptop",
    publicKey: nobleDiffieHellman.publicKey(secretKey),
    psk,
    hostNumber: 2,
    invitedAt: NOW,
    revokedAt: null,
  });
  assert.equal(invitation.addresses[0], "10.10.10.2");
  assert.match(invitation.addresses[1]!, /^fd/);
  assert.equal(invitation.areEndpointsGuessed, false);
});

Deno.test("MasterAdmin.invite gives each slave a secret of its own, and does not store it", () => {
  using rig = new Rig();
  const admin = rig.admin();
  const seeds = ["a", "b"].map((name) => tokenOf(admin.invite(name, BY_TOKEN).token).seed!);
  assert.notDeepEqual(seeds[0], seeds[1]);
  const file = Deno.readTextFileSync(`${rig.folder.path}/master.json`);
  for (const seed of seeds) {
    assert(!file.includes(seed.toBase64()));
    assert(!file.includes(deriveSlaveSecrets(seed).secretKey.toBase64()));
  }
});

Deno.test("MasterAdmin.invite with a public key makes a token without secrets", () => {
  using rig = new Rig();
  const publicKey = nobleDiffieHellman.publicKey(new Uint8Array(32).fill(7));
  const { token } = rig.admin().invite("laptop", { endpoints: [ENDPOINT], publicKey });
  assert.equal(tokenOf(token).seed, null);
  const [record] = rig.store.slaves;
  assert.deepEqual([record?.publicKey, record?.psk], [publicKey, new Uint8Array(32)]);
});

Deno.test("MasterAdmin.invite refuses public keys that are taken, the master's, or no key", () => {
  using rig = new Rig();
  const admin = rig.admin();
  const publicKey = nobleDiffieHellman.publicKey(new Uint8Array(32).fill(7));
  const withKey = (key: Uint8Array<ArrayBuffer>): InviteOptions => ({
    endpoints: [ENDPOINT],
    publicKey: key,
  });
  admin.invite("one", withKey(publicKey));
  refuses(() => admin.invite("two", withKey(publicKey)), /it is that of slave "one"/);
  refuses(() => admin.invite("two", withKey(rig.store.keyPair.publicKey)), /the master's own/);
  refuses(() => admin.invite("two", withKey(new Uint8Array(32))), /none that a secret key has/);
  admin.revoke("one");
  admin.invite("two", withKey(publicKey));
  assert.deepEqual(rig.store.slaves.map((it) => it.name), ["two"]);
});

Deno.test("MasterAdmin.invite refuses names that are malformed", () => {
  using rig = new Rig();
  for (const name of ["", "-x", ".x", "_x", "a b", "ä", "a/b", "a\n", "x".repeat(33), '"']) {
    refuses(() => rig.admin().invite(name, BY_TOKEN), /1 to 32 letters, digits/);
  }
  for (const name of ["a", "0", "A.b-c_d", "x".repeat(32)]) rig.admin().invite(name, BY_TOKEN);
});

Deno.test("MasterAdmin.invite refuses a name that is taken, until it is revoked", () => {
  using rig = new Rig();
  const admin = rig.admin();
  admin.invite("laptop", BY_TOKEN);
  refuses(() => admin.invite("laptop", BY_TOKEN), /already: .*"bindlink revoke laptop"/);
  admin.revoke("laptop");
  admin.invite("laptop", BY_TOKEN);
  assert.deepEqual(rig.store.slaves.map((it) => [it.name, it.revokedAt]), [["laptop", null]]);
});

Deno.test("MasterAdmin.invite gives the lowest free address, and says when none is left", () => {
  using rig = new Rig();
  const live = new FakeLive();
  live.pool = { address: "10.9.0.0", prefixBits: 29 };
  const admin = rig.admin(live);
  for (const name of ["a", "b", "c", "d", "e"]) admin.invite(name, BY_TOKEN);
  refuses(() => admin.invite("f", BY_TOKEN), /All 5 addresses of the pool.*--pool/);
  admin.revoke("c");
  assert.equal(admin.invite("f", BY_TOKEN).addresses[0], "10.9.0.4");
});

Deno.test("MasterAdmin.invite remembers the endpoints that were named", () => {
  using rig = new Rig();
  const named = [ENDPOINT, { host: "2001:db8::1", port: 1 }];
  rig.admin().invite("a", { endpoints: [...named, ENDPOINT], publicKey: null });
  const invitation = rig.admin(null, "198.51.100.7").invite("b", {
    endpoints: [],
    publicKey: null,
  });
  assert.deepEqual(invitation.endpoints, named);
  assert.equal(invitation.areEndpointsGuessed, false);
});

Deno.test("MasterAdmin.invite guesses this machine's public addresses, and does not remember them", () => {
  using rig = new Rig();
  const options: InviteOptions = { endpoints: [], publicKey: null };
  const live = new FakeLive();
  const first = rig.admin(live, "10.0.0.1", "198.51.100.7").invite("a", options);
  assert.deepEqual(first.endpoints, [{ host: "198.51.100.7", port: 5000 }]);
  assert.equal(first.areEndpointsGuessed, true);
  const second = rig.admin(null, "198.51.100.8").invite("b", options);
  assert.deepEqual(second.endpoints, [{ host: "198.51.100.8", port: 4321 }]);
  rig.store.setLastRun({ port: 6000, pool: { address: "10.8.0.0", prefixBits: 16 } });
  const third = rig.admin(null, "198.51.100.8").invite("c", options);
  assert.deepEqual(third.endpoints, [{ host: "198.51.100.8", port: 6000 }]);
  assert.equal(third.addresses[0], "10.8.0.4");
});

Deno.test("MasterAdmin.invite says what to type when no endpoint is known", () => {
  using rig = new Rig();
  const invite = (): unknown =>
    rig.admin(null, "192.168.1.5").invite("a", { endpoints: [], publicKey: null });
  refuses(invite, /--endpoint HOST:PORT, e\.g\. --endpoint vpn\.example\.org:4321$/);
  assert.deepEqual(rig.store.slaves, []);
});

Deno.test("MasterAdmin.invite refuses endpoints that no token holds, and stores nothing", () => {
  using rig = new Rig();
  const many = Array.from({ length: 17 }, (_, i) => ({ host: `h${i}.example`, port: 1 }));
  refuses(() => rig.admin().invite("a", { endpoints: many, publicKey: null }), /16/);
  assert.deepEqual([rig.store.slaves, rig.store.endpoints], [[], []]);
});

Deno.test("MasterAdmin.invite refuses a second slave of a master that serves one", () => {
  using rig = new Rig();
  const live = new FakeLive();
  live.maxSlaves = 1;
  const admin = rig.admin(live);
  admin.invite("one", BY_TOKEN);
  refuses(() => admin.invite("two", BY_TOKEN), /serves one slave.*"bindlink revoke one"/);
  admin.revoke("one");
  admin.invite("two", BY_TOKEN);
});

Deno.test("MasterAdmin tells the running master once it is on disk, and not when it is not", () => {
  using rig = new Rig();
  const live = new FakeLive();
  const admin = rig.admin(live);
  admin.invite("laptop", BY_TOKEN);
  admin.revoke("laptop");
  assert.deepEqual(live.told, [`invited laptop 2 null`, `revoked laptop ${NOW}`]);
  Deno.removeSync(`${rig.folder.path}/master.json`);
  Deno.mkdirSync(`${rig.folder.path}/master.json`);
  assert.throws(() => admin.invite("other", BY_TOKEN), StateError);
  assert.equal(live.told.length, 2);
});

Deno.test("MasterAdmin.revoke tells since when, the second time", () => {
  using rig = new Rig();
  const live = new FakeLive();
  const admin = rig.admin(live);
  refuses(() => admin.revoke("laptop"), /no slave "laptop".*bindlink slaves/);
  admin.invite("laptop", BY_TOKEN);
  live.live.set("laptop", {
    linksUp: 1,
    usage: { lastSeenAt: NOW, receivedBytes: 1, sentBytes: 1 },
  });
  assert.deepEqual(admin.revoke("laptop"), {
    revokedAt: NOW,
    wasRevokedBefore: false,
    wasConnected: true,
  });
  assert.deepEqual(admin.revoke("laptop"), {
    revokedAt: NOW,
    wasRevokedBefore: true,
    wasConnected: false,
  });
  assert.equal(live.told.length, 2);
});

Deno.test("MasterAdmin.list shows who is connected, away and revoked", () => {
  using rig = new Rig();
  const live = new FakeLive();
  const admin = rig.admin(live);
  for (const name of ["on", "off", "out"]) admin.invite(name, BY_TOKEN);
  const stored = { lastSeenAt: "2026-02-01T00:00:00.000Z", receivedBytes: 5, sentBytes: 6 };
  rig.store.saveUsage(new Map([["on", stored], ["off", stored]]));
  admin.revoke("out");
  live.live.set("on", {
    linksUp: 2,
    usage: { lastSeenAt: NOW, receivedBytes: 15, sentBytes: 16 },
  });
  const [on, off, out] = admin.list();
  assert.equal(on?.addresses[0], "10.9.0.2");
  assert.deepEqual({ ...on, addresses: [] }, {
    name: "on",
    addresses: [],
    state: "connected",
    linksUp: 2,
    lastSeenAt: NOW,
    receivedBytes: 15,
    sentBytes: 16,
  });
  assert.deepEqual([off?.state, off?.linksUp, off?.lastSeenAt], ["away", 0, stored.lastSeenAt]);
  assert.deepEqual([out?.state, out?.addresses], ["revoked", []]);
});

Deno.test("MasterAdmin.list shows no address of a slave beyond a pool that became smaller", () => {
  using rig = new Rig();
  const wide = rig.admin();
  for (let i = 0; i < 6; i++) wide.invite(`s${i}`, BY_TOKEN);
  const live = new FakeLive();
  live.pool = { address: "10.9.0.0", prefixBits: 29 };
  assert.deepEqual(rig.admin(live).list().at(-1)?.addresses, []);
});
