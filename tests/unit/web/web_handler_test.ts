import assert from "node:assert/strict";
import type { ControlRequest } from "../../../src/control/control_message.ts";
import type { StatusReport } from "../../../src/control/status_report.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { Recorder } from "../../../src/web/recorder.ts";
import { TokenCheck } from "../../../src/web/token_check.ts";
import { WebHandler } from "../../../src/web/web_handler.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { sampleReport } from "./sample_report.ts";

const SENT = Promise.resolve();
const ORIGIN = "http://127.0.0.1:8090";

/** A handler over a daemon that has been looked at once, and whose commands are noted. */
class Rig implements AsyncDisposable {
  readonly recorder: Recorder;
  readonly asked: ControlRequest[] = [];
  readonly handler: WebHandler;

  constructor(options: { readonly isMaster?: boolean; readonly token?: string } = {}) {
    this.recorder = openRecorder(() => sampleReport(), new RecordingLogger());
    this.handler = new WebHandler({
      recorder: this.recorder,
      command: options.isMaster ? null : (request) => this.#command(request),
      token: new TokenCheck(options.token ?? null),
      listenHost: "127.0.0.1",
      machineName: "laptop",
      run: "run1",
    });
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { host: "127.0.0.1:8090", ...init.headers };
    return this.handler.handle(new Request(`${ORIGIN}${path}`, { ...init, headers }), SENT);
  }

  post(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
    const own = { "content-type": "application/json", origin: ORIGIN };
    const init = { method: "POST", body, headers: { ...own, ...headers } };
    return this.get("/api/command", init);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.recorder[Symbol.asyncDispose]();
  }

  #command(request: ControlRequest): unknown {
    this.asked.push(request);
    if (request.name === "fone") throw new UsageError('There is no link "fone": there is phone1');
    if (request.name === undefined && request.command !== "mode") throw new Error("malformed");
    return { name: request.name };
  }
}

function openRecorder(look: () => StatusReport | null, logger: RecordingLogger): Recorder {
  return new Recorder({ look, clock: () => 0, wallClock: () => 9, logger });
}

async function jsonOf(response: Response): Promise<unknown> {
  assert.equal(response.headers.get("content-type"), "application/json");
  return await response.json();
}

Deno.test("WebHandler serves the page, which needs nothing from elsewhere", async () => {
  await using rig = new Rig();
  const page = await rig.get("/");
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  const html = await page.text();
  const paths = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
  assert(paths.length >= 4);
  for (const path of paths) {
    const response = await rig.get(path);
    assert.equal(response.status, 200, path);
    const text = await response.text();
    assert(text.length > 100, path);
    const imported = [...text.matchAll(/from "\.(\/[^"]+)"/g)].map((match) => match[1]!);
    for (const module of imported) assert.equal((await rig.get(module)).status, 200, module);
    // Names of namespaces and the library's own home page are no requests.
    const addresses = text.replace(/^\/\*!.*$/m, "").match(/https?:\/\/(?!www\.w3\.org)[\w.]+/g);
    assert.equal(addresses, null, path);
  }
});

Deno.test("WebHandler's answers all carry the security headers, refusals too", async () => {
  await using rig = new Rig({ token: "right-token-0123" });
  const evil = { headers: { host: "evil.example" } };
  const answers = [
    await rig.get("/"),
    await rig.get("/main.js"),
    await rig.get("/api/live"),
    await rig.get("/nowhere"),
    await rig.get("/", evil),
  ];
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 401, 404, 403]);
  for (const { headers } of answers) {
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.match(policy, /connect-src 'self';.*form-action 'none'; frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.deepEqual(
      ["x-content-type-options", "x-frame-options", "referrer-policy", "cache-control"]
        .map((name) => headers.get(name)),
      ["nosniff", "DENY", "no-referrer", "no-store"],
    );
    assert.equal(headers.get("cross-origin-resource-policy"), "same-origin");
    const names = [...headers.keys()];
    assert(
      !names.includes("set-cookie") && !names.some((name) => name.startsWith("access-control")),
    );
  }
});

