import assert from "node:assert/strict";
import type { Finding } from "../../../src/doctor/finding.ts";
import { judgeMachine, type MachineFacts } from "../../../src/doctor/judge_machine.ts";

const GOOD: MachineFacts = {
  os: "linux",
  release: "6.12.1",
  engine: {
    name: "ffi",
    reason: "",
    hasSegment: true,
    hasGather: true,
    receiveBufferBytes: 8_388_608,
    wantedBufferBytes: 8_388_608,
  },
  tun: { kind: "works", hasOffload: true },
  crypto: { label: "libcrypto.so.3", isFast: true, ciphers: ["AES-256-GCM"] },
  wallMs: Date.parse("2026-05-01T12:00:00Z"),
  wallText: "2026-05-01 12:00 UTC",
  state: { path: "/var/lib/bindlink", kind: "readable", detail: "", openTo: [] },
};

function verdictOf(check: string, some: Partial<MachineFacts>): Finding {
  const found = judgeMachine({ ...GOOD, ...some }).find((it) => it.check === check);
  return found ?? assert.fail(`nothing about ${check}`);
}

Deno.test("a good machine has nothing to tell but that", () => {
  assert.deepEqual(judgeMachine(GOOD).filter(({ verdict }) => verdict !== "ok"), []);
});

Deno.test("a tun device that cannot be made is a fault; its remedy is the advice", () => {
  const text = "Cannot make a tun device: EPERM (needs CAP_NET_ADMIN; run as root)";
  const found = verdictOf("tun", { tun: { kind: "failed", text } });
  assert.equal(found.verdict, "fault");
  assert.equal(found.text, "Cannot make a tun device: EPERM");
  assert.equal(found.advice, "needs CAP_NET_ADMIN; run as root");
});

Deno.test("what only root may do is not checked for another user, and says who could", () => {
  const text = "Cannot make a tun device: EACCES (no access to /dev/net/tun; run as root)";
  const found = verdictOf("tun", { tun: { kind: "not-allowed", text } });
  assert.equal(found.verdict, "unchecked");
  assert.match(found.text, /EACCES$/);
  assert.match(found.advice, /sudo bindlink doctor/);
});

Deno.test("a tun name in use is not checked, no vnet header is a note, a stand-in needs none", () => {
  assert.equal(verdictOf("tun", { tun: { kind: "busy" } }).verdict, "unchecked");
  assert.equal(verdictOf("tun", { tun: { kind: "works", hasOffload: false } }).verdict, "note");
  assert.equal(verdictOf("tun", { tun: null }).verdict, "ok");
});

Deno.test("another system is a fault only when it needs a tun", () => {
  assert.equal(verdictOf("system", { os: "darwin" }).verdict, "fault");
  assert.equal(verdictOf("system", { os: "darwin", tun: null }).verdict, "note");
});

Deno.test("the slow engine is a note with the reason, one that was asked for and does not work a fault", () => {
  const slow = { ...GOOD.engine, name: "deno", reason: "no FFI" } as const;
  const found = verdictOf("io", { engine: slow });
  assert.equal(found.verdict, "note");
  assert.match(found.text, /no FFI/);
  assert.equal(verdictOf("io", { engine: { ...slow, name: null } }).verdict, "fault");
  const reason = "Cannot use --mark: Cannot set socket mark 7: EPERM (needs CAP_NET_ADMIN)";
  const unmarked = verdictOf("io", { engine: { ...slow, name: null, reason } });
  assert.match(unmarked.advice, /^leave --mark out, or start bindlink with sudo$/);
});

Deno.test("an old kernel and small buffers are notes with what to type", () => {
  const engine = { ...GOOD.engine, hasGather: false, receiveBufferBytes: 212_992 };
  assert.equal(verdictOf("io", { engine }).verdict, "note");
  const buffers = verdictOf("socket-buffers", { engine });
  assert.equal(buffers.verdict, "note");
  assert.match(buffers.advice, /sysctl -w net\.core\.rmem_max=8388608/);
});

Deno.test("ciphers by libsodium are a note, none at all are a fault", () => {
  const crypto = { label: "libsodium", isFast: false, ciphers: ["ChaCha20-Poly1305"] };
  assert.equal(verdictOf("ciphers", { crypto }).verdict, "note");
  assert.equal(verdictOf("ciphers", { crypto: { failure: "none works" } }).verdict, "fault");
});

Deno.test("a clock before this program was written is a fault", () => {
  assert.equal(verdictOf("clock", { wallMs: Date.parse("1970-01-02T00:00:00Z") }).verdict, "fault");
});

Deno.test("a state directory that is missing is a note, one that is closed or open to all a fault", () => {
  const { state } = GOOD;
  const verdict = (some: Partial<MachineFacts["state"]>): string =>
    verdictOf("state-directory", { state: { ...state, ...some } }).verdict;
  assert.equal(verdict({ kind: "missing" }), "note");
  assert.equal(verdict({ kind: "unreadable", detail: "EACCES" }), "fault");
  assert.equal(verdict({ kind: "not-a-directory" }), "fault");
  assert.equal(verdict({ openTo: ["/var/lib/bindlink/slave.json"] }), "fault");
});
