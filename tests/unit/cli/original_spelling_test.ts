import assert from "node:assert/strict";
import { rewriteArgv } from "../../../src/cli/original_spelling.ts";

const noEnvironment = (): undefined => undefined;

function rewritten(...argv: string[]): string {
  return rewriteArgv(argv, noEnvironment).join(" ");
}

Deno.test("rewriteArgv makes a master of whoever has a port to listen on", () => {
  assert.equal(rewritten("-listen_port=4000"), "master --protocol=legacy --listen=4000");
  assert.equal(rewritten("--listen_port", "4000"), "master --protocol=legacy --listen=4000");
  assert.equal(
    rewritten("--listen_port=4000", "--http_listen_port", ":9090"),
    "master --protocol=legacy --listen=4000 --metrics=:9090",
  );
});

Deno.test("rewriteArgv makes a slave of whoever has proxies or targets", () => {
  assert.equal(
    rewritten("-proxies=a:1,b:2", "-proxy_target", "203.0.113.5:4000"),
    "slave --protocol=legacy --proxies=a:1,b:2 --proxy-target=203.0.113.5:4000",
  );
  assert.equal(rewritten("--targets", "a:1"), "slave --protocol=legacy --targets=a:1");
});

Deno.test("rewriteArgv takes a listen_port of 0 and an empty list as not given", () => {
  assert.equal(
    rewritten("--listen_port=0", "--proxies=a:1", "--targets="),
    "slave --protocol=legacy --proxies=a:1",
  );
});

Deno.test("rewriteArgv accepts the original's spellings behind a subcommand", () => {
  assert.equal(
    rewritten("master", "-connect_tcp", "127.0.0.1:22", "--listen_port=1"),
    "master --connect-tcp=127.0.0.1:22 --listen=1",
  );
  assert.equal(rewritten("slave", "--log_level", "debug"), "slave --log-level=debug");
});

Deno.test("rewriteArgv leaves a value alone that looks like an option of the original", () => {
  assert.deepEqual(rewriteArgv(["slave", "--tun-name", "-listen_port"], noEnvironment), [
    "slave",
    "--tun-name=-listen_port",
  ]);
});

Deno.test("rewriteArgv does not take the next option for a missing value", () => {
  assert.equal(
    rewritten("slave", "--proxies", "--targets", "a:1"),
    "slave --proxies --targets=a:1",
  );
});

Deno.test("rewriteArgv leaves what it does not know to the parser", () => {
  for (
    const argv of [[], ["slav", "-x"], ["-h"], ["--bogus=1"], ["master", "word"], ["master", "--"]]
  ) {
    assert.deepEqual(rewriteArgv(argv, noEnvironment), argv);
  }
  assert.deepEqual(rewriteArgv(["-help"], noEnvironment), ["--help"]);
});

Deno.test("rewriteArgv leaves the half-typed command line of a shell's completion alone", () => {
  const argv = ["completion", "bash", "slave", "--proxy_t"];
  assert.deepEqual(rewriteArgv(argv, noEnvironment), argv);
});

Deno.test("rewriteArgv keeps everything behind -- as it is", () => {
  assert.deepEqual(rewriteArgv(["master", "--", "-listen_port=1"], noEnvironment), [
    "master",
    "--",
    "-listen_port=1",
  ]);
});

Deno.test("rewriteArgv names no protocol where one is named", () => {
  assert.equal(
    rewritten("-listen_port=1", "--protocol", "secure"),
    "master --listen=1 --protocol=secure",
  );
  const environment = (name: string): string | undefined =>
    name === "BINDLINK_PROTOCOL" ? "secure" : undefined;
  assert.deepEqual(rewriteArgv(["-listen_port=1"], environment), ["master", "--listen=1"]);
});

Deno.test("rewriteArgv names no protocol where something only fits the secure one", () => {
  assert.equal(
    rewritten("-listen_port=1", "--pool=10.0.0.0/8"),
    "master --listen=1 --pool=10.0.0.0/8",
  );
  assert.equal(
    rewritten("--proxies=a:1", "-token_file", "t"),
    "slave --proxies=a:1 --token-file=t",
  );
  assert.equal(rewritten("--proxies=a:1", "bindlink1_x"), "slave --proxies=a:1 bindlink1_x");
  const environment = (name: string): string | undefined =>
    name === "BINDLINK_TOKEN" ? "x" : undefined;
  assert.deepEqual(rewriteArgv(["--proxies=a:1"], environment), ["slave", "--proxies=a:1"]);
  // A token is not for a master.
  assert.deepEqual(rewriteArgv(["-listen_port=1"], environment), [
    "master",
    "--protocol=legacy",
    "--listen=1",
  ]);
});

Deno.test("rewriteArgv lets no flag swallow the word behind it", () => {
  assert.equal(rewritten("invite", "--qr", "laptop"), "invite --qr laptop");
  assert.equal(
    rewritten("slave", "--no_tcp_fallback", "bindlink1_x"),
    "slave --no-tcp-fallback bindlink1_x",
  );
});
