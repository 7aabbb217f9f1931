import assert from "node:assert/strict";
import { ip, nft } from "../../../src/routing/command.ts";
import { commandFailed, programMissing } from "../../../src/routing/command_error.ts";

const RULE = ip("-4", "rule add pref 17299 nop");

Deno.test("a missing program is said with what to install", () => {
  assert.match(
    programMissing(nft("x")).message,
    /"nft": it is not installed: .*apt install nftables/,
  );
  assert.match(programMissing(RULE).message, /apt install iproute2 .*dnf install iproute /);
});

Deno.test("a refused command is said with its words, the reason, and what helps", () => {
  for (
    const [command, stderr, message] of [
      [
        RULE,
        "RTNETLINK answers: Operation not permitted\n",
        /^"ip -4 rule add pref 17299 nop" fails: Operation not permitted \(run bindlink as root/,
      ],
      [
        RULE,
        "ip: invalid argument 'suppress_prefixlength'\nBusyBox v1.36",
        /not BusyBox: type apt install iproute2/,
      ],
      [
        nft("table inet x {\n}"),
        "Error: Could not process rule: Operation not supported\ntable inet x\n",
        /^"nft" fails: Could not process rule: Operation not supported \(this kernel lacks/,
      ],
      [RULE, "", /it does not say why/],
    ] as const
  ) {
    assert.match(commandFailed(command, stderr).message, message);
  }
});

Deno.test("what is not there, or there already, is told apart", () => {
  for (
    const stderr of [
      "RTNETLINK answers: No such file or directory",
      "RTNETLINK answers: No such process",
      'Cannot find device "bind0"',
      "Error: ipv4: FIB table does not exist.\nFlush terminated",
      "Error: Could not process rule: No such file or directory\ndelete table inet x",
    ]
  ) {
    const { isAbsent, isPresent } = commandFailed(RULE, stderr);
    assert.deepEqual([isAbsent, isPresent], [true, false], stderr);
  }
  const { isAbsent, isPresent } = commandFailed(RULE, "RTNETLINK answers: File exists");
  assert.deepEqual([isAbsent, isPresent], [false, true]);
});
