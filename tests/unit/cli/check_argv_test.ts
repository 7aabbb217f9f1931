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
      ["slave", "bindlink1_abc", "--no-tcp-fallback", "--mtu", "1300"],
      ["join", "-", "--no-tcp-fallback"],
      ["invite", "--qr", "laptop"],
      ["slaves", "--json"],
      ["link", "list", "--daemon", "bind1"],
      ["link", "set", "phone1", "cap=5mbit", "metered"],
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
  assert.match(complaint("invit", "x"), /Unknown command "invit": did you mean invite\?/);
  assert.match(complaint("rewoke", "x"), /did you mean revoke\?/);
  assert.match(
    complaint("genkey"),
    /Unknown command "genkey": "bindlink --help" lists the commands/,
  );
});

Deno.test("checkArgv says what is missing before a token", () => {
  assert.match(complaint("bindlink1_abc"), /type bindlink slave TOKEN, or bindlink join TOKEN$/);
});

Deno.test("checkArgv says to which command an option belongs", () => {
  assert.match(complaint("slave", "--listen", "1"), /--listen is an option of "bindlink master"/);
  assert.match(
    complaint("keygen", "--token", "x"),
    /--token is an option of "bindlink slave", "bindlink join", "bindlink doctor", not of "bindlink keygen"$/,
  );
});

Deno.test("checkArgv says what value an option wants", () => {
  assert.match(complaint("master", "--listen"), /type --listen \[HOST:\]PORT/);
  assert.match(complaint("slave", "--proxies", "--targets", "a:1"), /--proxies needs a value/);
});

Deno.test("checkArgv refuses a value for a flag", () => {
  assert.match(complaint("slaves", "--json=yes"), /^--json takes no value: type --json alone$/);
});

Deno.test("checkArgv wants the word that a command needs, and no second", () => {
  assert.match(complaint("revoke"), /^"bindlink revoke" needs a NAME/);
  assert.match(complaint("invite", "my", "laptop"), /^Unexpected argument "laptop"/);
  assert.match(complaint("invite", "-"), /^Unexpected argument "-"/);
});

Deno.test("checkArgv takes no stray word behind slave for a token", () => {
  assert.match(complaint("slave", "203.0.113.5:4321"), /^Unexpected argument "203.0.113.5:4321"/);
});

Deno.test("checkArgv shows no half of a token that a blank has cut", () => {
  for (const command of ["slave", "join"]) {
    const message = complaint(command, "bindlink1_abc", "s3cr3thalf");
    assert.match(message, /^Unexpected argument besides the token: type the token in one piece/);
    assert.ok(!message.includes("s3cr3thalf"));
  }
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

Deno.test("checkArgv knows the commands of a group, and says which was meant", () => {
  assert.match(
    complaint("link"),
    /^"bindlink link" needs a command: type bindlink link list\|add\|/,
  );
  assert.match(complaint("link", "--json"), /^"bindlink link" needs a command/);
  assert.match(
    complaint("link", "lst"),
    /^Unknown command "bindlink link" "lst": did you mean bindlink link list\?$/,
  );
  assert.match(complaint("link", "frobnicate"), /type one of list, add, remove, up, down, set$/);
  assert.match(complaint("lin"), /did you mean link\?$/);
});

Deno.test("checkArgv counts the words of a command of several", () => {
  assert.match(
    complaint("link", "set"),
    /needs a NAME: type bindlink link set NAME SETTING\.\.\.$/,
  );
  assert.match(complaint("link", "set", "phone1"), /^"bindlink link set" needs a SETTING: type/);
  assert.match(complaint("link", "up", "a", "b"), /^Unexpected argument "b"/);
});

Deno.test("checkArgv tells apart the options of a group's commands", () => {
  assert.match(
    complaint("link", "up", "a", "--proxies", "b:1"),
    /^--proxies is an option of .*"bindlink link add", not of "bindlink link up"$/,
  );
});

Deno.test("checkArgv lets a request for a group's help win over mistakes", () => {
  assert.deepEqual(checkArgv(["link", "-h"]), ["link", "--help"]);
  assert.deepEqual(checkArgv(["link", "bogus", "--help"]), ["link", "--help"]);
  assert.deepEqual(checkArgv(["link", "set", "--help"]), ["link", "set", "--help"]);
});
