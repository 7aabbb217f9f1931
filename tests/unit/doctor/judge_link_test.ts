import assert from "node:assert/strict";
import type { Finding } from "../../../src/doctor/finding.ts";
import { answeredWay, judgeLink } from "../../../src/doctor/judge_link.ts";
import type { ProxyState } from "../../../src/doctor/link_facts.ts";
import { answered, link, silent, welcome } from "./facts.ts";

function only(findings: readonly Finding[], verdict: Finding["verdict"]): Finding {
  const found = findings.filter((it) => it.verdict === verdict);
  assert.equal(found.length, 1, JSON.stringify(findings));
  return found[0]!;
}

Deno.test("a link that UDP gets through has no fault", () => {
  const findings = judgeLink(link({ udp: answered(welcome()) }));
  assert.deepEqual(findings.map(({ verdict }) => verdict), ["ok"]);
  assert.match(findings[0]!.text, /203\.0\.113\.5:4321 and back, in 41 ms/);
});

Deno.test("a name that does not resolve is all that is said of its link", () => {
  const findings = judgeLink(link({ nameFault: 'Cannot resolve "x:1": no such name' }));
  assert.match(only(findings, "fault").text, /no such name/);
  assert.equal(findings.length, 1);
});

Deno.test("an interface that is absent, or without address, is all that is said of its link", () => {
  const device = { name: "usb9", isThere: false, hasAddress: false, reversePathRemedy: null };
  assert.match(only(judgeLink(link({ device })), "fault").text, /no interface usb9/);
  const bare = judgeLink(link({ device: { ...device, isThere: true } }));
  assert.match(only(bare, "fault").text, /has no address/);
});

Deno.test("each way a proxy fails is told apart, with something to do", () => {
  const texts: Record<Exclude<ProxyState, "ready">, RegExp> = {
    refused: /connection refused/,
    "no-route": /no route/,
    timeout: /does not answer/,
    unreachable: /does not answer/,
    silent: /does not answer as a SOCKS5 proxy would/,
    "not-socks5": /no SOCKS5 proxy \(it speaks HTTP\)/,
    "login-wanted": /wants user name and password/,
    "login-refused": /refuses user name and password/,
    other: /it speaks HTTP/,
  };
  for (const [state, text] of Object.entries(texts)) {
    const proxy = {
      address: "10.0.0.1:1080",
      state: state as ProxyState,
      detail: "it speaks HTTP",
    };
    const found = only(judgeLink(link({ proxy })), "fault");
    assert.match(found.text, text);
    assert.notEqual(found.advice, "");
  }
});

Deno.test("a link that goes over TCP is a fault, by whose doing it is", () => {
  const tcp = answered(welcome());
  const proxy = { address: "10.0.0.1:1080", state: "ready", detail: "" } as const;
  const declined = { outcome: "declined", detail: "reply 7" } as const;
  assert.match(
    only(judgeLink(link({ proxy, udp: declined, tcp })), "fault").text,
    /does not relay UDP \(reply 7\), so it goes over TCP/,
  );
  assert.match(
    only(judgeLink(link({ proxy, udp: silent(), tcp })), "fault").text,
    /UDP is lost though the proxy granted it/,
  );
  assert.match(
    only(judgeLink(link({ udp: silent(), tcp })), "fault").text,
    /UDP is lost on the way/,
  );
});

Deno.test("TCP that is forbidden carries nothing", () => {
  const facts = link({ udp: silent(), tcp: answered(welcome()), allowsTcp: false });
  assert.match(only(judgeLink(facts), "fault").text, /--no-tcp-fallback forbids it/);
  assert.equal(answeredWay(facts), null);
});

Deno.test("somebody who takes a connection and answers nothing does not know the token", () => {
  const found = only(judgeLink(link({ udp: silent(), tcp: silent() })), "fault");
  assert.match(found.text, /does not answer this token/);
  assert.match(found.advice, /ask for a new one/);
});

Deno.test("a connection that is refused means no master, one that is not answered no server", () => {
  const cannot = (kind: "refused" | "timeout" | "no-route"): ReturnType<typeof link> =>
    link({
      udp: silent(),
      tcp: { outcome: "cannot-open", endpoint: "m:4321", failure: { kind, detail: "why" } },
    });
  assert.match(only(judgeLink(cannot("refused")), "fault").text, /no master listens at m:4321/);
  assert.match(only(judgeLink(cannot("timeout")), "fault").text, /no answer over UDP or TCP/);
  assert.match(only(judgeLink(cannot("no-route")), "fault").text, /no way to m:4321: why/);
});

Deno.test("a strict reverse path filter is what to change when nothing comes by an interface", () => {
  const device = { name: "usb0", isThere: true, hasAddress: true, reversePathRemedy: "type it" };
  const found = only(judgeLink(link({ device, udp: silent() })), "fault");
  assert.equal(found.advice, "type it");
});

Deno.test("a proxy that declines UDP is named also when the master is away", () => {
  const findings = judgeLink(link({
    proxy: { address: "10.0.0.1:1080", state: "ready", detail: "" },
    udp: { outcome: "declined", detail: "reply 7" },
    tcp: { outcome: "cannot-open", endpoint: "m:1", failure: { kind: "refused", detail: "" } },
  }));
  assert.match(only(findings, "note").text, /does not relay UDP/);
  assert.match(only(findings, "fault").text, /no master listens/);
});
