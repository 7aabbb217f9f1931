import assert from "node:assert/strict";
import { judgeAnswers } from "../../../src/doctor/judge_answer.ts";
import { RefusalCode } from "../../../src/peer/handshake_payload.ts";
import { answered, link, refusal, silent, welcome } from "./facts.ts";

Deno.test("a token that the master takes is told once, with the slave's name and address", () => {
  const udp = answered(welcome());
  const findings = judgeAnswers([link({ udp }), link({ udp, name: "phone2" })]);
  assert.deepEqual(findings.map(({ verdict }) => verdict), ["ok"]);
  assert.match(findings[0]!.text, /this slave is laptop, 10\.10\.10\.2/);
});

Deno.test("each refusal is a fault of the token that says what to do", () => {
  const cases: [number, number, number, RegExp, RegExp][] = [
    [RefusalCode.REVOKED, 2, 2, /revoked/, /new token/],
    [RefusalCode.VERSION, 3, 4, /version 3 to 4/, /update this slave/],
    [RefusalCode.VERSION, 1, 1, /version 1 /, /update the master/],
    [RefusalCode.CIPHER, 2, 2, /no cipher/, /update the older end/],
  ];
  for (const [code, min, max, text, advice] of cases) {
    const [found] = judgeAnswers([link({ udp: answered(refusal(code, min, max)) })]);
    assert.equal(found!.verdict, "fault");
    assert.equal(found!.about, "token");
    assert.match(found!.text, text);
    assert.match(found!.advice, advice);
  }
});

Deno.test("when no link of several is answered, it is the master's fault as a whole", () => {
  const links = [link({ udp: silent() }), link({ udp: silent(), name: "phone2" })];
  assert.match(judgeAnswers(links)[0]!.text, /no link reaches the master/);
  // Of a single one its own fault says all.
  assert.deepEqual(judgeAnswers(links.slice(1)), []);
});

Deno.test("a clock far behind the newest handshake is a fault, one a little behind is a note", () => {
  const behind = (ms: number): string[] =>
    judgeAnswers([link({ udp: answered(welcome(), ms) })])
      .filter(({ check }) => check === "clock").map(({ verdict }) => verdict);
  assert.deepEqual(behind(0), []);
  assert.deepEqual(behind(5_000), ["note"]);
  assert.deepEqual(behind(3_600_000), ["fault"]);
});
