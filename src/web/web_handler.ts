/**
 * Answers the web page's requests. Nothing is logged for a request: whoever can send one must not fill the log.
 *
 * `GET /api/live?after=N` is what the page asks each second: the last report, and the samples since sample N. `POST /api/command`
 * takes a request of the control socket (docs/control.md), as far as it is one of {@link COMMANDS}.
 *
 * @module
 */

import { type ControlRequest, parseMessage } from "../control/control_message.ts";
import { UsageError } from "../usage_error.ts";
import { type Asset, ASSETS } from "./assets.ts";
import { readBody } from "./read_body.ts";
import type { Recorder } from "./recorder.ts";
import { type GuardPolicy, type Refusal, refuse } from "./request_guard.ts";
import type { TokenCheck } from "./token_check.ts";

/** What the page may do. Links are added and removed on the command line only: that takes addresses and passwords. */
export const COMMANDS: readonly string[] = ["mode", "link.up", "link.down", "link.set"];

/** Longest command, in bytes: a name and some settings. */
const MAX_COMMAND_BYTES = 4096;

/** How long a command may take to arrive, in ms. */
const BODY_TIMEOUT_MS = 5_000;

/** Answers at a time, until they are read whole; a reader that is slower than all others together holds no more memory. */
const MAX_ANSWERS = 32;

/** What the page may do by itself: nothing but talk to this server. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Every answer has them. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": PAGE_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

const JSON_TYPE = "application/json";
const TEXT_TYPE = "text/plain; charset=utf-8";

/** What a {@link WebHandler} works with. */
export interface WebHandlerOptions {
  readonly recorder: Recorder;
  /** Does what a command asks; null: nothing can be changed here. */
  readonly command: ((request: ControlRequest) => unknown) | null;
  readonly token: TokenCheck;
  readonly listenHost: string;
  readonly machineName: string;
  /** Tells this run of the daemon from others, whose samples are counted anew. */
  readonly run: string;
}

/** Serves the page and what it asks for. */
export class WebHandler {
  readonly #options: WebHandlerOptions;
  readonly #policy: GuardPolicy;
  #answers = 0;

  constructor(options: WebHandlerOptions) {
    this.#options = options;
    const { listenHost, machineName, token } = options;
    const pages = [...ASSETS.keys()].map((path) => [path, "GET"] as const);
    this.#policy = {
      listenHost,
      machineName,
      needsToken: token.isNeeded,
      methods: new Map([...pages, ["/api/live", "GET"], ["/api/command", "POST"]]),
    };
  }

  /** Answers one request. @param sent resolves or rejects when the answer is gone, or its reader is */
  async handle(request: Request, sent: Promise<void>): Promise<Response> {
    this.#answers++;
    const isDone = (): void => void this.#answers--;
    sent.then(isDone, isDone);
    if (this.#answers > MAX_ANSWERS) {
      return answerRefusal({ status: 503, message: "Too many at a time", headers: {} });
    }
    const url = URL.parse(request.url);
    // What Host says stands in it, and may be anything. It must not throw: that is logged.
    if (url === null) {
      return answerRefusal({ status: 400, message: "No such address", headers: {} });
    }
    const { headers, method } = request;
    const refusal = refuse({
      method,
      path: url.pathname,
      host: headers.get("host"),
      origin: headers.get("origin"),
      fetchSite: headers.get("sec-fetch-site"),
      contentType: headers.get("content-type"),
      hasToken: this.#options.token.accepts(headers.get("authorization")),
    }, this.#policy);
    if (refusal !== null) return answerRefusal(refusal);
    const asset = ASSETS.get(url.pathname) ?? await this.#answerApi(request, url);
    return answer(method === "HEAD" ? { ...asset, text: "" } : asset);
  }

  async #answerApi(request: Request, url: URL): Promise<Answer> {
    if (url.pathname === "/api/live") return this.#live(url.searchParams.get("after"));
    const text = await readBody(request, MAX_COMMAND_BYTES, BODY_TIMEOUT_MS);
    if (text === null) return failure(413, "The command is too long, or did not come in time");
    return await this.#command(text);
  }

  /** @param after a number; what is none counts as 0 */
  #live(after: string | null): Answer {
    const { recorder, run, command } = this.#options;
    const number = /^\d{1,15}$/.test(after ?? "") ? Number(after) : 0;
    // A page that saw an earlier run is ahead: it begins anew.
    const isKnown = number <= recorder.history.last;
    const head = JSON.stringify({ run, isControllable: command !== null });
    const history = JSON.stringify(recorder.history.after(isKnown ? number : 0));
    const text = `${head.slice(0, -1)},"report":${recorder.latestJson},"history":${history}}`;
    return { contentType: JSON_TYPE, text };
  }

  async #command(text: string): Promise<Answer> {
    const { command } = this.#options;
    if (command === null) return failure(403, "Nothing can be changed here");
    const request = parseMessage(text);
    if (request === null || typeof request.command !== "string") {
      return failure(400, "A command is a JSON object with a command in it");
    }
    if (!COMMANDS.includes(request.command)) return failure(403, "The page has no such command");
    try {
      const result = await command(request) ?? null;
      return { contentType: JSON_TYPE, text: JSON.stringify({ result }) };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return failure(error instanceof UsageError ? 409 : 400, error.message);
    }
  }
}

/** An asset, or as one; 200 when there is no status. */
interface Answer extends Asset {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

function failure(status: number, error: string): Answer {
  return { status, contentType: JSON_TYPE, text: JSON.stringify({ error }) };
}

function answerRefusal({ status, message, headers }: Refusal): Response {
  return answer({ status, contentType: TEXT_TYPE, text: `${message}\n`, headers });
}

function answer({ status = 200, contentType, text, headers = {} }: Answer): Response {
  return new Response(text === "" ? null : text, {
    status,
    headers: { ...SECURITY_HEADERS, "content-type": contentType, ...headers },
  });
}
