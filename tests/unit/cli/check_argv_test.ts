import assert from "node:assert/strict";
import { checkArgv } from "../../../src/cli/check_argv.ts";
import { UsageError } from "../../../src/usage_error.ts";

function complaint(...argv: string[]): string {
  try {
    checkArgv(argv);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  throw new Error(`accepted: ${argv.join(" ")}`);
}

Deno.test("checkArgv passes a good argv on unchanged", () => {
  for (
    const argv of [
      ["master"],
      ["slave", "--proxies", "a:1", "--proxies=b:2", "--proxy-target", "c:3"],
      ["help", "slave"],
      ["completion", "bash", "slave", "--prox"],
    ]
  ) assert.deepEqual(checkArgv(argv), argv);
});

Deno.test("checkArgv suggests the option that was meant", () => {
  assert.match(
    complaint("master", "--lisen", "1"),
    /Unknown option "--lisen": did you mean --listen/,
  );
  assert.match(complaint("slave", "--proxie=a:1"), /did you mean --proxies\?/);
  assert.match(complaint("slave", "--addr", "1"), /did you mean --address\?/);
});

Deno.test("checkArgv points to the help when nothing similar exists", () => {
  assert.match(complaint("slave", "--frobnicate"), /"bindlink slave --help" lists the options/);
});

Deno.test("checkArgv suggests the command that was meant", () => {
  assert.match(complaint("slav"), /Unknown command "slav": did you mean slave\?/);
  assert.match(complaint("zzz"), /Unknown command "zzz": type master or slave/);
});

Deno.test("checkArgv says to which end an option belongs", () => {
  assert.match(complaint("slave", "--listen", "1"), /--listen is an option of "bindlink master"/);
});

Deno.test("checkArgv says what value an option wants", () => {
  assert.match(complaint("master", "--listen"), /type --listen \[HOST:\]PORT/);
  assert.match(complaint("slave", "--proxies", "--targets", "a:1"), /--proxies needs a value/);
});

Deno.test("checkArgv refuses an option given twice unless it is a list", () => {
  assert.match(complaint("master", "--mtu", "1300", "--mtu=1400"), /--mtu is given twice/);
});

Deno.test("checkArgv refuses options without a command that they do not imply", () => {
  assert.match(complaint("--mtu", "1300"), /type "bindlink master" or "bindlink slave"/);
});

Deno.test("checkArgv refuses stray words and short options", () => {
  assert.match(complaint("master", "word"), /Unexpected argument "word"/);
  assert.match(complaint("master", "-x"), /Unexpected option "-x"/);
  assert.match(complaint("master", ""), /Unexpected argument ""/);
});

Deno.test("checkArgv lets a request for help or version win over mistakes", () => {
  assert.deepEqual(checkArgv(["slave", "--bogus", "-h"]), ["slave", "--help"]);
  assert.deepEqual(checkArgv(["-h", "--bogus"]), ["--help"]);
  assert.deepEqual(checkArgv(["slave", "--bogus", "-V"]), ["--version"]);
});

Deno.test("checkArgv shows no password in what it complains about", () => {
  const secret = "s3cret";
  for (
    const argv of [
      ["slave", `socks5://u:${secret}@h:1`],
      ["slave", `u:${secret}`],
      ["slave", `h:1080:u:${secret}`],
      ["slave", `--proxie=socks5://u:${secret}@h:1`],
      [`socks5://u:${secret}@h:1`],
      ["slave", `-p=socks5://u:${secret}@h:1`],
    ]
  ) assert.ok(!complaint(...argv).includes(secret), complaint(...argv));
});