Deno.test("WebHandler tells the last report and the samples since one", async () => {
  await using rig = new Rig();
  const { run, isControllable, report, history: all } = await (await rig.get("/api/live")).json();
  assert.deepEqual([run, isControllable], ["run1", true]);
  assert.deepEqual(report, JSON.parse(JSON.stringify({ ...sampleReport(), slavesLeftOut: 0 })));
  assert.deepEqual([all.last, all.atMs], [1, [9]]);
  for (const [after, atMs] of [["0", [9]], ["1", []], ["7", [9]], ["-1", [9]], ["x", [9]]]) {
    const { history } = await (await rig.get(`/api/live?after=${after}`)).json();
    assert.deepEqual(history.atMs, atMs, String(after));
  }
  const head = await rig.get("/api/live", { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
});

Deno.test("WebHandler has no report before there are rates", async () => {
  await using recorder = openRecorder(() => null, new RecordingLogger());
  assert.equal(recorder.latestJson, "null");
});

Deno.test("WebHandler passes the page's commands on, as they are", async () => {
  await using rig = new Rig();
  const requests = [
    { command: "mode", mode: "backup" },
    { command: "link.down", name: "phone1" },
    { command: "link.up", name: "phone1" },
    { command: "link.set", name: "phone1", settings: { mode: null } },
  ];
  for (const request of requests) {
    const response = await rig.post(JSON.stringify(request));
    const name = "name" in request ? { name: request.name } : {};
    assert.deepEqual([response.status, await jsonOf(response)], [200, { result: name }]);
  }
  assert.deepEqual(rig.asked, requests);
});

Deno.test("WebHandler says what was wrong with a command", async () => {
  await using rig = new Rig();
  const cases: [string, number, RegExp][] = [
    ['{"command":"link.down","name":"fone"}', 409, /^There is no link "fone"/],
    ['{"command":"link.down"}', 400, /^malformed$/],
    ['{"command":"link.remove","name":"phone1"}', 403, /no such command/],
    ['{"command":"link.add","links":[]}', 403, /no such command/],
    ['{"command":"revoke","name":"x"}', 403, /no such command/],
    ['{"command":1}', 400, /JSON object/],
    ["[]", 400, /JSON object/],
    ["{", 400, /JSON object/],
    ["", 400, /JSON object/],
  ];
  for (const [body, status, message] of cases) {
    const response = await rig.post(body);
    assert.equal(response.status, status, body);
    const { error } = await response.json();
    assert.match(error, message);
  }
  assert.equal(rig.asked.length, 2, "only what the page has is asked");
});

Deno.test("WebHandler does nothing for a foreign page, nor without the token", async () => {
  await using rig = new Rig({ token: "right-token-0123" });
  const body = '{"command":"link.down","name":"phone1"}';
  const right = { authorization: "Bearer right-token-0123" };
  const cases: [Record<string, string>, number][] = [
    [{}, 401],
    [{ authorization: "Bearer wrong-token-0123" }, 401],
    [{ ...right, origin: "http://evil.example" }, 403],
    [{ ...right, "sec-fetch-site": "cross-site" }, 403],
    [{ ...right, host: "evil.example" }, 403],
    [{ ...right, "content-type": "text/plain" }, 415],
  ];
  for (const [headers, status] of cases) {
    assert.equal((await rig.post(body, headers)).status, status, JSON.stringify(headers));
  }
  assert.deepEqual(rig.asked, []);
  assert.equal((await rig.post(body, right)).status, 200);
  assert.equal(rig.asked.length, 1);
});

Deno.test("WebHandler refuses a command that is too long, whether it says so or not", async () => {
  await using rig = new Rig();
  const body = `{"command":"mode","mode":"${"x".repeat(5_000)}"}`;
  assert.equal((await rig.post(body)).status, 413);
  assert.equal((await rig.post(body, { "content-length": String(body.length) })).status, 413);
  let pieces = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pieces++;
      controller.enqueue(new Uint8Array(1_000));
    },
  });
  assert.equal((await rig.post(endless)).status, 413);
  assert(pieces < 10, `${pieces} pieces read`);
  assert.deepEqual(rig.asked, []);
});

Deno.test("WebHandler of a master shows and changes nothing", async () => {
  await using rig = new Rig({ isMaster: true });
  assert.equal((await (await rig.get("/api/live")).json()).isControllable, false);
  assert.equal((await rig.post('{"command":"mode","mode":"speed"}')).status, 403);
});

Deno.test("WebHandler has few answers at a time; slow readers hold no more", async () => {
  await using rig = new Rig();
  const request = (): Request => new Request(`${ORIGIN}/`, { headers: { host: "127.0.0.1" } });
  const { promise: sent, reject: vanish } = Promise.withResolvers<void>();
  const ask = async (until: Promise<void>): Promise<number> =>
    (await rig.handler.handle(request(), until)).status;
  for (let n = 1; n <= 32; n++) assert.equal(await ask(sent), 200);
  assert.equal(await ask(SENT), 503);
  vanish(new Error("the reader is gone"));
  await sent.catch(() => {});
  assert.equal(await ask(SENT), 200);
});
