import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { type Claim, MachineClaims } from "../../../src/state/machine_claims.ts";
import { TempDir } from "../../support/temp_dir.ts";

const CLAIMS: readonly Claim[] = [
  { kind: "rules", base: 17_000 },
  { kind: "nft", table: "bindlink_exit_bind0" },
  { kind: "sysctl", path: "net/ipv6/conf/eth0.5/accept_ra", before: "1", value: "2" },
];

/** Opens, looks, and gives back. */
function claimsIn(
  folder: TempDir,
  machine = "here",
): { readonly all: readonly Claim[]; readonly warnings: readonly string[] } {
  using claims = MachineClaims.open(folder.path, "slave", machine)!;
  return { all: claims.all, warnings: claims.warnings };
}

/** What was claimed by a run that was killed. */
function write(folder: TempDir, claims: readonly Claim[] = CLAIMS): string {
  using opened = MachineClaims.open(folder.path, "slave", "here")!;
  for (const claim of claims) opened.add(claim);
  return `${folder.path}/slave-changes.json`;
}

Deno.test("claims are on the disk when add returns, and the next run has them", () => {
  using folder = new TempDir();
  using claims = MachineClaims.open(folder.path, "slave", "here")!;
  claims.add(CLAIMS[0]!);
  const text = Deno.readTextFileSync(`${folder.path}/slave-changes.json`);
  assert.deepEqual(JSON.parse(text).claims, [CLAIMS[0]]);
  for (const claim of CLAIMS.slice(1)) claims.add(claim);
  claims[Symbol.dispose]();
  assert.deepEqual(claimsIn(folder), { all: CLAIMS, warnings: [] });
});

Deno.test("a file without claims is none", () => {
  using folder = new TempDir();
  assert(!MachineClaims.exist(folder.path, "slave"));
  write(folder);
  assert(MachineClaims.exist(folder.path, "slave"));
  assert(!MachineClaims.exist(folder.path, "master"));
  using claims = MachineClaims.open(folder.path, "slave", "here")!;
  for (const claim of claims.all) claims.remove(claim);
  assert.deepEqual(claims.all, []);
  assert(!MachineClaims.exist(folder.path, "slave"));
});

Deno.test("claims of another boot or network namespace mean nothing", () => {
  using folder = new TempDir();
  write(folder);
  assert.deepEqual(claimsIn(folder, "after a boot"), { all: [], warnings: [] });
});

Deno.test("one daemon of a role has the claims at a time", () => {
  using folder = new TempDir();
  using _first = MachineClaims.open(folder.path, "slave")!;
  assert.equal(MachineClaims.open(folder.path, "slave"), null);
  using master = MachineClaims.open(folder.path, "master");
  assert.notEqual(master, null);
});

Deno.test("a writer that was killed halfway leaves the claims as they were", () => {
  using folder = new TempDir();
  const path = write(folder);
  Deno.writeTextFileSync(`${path}.tmp-killed`, '{"format":"bindlink chan');
  assert.deepEqual(claimsIn(folder).all, CLAIMS);
  assert.deepEqual(folder.names(), ["slave-changes.json", "slave-changes.lock"]);
});

Deno.test("a file cut off at any byte is set aside, and said", () => {
  using folder = new TempDir();
  const path = write(folder);
  const whole = Deno.readTextFileSync(path).trimEnd();
  for (let length = 0; length < whole.length; length += 7) {
    Deno.writeTextFileSync(path, whole.slice(0, length));
    const { all, warnings } = claimsIn(folder);
    assert.deepEqual(all, [], `${length} bytes`);
    assert.match(warnings.join(), /damaged or cut off|empty/);
    assert.match(warnings.join(), /slave-changes\.json\.damaged.*nft list tables/);
    assert(!MachineClaims.exist(folder.path, "slave"));
    Deno.removeSync(`${path}.damaged`);
  }
});

Deno.test("a claim that this program would not write is not believed", () => {
  using folder = new TempDir();
  const path = write(folder);
  const file = JSON.parse(Deno.readTextFileSync(path));
  for (
    const claim of [
      { kind: "nft", table: "filter" },
      { kind: "nft", table: "bindlink_x; flush ruleset" },
      { kind: "sysctl", path: "kernel/core_pattern", before: "1", value: "2" },
      { kind: "sysctl", path: "net/ipv4/../x", before: "1", value: "2" },
      { kind: "sysctl", path: "net/ipv4/ip_forward", before: "x", value: "1" },
      { kind: "rules", base: 0 },
      { kind: "files", path: "/etc/passwd" },
    ]
  ) {
    Deno.writeTextFileSync(path, JSON.stringify({ ...file, claims: [claim] }));
    const { all, warnings } = claimsIn(folder);
    assert.deepEqual(all, [], JSON.stringify(claim));
    assert.equal(warnings.length, 1);
  }
});
