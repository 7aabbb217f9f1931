/**
 * Judges how far one link gets to the master: facts to findings. Pure.
 *
 * @module
 */

import { fault, type Finding, note, ok, type Subject, unchecked } from "./finding.ts";
import type { AnsweredWay, DeviceFacts, LinkFacts, ProxyFacts, WayFacts } from "./link_facts.ts";

/** The findings about a link; the first fault that explains the others is the last one that is looked for. */
export function judgeLink(facts: LinkFacts): Finding[] {
  const about = `link ${facts.name}`;
  if (facts.nameFault !== "") return [judgeName(about, facts.nameFault)];
  const findings: Finding[] = [];
  if (facts.device !== null) {
    const problem = judgeDevice(about, facts.device);
    if (problem !== null) return [problem];
    findings.push(ok({ about, check: "interface" }, `${facts.device.name} is there, with address`));
  }
  if (facts.proxy !== null) {
    findings.push(judgeProxy(about, facts.proxy));
    if (facts.proxy.state !== "ready") return findings;
  }
  return [...findings, ...judgeWays(about, facts)];
}

/** The way that a link would take: UDP where that is answered, else TCP; null: none is. */
export function answeredWay({ udp, tcp, allowsTcp }: LinkFacts): AnsweredWay | null {
  if (udp.outcome === "answered") return udp;
  return tcp.outcome === "answered" && allowsTcp ? tcp : null;
}

function judgeName(about: string, nameFault: string): Finding {
  return fault(
    { about, check: "name" },
    nameFault,
    "check how it is spelled, and that this machine has a name server that answers (getent hosts NAME); " +
      "or give an address instead",
  );
}

function judgeDevice(about: string, device: DeviceFacts): Finding | null {
  const subject = { about, check: "interface" };
  const { name, isThere, hasAddress } = device;
  if (!isThere) {
    return fault(
      subject,
      `there is no interface ${name}`,
      'see "ip link" for what there is; USB tethering is switched on in the phone\'s settings each time ' +
        "it is plugged in",
    );
  }
  if (hasAddress) return null;
  return fault(
    subject,
    `interface ${name} has no address`,
    "wait until the phone has given one, or ask for it: dhclient " + name,
  );
}

function judgeProxy(about: string, { address, state, detail }: ProxyFacts): Finding {
  const subject = { about, check: "proxy" };
  switch (state) {
    case "ready":
      return ok(subject, `the SOCKS5 proxy at ${address} lets us in`);
    case "refused":
      return fault(
        subject,
        `nothing listens at ${address}: connection refused`,
        "start the proxy app on the phone, and compare the port that it shows",
      );
    case "no-route":
      return fault(
        subject,
        `there is no way to ${address}: no route to host`,
        "connect this machine to the phone (hotspot, USB), and compare the address that its app shows",
      );
    case "timeout":
    case "unreachable":
      return fault(
        subject,
        `${address} does not answer`,
        "is the phone in reach and its hotspot on? Compare address and port with what its app shows",
      );
    case "silent":
      return fault(
        subject,
        `something listens at ${address}, and does not answer as a SOCKS5 proxy would`,
        "is this the SOCKS5 port? Restart the app if it hangs",
      );
    case "not-socks5":
      return fault(
        subject,
        `what listens at ${address} is no SOCKS5 proxy (${detail})`,
        "the app most likely has several ports: take the one of SOCKS5, not HTTP's",
      );
    case "login-wanted":
      return fault(
        subject,
        `the proxy at ${address} wants user name and password`,
        `give them as socks5://USER:PASSWORD@${address}, or switch the password off in the app`,
      );
    case "login-refused":
      return fault(
        subject,
        `the proxy at ${address} refuses user name and password`,
        "compare both with the app's; @ : , / ; = % are written %40 %3A %2C %2F %3B %3D %25",
      );
    case "other":
      return fault(subject, detail, "look at the app's log; restart the app");
  }
}

function judgeWays(about: string, facts: LinkFacts): Finding[] {
  const { udp, tcp } = facts;
  if (udp.outcome === "answered") return [judgeUdpAnswer(about, udp)];
  if (tcp.outcome === "answered") return [judgeTcpOnly(about, facts, tcp)];
  const findings: Finding[] = [];
  if (udp.outcome === "declined") {
    findings.push(note(
      { about, check: "udp" },
      `the proxy does not relay UDP (${udp.detail})`,
      "an app with UDP ASSOCIATE works better, for example Every Proxy",
    ));
  }
  findings.push(judgeNoAnswer({ about, check: "master" }, facts, endpointOf(udp, tcp)));
  return findings;
}

