import assert from "node:assert/strict";
import {
  type GuardPolicy,
  isLoopback,
  refuse,
  type WebRequest,
} from "../../../src/web/request_guard.ts";

const POLICY: GuardPolicy = {
  listenHost: "127.0.0.1",
  needsToken: false,
  machineName: "Laptop",
  methods: new Map([["/", "GET"], ["/api/live", "GET"], ["/api/command", "POST"]]),
};

const READ: WebRequest = {
  method: "GET",
  path: "/api/live",
  host: "127.0.0.1:8090",
  origin: null,
  fetchSite: null,
  contentType: null,
  hasToken: true,
};

const COMMAND: WebRequest = {
  ...READ,
  method: "POST",
  path: "/api/command",
  origin: "http://127.0.0.1:8090",
  fetchSite: "same-origin",
  contentType: "application/json",
};

function statusOf(request: Partial<WebRequest>, policy: Partial<GuardPolicy> = {}): number {
  return refuse({ ...READ, ...request }, { ...POLICY, ...policy })?.status ?? 200;
}

Deno.test("refuse lets the page's own requests through", () => {
  assert.equal(statusOf({}), 200);
  assert.equal(statusOf({ method: "HEAD", path: "/" }), 200);
  assert.equal(statusOf(COMMAND), 200);
  assert.equal(statusOf({ ...COMMAND, contentType: "Application/JSON; charset=utf-8" }), 200);
  assert.equal(statusOf({ ...COMMAND, origin: null, fetchSite: null }), 200, "curl");
});

Deno.test("refuse takes names for this machine only: what else points here is rebound", () => {
  for (const host of ["localhost", "LOCALHOST:1", "127.0.0.1", "127.3.2.1:8", "[::1]:8090"]) {
    assert.equal(statusOf({ host }), 200, host);
  }
  const foreign = [
    null,
    "",
    "evil.example",
    "evil.example:8090",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "laptop",
    "192.168.1.5:8090",
    "[fd00::1]",
    "127.0.0.1@evil.example",
    "127.0.0.1:8090, evil.example",
  ];
  for (const host of foreign) {
    assert.equal(statusOf({ host }), 403, String(host));
    assert.equal(statusOf({ host, path: "/" }), 403, String(host));
    assert.equal(statusOf({ host, path: "/nowhere" }), 403, "tells nothing of what there is");
  }
});

Deno.test("refuse takes the address that is listened on, and all of them where all are", () => {
  const one = { listenHost: "192.168.1.5", needsToken: true };
  assert.equal(statusOf({ host: "192.168.1.5:8090" }, one), 200);
  assert.equal(statusOf({ host: "192.168.1.6:8090" }, one), 403);
  for (const listenHost of ["0.0.0.0", "::"]) {
    const all = { listenHost, needsToken: true };
    assert.equal(statusOf({ host: "192.168.1.6:8090" }, all), 200);
    assert.equal(statusOf({ host: "[FD00:0::1]:8090" }, all), 200);
    assert.equal(statusOf({ host: "evil.example" }, all), 403);
  }
  assert.equal(statusOf({ host: "[fd00:0:0::1]" }, { ...one, listenHost: "fd00::1" }), 200);
});

Deno.test("refuse takes this machine's name where a token is asked for besides", () => {
  const policy = { listenHost: "0.0.0.0", needsToken: true };
  for (const host of ["laptop:8090", "LAPTOP.lan", "laptop.local."]) {
    assert.equal(statusOf({ host }, policy), 200, host);
    assert.equal(statusOf({ host }, { ...policy, needsToken: false }), 403, host);
  }
  assert.equal(statusOf({ host: "laptops" }, policy), 403);
  assert.equal(statusOf({ host: ".lan" }, { ...policy, machineName: "" }), 403);
});

Deno.test("refuse tells a foreign page by its origin", () => {
  const origins = [
    "http://evil.example",
    "null",
    "",
    "http://127.0.0.1:8091",
    "http://127.0.0.1",
    "http://localhost:8090",
    "http://127.0.0.1:8090.evil.example",
    "file://127.0.0.1:8090",
  ];
  for (const origin of origins) {
    assert.equal(statusOf({ ...COMMAND, origin }), 403, origin);
    assert.equal(statusOf({ origin }), 403, origin);
  }
  assert.equal(statusOf({ ...COMMAND, origin: "https://127.0.0.1:8090" }), 200, "a TLS proxy");
});

Deno.test("refuse tells a foreign page by Sec-Fetch-Site; a link to the page works", () => {
  for (const fetchSite of ["cross-site", "same-site", "x"]) {
    assert.equal(statusOf({ fetchSite }), 403, fetchSite);
    assert.equal(statusOf({ ...COMMAND, origin: null, fetchSite }), 403, fetchSite);
    assert.equal(statusOf({ fetchSite, path: "/" }), 200, fetchSite);
  }
  assert.equal(statusOf({ fetchSite: "none" }), 200);
});

Deno.test("refuse has the right method for each path, and nothing elsewhere", () => {
  for (const path of ["/nowhere", "/api/", "/api/live/", "//", "/../etc/passwd", "/API/live"]) {
    assert.equal(statusOf({ path }), 404, path);
  }
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"]) {
    const refusal = refuse({ ...READ, method }, POLICY);
    assert.deepEqual([refusal?.status, refusal?.headers.allow], [405, "GET, HEAD"], method);
  }
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    const refusal = refuse({ ...COMMAND, method }, POLICY);
    assert.deepEqual([refusal?.status, refusal?.headers.allow], [405, "POST"], method);
  }
});

Deno.test("refuse wants the token for all that tells of the daemon, not for the page itself", () => {
  assert.equal(statusOf({ hasToken: false }), 401);
  assert.equal(statusOf({ ...COMMAND, hasToken: false }), 401);
  assert.equal(statusOf({ path: "/", hasToken: false }), 200);
});

Deno.test("refuse wants commands as JSON, which no form sends", () => {
  const types = [null, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"];
  for (const contentType of types) {
    assert.equal(statusOf({ ...COMMAND, contentType }), 415, String(contentType));
  }
});

Deno.test("isLoopback knows this machine's own addresses from others and from names", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1"]) assert.equal(isLoopback(host), true, host);
  for (const host of ["0.0.0.0", "::", "128.0.0.1", "fd00::1", "localhost", ""]) {
    assert.equal(isLoopback(host), false, host);
  }
});