function judgeUdpAnswer(about: string, { endpoint, roundTripMs }: AnsweredWay): Finding {
  const ms = Math.round(roundTripMs);
  return ok(
    { about, check: "udp" },
    `UDP goes through to the master at ${endpoint} and back, in ${ms} ms with the handshake`,
    { handshakeMs: ms },
  );
}

function judgeTcpOnly(about: string, facts: LinkFacts, { endpoint }: AnsweredWay): Finding {
  const { udp, allowsTcp, device } = facts;
  const subject = { about, check: "udp" };
  const only = allowsTcp
    ? `so it goes over TCP to ${endpoint}, which works worse`
    : `TCP to ${endpoint} works, and --no-tcp-fallback forbids it: the link carries nothing`;
  const allow = allowsTcp ? "" : "; or leave --no-tcp-fallback out";
  if (udp.outcome === "declined") {
    return fault(
      subject,
      `the proxy does not relay UDP (${udp.detail}), ${only}`,
      `use a proxy app with UDP ASSOCIATE, for example Every Proxy, or tether${allow}`,
    );
  }
  if (udp.outcome === "cannot-open") {
    return fault(
      subject,
      `no UDP: ${udp.failure.detail}, ${only}`,
      `look at the proxy's log, or at "ip route get"${allow}`,
    );
  }
  const where = facts.proxy === null
    ? "on the way"
    : "though the proxy granted it: in the app, in the phone's network, or";
  return fault(
    subject,
    `UDP is lost ${where}${facts.proxy === null ? "" : " on the way"}, ${only}`,
    device?.reversePathRemedy ??
      `open UDP port ${
          portOf(endpoint)
        } in the server's firewall; if other links get UDP through, this ` +
        `link's network or app blocks it${allow}`,
  );
}

function judgeNoAnswer(
  subject: Subject,
  { udp, tcp, device }: LinkFacts,
  endpoint: string,
): Finding {
  if (tcp.outcome === "silent") {
    return fault(
      subject,
      `something listens at ${endpoint}, and does not answer this token`,
      "the token is of another master, or the master was set up anew and forgot this slave: ask for a new " +
        "one (bindlink invite NAME, on the master)",
    );
  }
  if (udp.outcome === "silent" && udp.sendFault !== "") {
    return fault(subject, `cannot send to ${endpoint}: ${udp.sendFault}`, NO_ROUTE_ADVICE);
  }
  if (tcp.outcome === "cannot-open") return judgeNoConnection(subject, tcp, endpoint);
  if (udp.outcome === "cannot-open") {
    return fault(subject, udp.failure.detail, NO_ROUTE_ADVICE);
  }
  if (udp.outcome === "silent") {
    const remedy = device?.reversePathRemedy ?? null;
    return fault(
      subject,
      `the master at ${endpoint} does not answer over UDP`,
      remedy ??
        `does the master run, and does its firewall let UDP ${portOf(endpoint)} through? Does ` +
          `${device === null ? "this way" : device.name} lead to the internet?`,
    );
  }
  return unchecked(subject, "no way to the master was tried");
}

function judgeNoConnection(
  subject: Subject,
  { failure }: Extract<WayFacts, { outcome: "cannot-open" }>,
  endpoint: string,
): Finding {
  switch (failure.kind) {
    case "refused":
      return fault(
        subject,
        `the server answers, but no master listens at ${endpoint}: connection refused`,
        "start the master there (bindlink master); compare the port with its --listen",
      );
    case "no-route":
      return fault(subject, `there is no way to ${endpoint}: ${failure.detail}`, NO_ROUTE_ADVICE);
    case "timeout":
      return fault(
        subject,
        `the master at ${endpoint} cannot be reached: no answer over UDP or TCP`,
        `is the address right, is the server on, does its firewall let ${
          portOf(endpoint)
        } through, UDP ` +
          "and TCP?",
      );
    case "other":
      return fault(
        subject,
        `the master at ${endpoint} cannot be reached: ${failure.detail}`,
        "does the master run there, and does its firewall let UDP and TCP through?",
      );
  }
}

const NO_ROUTE_ADVICE =
  'is this machine, or the phone, on the internet? "ip route get ADDRESS" shows the way';

function endpointOf(udp: WayFacts, tcp: WayFacts): string {
  if ("endpoint" in tcp) return tcp.endpoint;
  return "endpoint" in udp ? udp.endpoint : "its address";
}

function portOf(endpoint: string): string {
  return endpoint.slice(endpoint.lastIndexOf(":") + 1);
}
